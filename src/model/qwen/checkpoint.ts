import * as fs from "node:fs";
import * as path from "node:path";
import { LabError } from "../../core/errors";
import { requireUsable } from "../../core/finite";
import { namesIn, writeFolderAtomic, writeJson } from "../../core/files";
import { isFolder, makeFolder } from "../../core/folders";
import {
  openSafetensors,
  writeSafetensors,
  type SafetensorsFile,
  type TensorInfo,
  type TensorToWrite,
} from "../../core/safetensors";
import { locateWeights, SINGLE_FILE, shardIndex } from "./checkpointFiles";
import { readQwenConfig, type QwenConfig } from "./config";
import { toHfConfig, toHfGenerationConfig } from "./configWriter";
import type { ImageProcessorConfig } from "./imageProcessor";
import { writeImageProcessor } from "./imageProcessorFiles";
import { sizeOf, weightShapes } from "./weights";

/** A weight under its published name, as float32. */
export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Files beside the weights that go along unchanged when a checkpoint is saved. */
const COMPANIONS = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "chat_template.jinja",
  "chat_template.json",
  "preprocessor_config.json",
  "video_preprocessor_config.json",
  "processor_config.json",
  "generation_config.json",
];
/** Above this a checkpoint is written in several files, as the hub's own writer does. */
const SHARD_BYTES = 5e9;

/**
 * The published name of a weight. Newer saves of the hub's library nest both halves below `model.`; published
 * checkpoints hold `model.layers…` for the language model and `visual…` for the tower.
 */
export function publishedName(name: string): string {
  if (name.startsWith("model.language_model.")) return `model.${name.slice("model.language_model.".length)}`;
  if (name.startsWith("model.visual.")) return name.slice("model.".length);
  return name;
}

/**
 * The config of a checkpoint as its weights have it: where the files bring a head that is not the embedding over again,
 * the two are not tied, whatever config.json says (the rule of transformers 5).
 * @throws LabError when a file is missing, or asks for more than the bounds allow
 */
export function readCheckpointConfig(folder: string): QwenConfig {
  const config = readQwenConfig(folder);
  weightShapes(config, folder); // within the bounds
  if (!config.text.tieWordEmbeddings) return config;
  const files = new OpenFiles(folder);
  try {
    const [head, embedding] = ["lm_head.weight", "model.embed_tokens.weight"].map((name) =>
      findWeight(files.list, name),
    );
    if (head === undefined || embedding === undefined || sameValues(head, embedding)) return config;
    return { ...config, text: { ...config.text, tieWordEmbeddings: false } };
  } finally {
    files.close();
  }
}

/** The files of a checkpoint, all of them open. @throws LabError naming the one that cannot be read */
class OpenFiles {
  readonly list: SafetensorsFile[] = [];

  constructor(folder: string) {
    try {
      for (const file of locateWeights(folder)) this.list.push(openSafetensors(file));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    for (const file of this.list.splice(0)) file.close();
  }
}

/** A tensor in a file, under the name that it has there. */
interface StoredTensor {
  readonly file: SafetensorsFile;
  readonly stored: string;
  readonly info: TensorInfo;
}

function findWeight(files: readonly SafetensorsFile[], wanted: string): StoredTensor | undefined {
  for (const file of files) {
    for (const [stored, info] of file.tensors) if (publishedName(stored) === wanted) return { file, stored, info };
  }
  return undefined;
}

/** Whether two tensors hold the same values, or are of different shapes. Neither is read whole: they can be the largest ones. */
function sameValues(a: StoredTensor, b: StoredTensor): boolean {
  if (a.info.shape.join() !== b.info.shape.join()) return true;
  const others = b.file.pieces(b.stored)[Symbol.iterator]();
  for (const piece of a.file.pieces(a.stored)) {
    const other = others.next().value as Float32Array;
    if (!piece.every((value, i) => value === other[i])) return false;
  }
  return true;
}

/**
 * Reads the weights of a checkpoint folder one at a time, the largest first: each is in memory twice while it is handed over, which
 * costs least while there is little else. So a loader needs its own copy and little more. All headers are checked against `expected`
 * before the first tensor is read.
 * @param expected published names → shapes
 * @throws LabError naming file and tensor when one is missing, unexpected, given twice or of another shape
 */
export function* readWeights(
  folder: string,
  expected: ReadonlyMap<string, readonly number[]>,
): Generator<Weight, void, undefined> {
  const files = new OpenFiles(folder);
  try {
    const found = [...checkWeights(folder, files.list, expected)].sort(([, a], [, b]) => b.info.size - a.info.size);
    for (const [name, { file, stored, info }] of found) {
      yield { name, shape: info.shape, data: requireUsable(stored, file.readFloat32(stored), file.path) };
    }
  } finally {
    files.close();
  }
}

/** The config of a checkpoint whose headers hold each weight that it asks for, and no other. @throws LabError naming file and tensor where not */
export function checkCheckpoint(folder: string): QwenConfig {
  const config = readCheckpointConfig(folder);
  const files = new OpenFiles(folder);
  try {
    checkWeights(folder, files.list, weightShapes(config));
    return config;
  } finally {
    files.close();
  }
}

/** The expected tensors by their published names. @throws LabError when the files hold others, or not all of them */
function checkWeights(
  folder: string,
  files: readonly SafetensorsFile[],
  expected: ReadonlyMap<string, readonly number[]>,
): Map<string, StoredTensor> {
  const found = new Map<string, StoredTensor>();
  for (const file of files) {
    for (const [stored, info] of file.tensors) {
      const name = publishedName(stored);
      const wanted = expected.get(name);
      if (wanted === undefined) {
        if (isLeftOver(name)) continue;
        throw mismatch(file.path, `holds the tensor "${stored}", which this architecture does not have`);
      }
      if (found.has(name)) throw mismatch(file.path, `holds the tensor "${name}" a second time`);
      if (info.shape.join() !== wanted.join()) {
        const shapes = `has shape [${info.shape.join(", ")}]; the config asks for [${wanted.join(", ")}]`;
        throw mismatch(file.path, `tensor "${stored}" ${shapes}`);
      }
      found.set(name, { file, stored, info });
    }
  }
  const missing = [...expected.keys()].filter((name) => !found.has(name));
  if (missing.length === 0) return found;
  const shown = missing.slice(0, 3).map((name) => `"${name}"`);
  const more = missing.length > shown.length ? ` and ${missing.length - shown.length} more` : "";
  throw mismatch(folder, `lacks the tensor${missing.length > 1 ? "s" : ""} ${shown.join(", ")}${more}`);
}

/** What the hub's own loader passes over: the copy of a tied head, and rotary tables of old saves. */
function isLeftOver(name: string): boolean {
  return name === "lm_head.weight" || name.endsWith(".inv_freq");
}

function mismatch(subject: string, reason: string): LabError {
  return new LabError(reason, "Use the config.json that belongs to these weights, or download the checkpoint again.", {
    subject,
  });
}

/**
 * Writes `model.safetensors`, or numbered shards with their index when the weights exceed `shardBytes`, into a folder
 * that holds no other weights. Lazy tensors are asked for one at a time.
 */
export function writeWeights(folder: string, weights: Iterable<TensorToWrite>, shardBytes = SHARD_BYTES): void {
  const groups: TensorToWrite[][] = [[]];
  let total = 0;
  let filled = 0;
  for (const weight of weights) {
    const bytes = 4 * sizeOf(weight.shape);
    if (filled > 0 && filled + bytes > shardBytes) {
      groups.push([]);
      filled = 0;
    }
    groups.at(-1)?.push(weight);
    filled += bytes;
    total += bytes;
  }
  if (groups.length === 1) {
    writeSafetensors(path.join(folder, SINGLE_FILE), groups[0] ?? []);
    return;
  }
  const index = shardIndex(groups, total);
  for (const { file, tensors } of index.shards) writeSafetensors(path.join(folder, file), tensors);
  writeJson(path.join(folder, index.file), index.content);
}

/** Copies tokenizer, templates, image processor and generation settings, as far as `from` has them. */
export function copyCompanions(from: string, to: string): void {
  makeFolder(to);
  for (const name of COMPANIONS) {
    const source = path.join(from, name);
    if (fs.existsSync(source)) fs.copyFileSync(source, path.join(to, name));
  }
}

/** The settings of a dual encoder, beside its weights. */
export const ENCODER_SETTINGS = "dual_encoder.json";
const WEIGHTS = /^model(-\d{5}-of-\d{5})?\.safetensors$/u;
const SAVED: readonly string[] = [...COMPANIONS, "config.json", "model.safetensors.index.json", ENCODER_SETTINGS];

/** Something in a folder that no save of a model writes, and that would be lost with the folder. */
export function strangerIn(folder: string): string | undefined {
  return namesIn(folder).find((name) => !SAVED.includes(name) && !WEIGHTS.test(name));
}

/**
 * @param companions the folder whose files go along: of them alone, nothing is lost
 * @throws LabError unless a folder is not there, is empty, or holds a saved model alone: what lies in it goes away with it
 */
export function requireReplaceable(folder: string, companions?: string): void {
  const names = isFolder(folder) ? namesIn(folder) : [];
  if (names.length === 0) return;
  const stranger = strangerIn(folder);
  const isWhole = names.includes("config.json") && names.some((name) => WEIGHTS.test(name));
  const goAlong = companions !== undefined && path.resolve(companions) === path.resolve(folder);
  if (stranger === undefined && (isWhole || goAlong)) return;
  const what = stranger === undefined ? "files that are no whole model" : `"${stranger}", which is no file of a model`;
  throw new LabError(`holds ${what}, and would be replaced`, "Choose another folder.", { subject: folder });
}

/** Writes a model's folder, whole or not at all, in the place of nothing but another one. */
export async function writeModelFolder(
  folder: string,
  fill: (temporary: string) => void,
  companions?: string,
): Promise<void> {
  requireReplaceable(folder, companions);
  await writeFolderAtomic(folder, fill);
}

/** Everything that makes up a checkpoint folder. */
export interface Checkpoint {
  readonly config: QwenConfig;
  /** Under published names; functions are called one at a time while writing. */
  readonly weights: Iterable<TensorToWrite>;
  /** Folder whose tokenizer, templates and settings go along; it may be the folder that is written. */
  readonly companions?: string;
  /** Written in place of the companions' settings. */
  readonly imageProcessor?: ImageProcessorConfig;
}

/** Writes a checkpoint folder in the layout of the hub, whole or not at all. @throws LabError where another thing would be lost */
export function writeCheckpoint(folder: string, checkpoint: Checkpoint): Promise<void> {
  const { config, weights, companions, imageProcessor } = checkpoint;
  const fill = (temporary: string): void => {
    if (companions !== undefined) copyCompanions(companions, temporary);
    writeJson(path.join(temporary, "config.json"), toHfConfig(config));
    const generation = path.join(temporary, "generation_config.json");
    if (!fs.existsSync(generation)) writeJson(generation, toHfGenerationConfig(config));
    if (imageProcessor !== undefined) writeImageProcessor(temporary, imageProcessor, config.kind);
    writeWeights(temporary, weights);
  };
  return writeModelFolder(folder, fill, companions);
}
