import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { loadConfig, ROOT } from "../../config/load";
import { placeOf } from "../../config/places";
import { partOf, type TrainableParts } from "../../model/parameters";
import { parseQwenConfig, readQwenConfig, type QwenConfig } from "../../model/qwen/config";
import { QWEN_IMAGE_PROCESSOR, type ImageProcessorConfig } from "../../model/qwen/imageProcessor";
import { readImageProcessorConfig } from "../../model/qwen/imageProcessorFiles";
import { sizeOf, weightShapes } from "../../model/qwen/weights";

/** A number for each part that training chooses among (model/parameters). */
export type Parts = Readonly<Record<keyof TrainableParts, number>>;

/** A Qwen-VL model, as far as arithmetic goes. */
export interface QwenSize {
  readonly name: string;
  readonly config: QwenConfig;
  readonly processor: ImageProcessorConfig;
  /** Numbers in its weights. */
  readonly parameters: Parts;
  /** Those in matrices: each is multiplied and added once for a token (a patch, in the tower). Of the embeddings it is the head's. */
  readonly matrices: Parts;
}

/** A tower of a dual encoder: a transformer of `layers` blocks that reads a picture or a text as so many tokens. */
export interface EncoderTower {
  readonly width: number;
  readonly mlp: number;
  readonly layers: number;
  readonly tokens: number;
}

/** A dual encoder, as far as arithmetic goes. */
export interface EncoderSize {
  readonly name: string;
  readonly picture: EncoderTower;
  readonly text: EncoderTower;
}

/** A line of configs/plan/models.yaml. */
interface Published {
  readonly hub: string;
  readonly like?: string | undefined;
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  readonly picture?: EncoderTower | undefined;
  readonly text?: EncoderTower | undefined;
}

const count = z.int().min(1);
const tower = z.strictObject({ width: count, mlp: count, layers: count, tokens: count });
const publishedSchema: z.ZodType<Readonly<Record<string, Published>>> = z.record(
  z.string(),
  z.strictObject({
    hub: z.string(),
    like: z.string().optional(),
    config: z.record(z.string(), z.unknown()).optional(),
    picture: tower.optional(),
    text: tower.optional(),
  }),
);

const FILE = path.join(ROOT, "configs", "plan", "models.yaml");
let read: Readonly<Record<string, Published>> | undefined;

/** The models of configs/plan/models.yaml by their names. */
function publishedModels(): Readonly<Record<string, Published>> {
  return (read ??= loadConfig(FILE, publishedSchema));
}

/** The last part of a model's place or name: "served:URL#Qwen/Qwen2.5-VL-32B-Instruct" is "Qwen2.5-VL-32B-Instruct". */
export function modelName(at: string): string {
  return at.split(/[/#:\\]/u).at(-1) ?? at;
}

/** Its id on the hub, where configs/plan/models.yaml knows the model. */
export function hubOf(at: string): string | undefined {
  return publishedOf(at)?.[1].hub;
}

/** The published model of a place, whether or not its name ends as those that follow instructions do: "row:qwen2.5-vl-3b" is one. */
function publishedOf(at: string): readonly [string, Published] | undefined {
  const plain = (name: string): string => name.toLowerCase().replace(/-instruct$/u, "");
  return Object.entries(publishedModels()).find(([name]) => plain(name) === plain(modelName(at)));
}

/** The size of a model by its place: of the files that lie there, else of the published model of that name; `undefined` where neither is. */
export function sizeOfModel(at: string): QwenSize | EncoderSize | undefined {
  const folder = at.replace(/^qwen:/u, "");
  const has = (file: string): boolean => fs.existsSync(path.join(folder, file));
  if (has("config.json") && !has("dual_encoder.json")) {
    return qwenSize(placeOf(folder), readQwenConfig(folder), readImageProcessorConfig(folder));
  }
  const [name = "", found] = publishedOf(at) ?? [];
  if (found?.picture !== undefined && found.text !== undefined)
    return { name, picture: found.picture, text: found.text };
  const config = found === undefined ? undefined : configOf(found);
  return config === undefined ? undefined : qwenSize(name, parseQwenConfig(config, `${FILE}, ${name}`));
}

function configOf({ like, config }: Published): Readonly<Record<string, unknown>> | undefined {
  if (like === undefined || config === undefined) return config;
  const other = publishedModels()[like]?.config ?? {};
  const vision = { ...groupOf(other["vision_config"]), ...groupOf(config["vision_config"]) };
  return { ...other, ...config, vision_config: vision };
}

function groupOf(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

export function qwenSize(name: string, config: QwenConfig, processor = QWEN_IMAGE_PROCESSOR): QwenSize {
  const shapes = [...weightShapes(config, name)];
  const sum = (part: keyof TrainableParts, least: number): number =>
    shapes
      .filter(([weight, shape]) => partOf(weight) === part && shape.length >= least)
      .reduce((all, [, shape]) => all + sizeOf(shape), 0);
  const of = (least: number): Parts => ({
    tower: sum("tower", least),
    merger: sum("merger", least),
    language: sum("language", least),
    embeddings: sum("embeddings", least),
  });
  const { vocabSize, hiddenSize } = config.text; // one product with the head; looking a token up costs nothing
  return { name, config, processor, parameters: of(1), matrices: { ...of(2), embeddings: vocabSize * hiddenSize } };
}

/** Numbers in all parts. */
export function sumOf(parts: Parts): number {
  return parts.tower + parts.merger + parts.language + parts.embeddings;
}
