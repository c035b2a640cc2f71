import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { readStored } from "../../config/stored";
import { LabError } from "../../core/errors";
import { readJson } from "../../core/files";
import { parseEncoderImages, type EncoderImages } from "./imageProcessor";

/** An encoder's folder, looked through: the config, tokenizer and image settings of the hub, the towers as ONNX files in `onnx/` or beside them. */
export interface OnnxFolder {
  readonly folder: string;
  /** "sentence": texts alone. */
  readonly kind: EncoderKind;
  /** Where the towers lie, from the folder: "onnx" or "". */
  readonly towers: string;
  /** How many tokens a text is cut to, and of SigLIP filled up to; `undefined`: as its tokenizer says. */
  readonly textLength: number | undefined;
  /** How a sentence encoder makes a vector of its tokens' ones. */
  readonly pooling: "mean" | "first";
  readonly images: EncoderImages | undefined;
}

export type EncoderKind = "clip" | "siglip" | "sentence";

/** The towers' files without their ending, as the hub's conversions for transformers.js are called. */
export const TOWERS = {
  clip: { text: "text_model", vision: "vision_model" },
  siglip: { text: "text_model", vision: "vision_model" },
  sentence: { text: "model", vision: undefined },
} as const satisfies Record<EncoderKind, { readonly text: string; readonly vision: string | undefined }>;

const REMEDY =
  "`npx fine-r1 models` lists encoders, and `npx fine-r1 models show NAME` how to get one; any other CLIP, SigLIP or sentence encoder " +
  "is brought into this form by `python scripts/export_encoder.py HUB_ID FOLDER` (docs/models.md).";

const configSchema = z.object({
  model_type: z.string(),
  _name_or_path: z.string().optional(),
  text_config: z.object({ max_position_embeddings: z.int().min(1).optional() }).optional(),
});
const sentenceSchema = z.object({ max_seq_length: z.int().min(1).nullish() });
const poolingSchema = z.object({ pooling_mode_cls_token: z.boolean().optional(), pooling_mode_mean_tokens: z.boolean().optional() }); // prettier-ignore

/** Tokens of a text where a config leaves them out: the hub's defaults. */
const TEXT_LENGTH = { clip: 77, siglip: 64 } as const;

/** Looks through an encoder's folder; nothing is loaded. @throws LabError that names every file that is missing, and how to get them */
export function readOnnxFolder(folder: string): OnnxFolder {
  const config = configOf(folder);
  const kind = kindOf(folder, config.model_type);
  const { text, vision } = TOWERS[kind];
  const towers = fs.existsSync(path.join(folder, "onnx")) ? "onnx" : "";
  const wanted = ["tokenizer.json", "tokenizer_config.json", path.join(towers, `${text}.onnx`)];
  if (vision !== undefined) wanted.push("preprocessor_config.json", path.join(towers, `${vision}.onnx`));
  requireFiles(folder, wanted, config._name_or_path);
  const processor = path.join(folder, "preprocessor_config.json");
  const length = config.text_config?.max_position_embeddings;
  return {
    ...{ folder, kind, towers },
    textLength: kind === "sentence" ? sentenceLength(folder) : (length ?? TEXT_LENGTH[kind]),
    pooling: kind === "sentence" ? poolingOf(folder) : "mean",
    images: vision === undefined ? undefined : parseEncoderImages(readJson(processor), processor),
  };
}

/** Every file of an encoder's folder that decides its vectors. @throws LabError as `readOnnxFolder` */
export function onnxFiles(folder: string): string[] {
  const { kind, towers } = readOnnxFolder(folder);
  const names = Object.values(TOWERS[kind]).filter((name) => name !== undefined);
  // beside a tower of more than 2 GB lie its weights: text_model.onnx_data, text_model.onnx_data_1
  const isTower = (file: string): boolean => names.some((name) => file === `${name}.onnx` || file.startsWith(`${name}.onnx_data`) || file === `${name}.onnx.data`); // prettier-ignore
  const inFolder = (at: string, wanted: (file: string) => boolean): string[] =>
    fs.readdirSync(path.join(folder, at)).filter(wanted).sort().map((file) => path.join(folder, at, file)); // prettier-ignore
  const settings = inFolder("", (file) => file.endsWith(".json"));
  const pooling = path.join(folder, POOLING);
  return [...settings, ...(fs.existsSync(pooling) ? [pooling] : []), ...inFolder(towers, isTower)];
}

function configOf(folder: string): z.output<typeof configSchema> {
  if (!fs.existsSync(folder)) throw new LabError("the encoder is not there", REMEDY, { subject: folder });
  const file = path.join(folder, "config.json");
  if (!fs.existsSync(file)) throw new LabError("lacks config.json", REMEDY, { subject: folder });
  return readStored(file, configSchema, "config.json of the hub", "Take it as it is published.");
}

function kindOf(folder: string, type: string): EncoderKind {
  if (type === "clip" || type === "siglip") return type;
  if (type === "siglip2") {
    const remedy =
      "Take a SigLIP2 of one resolution, such as google/siglip2-large-patch16-384: its config says model_type siglip.";
    throw new LabError("is a SigLIP2 for pictures of any shape (NaFlex), which transformers.js cannot prepare", remedy, { subject: folder }); // prettier-ignore
  }
  return "sentence";
}

function requireFiles(folder: string, wanted: readonly string[], hubId: string | undefined): void {
  const missing = wanted.filter((file) => !fs.existsSync(path.join(folder, file)));
  if (missing.length === 0) return;
  const own = hubId === undefined || !/^[\w.-]+\/[\w.-]+$/u.test(hubId) ? "" : ` Its config names ${hubId}.`;
  throw new LabError(`lacks ${missing.join(", ")}`, `${REMEDY}${own}`, { subject: folder });
}

/** How long a text may be for a sentence encoder, where sentence-transformers keeps it. */
function sentenceLength(folder: string): number | undefined {
  const file = path.join(folder, "sentence_bert_config.json");
  if (!fs.existsSync(file)) return undefined;
  return readStored(file, sentenceSchema, "config of sentence-transformers", "Remove it.").max_seq_length ?? undefined;
}

const POOLING = path.join("1_Pooling", "config.json");

function poolingOf(folder: string): OnnxFolder["pooling"] {
  const file = path.join(folder, POOLING);
  if (!fs.existsSync(file)) return "mean";
  const { pooling_mode_cls_token: first = false, pooling_mode_mean_tokens: mean = false } = readStored(file, poolingSchema, "pooling of sentence-transformers", "Take it as it is published."); // prettier-ignore
  if (first !== mean) return first ? "first" : "mean";
  throw new LabError("asks for neither the mean of the tokens nor the first one", "Take another sentence encoder.", { subject: file }); // prettier-ignore
}
