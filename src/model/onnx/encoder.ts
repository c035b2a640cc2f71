import * as path from "node:path";
import type * as transformers from "@xenova/transformers";
import { LabError, messageOf, required } from "../../core/errors";
import type { RgbImage } from "../../core/image";
import type { DualEncoder } from "../dualEncoder";
import { readOnnxFolder, TOWERS, type OnnxFolder } from "./folder";
import { pixelsOf } from "./imageProcessor";
import { openTokenizer } from "../tokenizerFile";
import { textRows, type Tokenizer } from "./texts";

type Library = typeof transformers;
type Outputs = Readonly<Record<string, transformers.Tensor | undefined>>;
interface Tower {
  run(inputs: Readonly<Record<string, transformers.Tensor>>): Promise<Outputs>;
  dispose(): Promise<unknown>;
}

/** Pictures and texts in one pass of a tower. */
const IMAGES = 16;
const TEXTS = 64;

/** What a text tower may take; a vision tower takes pixel_values. */
const TEXT_INPUTS: readonly string[] = ["input_ids", "attention_mask", "token_type_ids"];

/** What a tower's vector is called among its outputs. */
const VECTOR = {
  clip: { text: "text_embeds", vision: "image_embeds" },
  siglip: { text: "pooler_output", vision: "pooler_output" },
} as const;

/**
 * A published encoder from its folder (`readOnnxFolder`), through transformers.js and ONNX Runtime on the CPU: CLIP and SigLIP with both
 * towers, or a sentence encoder, which knows texts alone: the mean of its tokens' vectors, scaled to length 1.
 * A tower is loaded when it is first asked; the other takes no memory.
 */
export class OnnxEncoder implements DualEncoder {
  readonly name: string;
  private readonly about: OnnxFolder;
  private readonly loaded = new Map<string, Promise<Tower>>();
  private tokenizer: Tokenizer | undefined;

  /** @throws LabError that names every file that is missing */
  constructor(folder: string) {
    this.about = readOnnxFolder(path.resolve(folder));
    this.name = path.basename(this.about.folder);
  }

  /** @returns one vector per image @throws LabError for an encoder of texts */
  async encodeImages(images: readonly RgbImage[]): Promise<Float32Array[]> {
    const { kind, images: how, folder } = this.about;
    if (kind === "sentence" || how === undefined) {
      const remedy = "Take a CLIP or SigLIP encoder where pictures are compared, and this one as `similarity`.";
      throw new LabError("encodes texts and no pictures", remedy, { subject: folder });
    }
    const { Tensor } = await library();
    return inBatches(images, IMAGES, async (part) => {
      const { data, width, height } = pixelsOf(part, how);
      const pixels = new Tensor("float32", data, [part.length, 3, height, width]);
      const outputs = await (await this.tower(TOWERS[kind].vision)).run({ pixel_values: pixels });
      const rows = rowsOf(this.output(outputs, VECTOR[kind].vision));
      return this.usable(rows, () => "a picture");
    });
  }

  /** @returns one vector per text */
  async encodeTexts(texts: readonly string[]): Promise<Float32Array[]> {
    const { kind, textLength, pooling } = this.about;
    const tokenizer = (this.tokenizer ??= openTokenizer(this.about.folder));
    const { Tensor } = await library();
    return inBatches(texts, TEXTS, async (part) => {
      const { ids, mask, length } = textRows(tokenizer, part, textLength, kind === "siglip");
      const shape = [part.length, length];
      const outputs = await (
        await this.tower(TOWERS[kind].text)
      ).run({
        input_ids: new Tensor("int64", ids, shape),
        attention_mask: new Tensor("int64", mask, shape),
        token_type_ids: new Tensor("int64", new BigInt64Array(ids.length), shape),
      });
      const usable = (rows: Float32Array[]) => this.usable(rows, (i) => `the text ${JSON.stringify(part[i])}`);
      if (kind !== "sentence") return usable(rowsOf(this.output(outputs, VECTOR[kind].text)));
      const whole = outputs["sentence_embedding"];
      if (whole !== undefined) return usable(rowsOf(whole)).map(unit);
      const states = outputs["last_hidden_state"] ?? this.output(outputs, "token_embeddings");
      return usable(pooled(states, mask, pooling)).map(unit);
    });
  }

  dispose(): void {
    for (const tower of this.loaded.values()) void tower.then((one) => one.dispose()).catch(() => undefined);
    this.loaded.clear();
  }

  private tower(file: string): Promise<Tower> {
    const loading = this.loaded.get(file) ?? this.load(file);
    this.loaded.set(file, loading);
    return loading;
  }

  private async load(file: string): Promise<Tower> {
    const { kind, towers, folder } = this.about;
    const made = modelClass(await library(), kind, file);
    const options = { dtype: "fp32", device: "cpu", subfolder: towers, model_file_name: file } as const;
    const model = await this.reading(`${file}.onnx`, "loaded", () => made.from_pretrained(folder, options));
    const session = Object.values(
      model.sessions as Readonly<Record<string, { readonly inputNames: readonly string[] }>>,
    )[0];
    const taken = session?.inputNames ?? [];
    const offered = file === TOWERS[kind].vision ? ["pixel_values"] : TEXT_INPUTS;
    const strange = taken.filter((name) => !offered.includes(name));
    if (strange.length > 0) {
      const reason = `${file}.onnx wants ${strange.join(", ")}, which is not given to it: ${offered.join(", ")} is`;
      throw new LabError(reason, "Put each tower under its own name, or export it anew (docs/models.md).", { subject: folder }); // prettier-ignore
    }
    return {
      // only what the graph takes: transformers.js warns of all else
      run: (inputs) => {
        const some = Object.entries(inputs).filter(([name]) => taken.includes(name));
        return this.reading(`${file}.onnx`, "run", () => model(Object.fromEntries(some)) as Promise<Outputs>);
      },
      dispose: () => model.dispose(),
    };
  }

  private output(outputs: Outputs, name: string): transformers.Tensor {
    return required(outputs[name], () => {
      const reason = `has an ONNX file that gives ${Object.keys(outputs).join(", ")}, and no ${name}`;
      return new LabError(reason, "Export it with scripts/export_encoder.py (docs/models.md).", {
        subject: this.about.folder,
      });
    });
  }

  /** @throws LabError for a vector whose cosines would mean nothing: a table would show them as answers */
  private usable(rows: Float32Array[], named: (row: number) => string): Float32Array[] {
    rows.forEach((vector, row) => {
      const bad = vector.findIndex((value) => !Number.isFinite(value));
      if (bad < 0 && vector.some((value) => value !== 0)) return;
      const what = bad < 0 ? "of length 0" : `with ${String(vector[bad])} at place ${bad}`;
      const remedy =
        "Its weights are ruined, or a value of its preprocessor_config.json is: get the files again (docs/models.md).";
      throw new LabError(`gives ${named(row)} a vector ${what}`, remedy, { subject: this.about.folder });
    });
    return rows;
  }

  private async reading<T>(file: string, how: "loaded" | "run", read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      throw new LabError(`${file} cannot be ${how} (${messageOf(error)})`, REMEDIES[how], { subject: this.about.folder, cause: error }); // prettier-ignore
    }
  }
}

const REMEDIES = {
  loaded: "Get the file again, or export it anew (docs/models.md).",
  run: "Its pictures follow preprocessor_config.json and its texts tokenizer.json: take all files of one encoder.",
} as const;

let loading: Promise<Library> | undefined;

/** transformers.js, once it is needed, and so that it reads local files alone. */
function library(): Promise<Library> {
  return (loading ??= import("@xenova/transformers").then((loaded) => {
    loaded.env.allowRemoteModels = false;
    loaded.env.useFSCache = false;
    loaded.env.logLevel = loaded.LogLevel.NONE; // what fails is thrown, too; it would print whole tensors beside it
    return loaded;
  }));
}

function modelClass(loaded: Library, kind: OnnxFolder["kind"], file: string): typeof transformers.PreTrainedModel {
  const isText = file === TOWERS[kind].text;
  if (kind === "clip") return isText ? loaded.CLIPTextModelWithProjection : loaded.CLIPVisionModelWithProjection;
  if (kind === "siglip") return isText ? loaded.SiglipTextModel : loaded.SiglipVisionModel;
  return loaded.PreTrainedModel;
}

async function inBatches<T>(
  items: readonly T[],
  size: number,
  encode: (part: readonly T[]) => Promise<Float32Array[]>,
): Promise<Float32Array[]> {
  const out: Float32Array[] = [];
  for (let from = 0; from < items.length; from += size) out.push(...(await encode(items.slice(from, from + size))));
  return out;
}

/** @param tensor shape [B, D] @returns [B][D] */
function rowsOf({ data, dims }: transformers.Tensor): Float32Array[] {
  const [count = 0, width = 0] = dims;
  return Array.from({ length: count }, (_, i) => Float32Array.from(floats(data).subarray(i * width, (i + 1) * width)));
}

/** @param states shape [B, T, D] @param mask shape [B, T], 1 where a token stands @returns [B][D] */
function pooled(states: transformers.Tensor, mask: BigInt64Array, pooling: "mean" | "first"): Float32Array[] {
  const [count = 0, length = 0, width = 0] = states.dims;
  const values = floats(states.data);
  return Array.from({ length: count }, (_, i) => {
    const sum = new Float64Array(width);
    const counts = mask.subarray(i * length, (i + 1) * length);
    const last = pooling === "first" ? counts.indexOf(1n) : length - 1;
    for (let t = 0; t <= last; t++) {
      if (counts[t] !== 1n) continue;
      for (let d = 0; d < width; d++) sum[d] = (sum[d] ?? 0) + (values[(i * length + t) * width + d] ?? 0);
    }
    return Float32Array.from(sum); // not divided by the count: its length is set to 1
  });
}

function floats(data: unknown): Float32Array {
  if (data instanceof Float32Array) return data;
  throw new RangeError("OnnxEncoder: the vectors are not float32");
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / length);
}
