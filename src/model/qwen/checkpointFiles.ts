import * as fs from "node:fs";
import * as path from "node:path";
import { LabError } from "../../core/errors";
import { readJson } from "../../core/files";
import type { TensorToWrite } from "../../core/safetensors";
import { ConfigReader } from "./configReader";

export const SINGLE_FILE = "model.safetensors";
const INDEX_FILE = "model.safetensors.index.json";

/**
 * The weight files of a checkpoint folder: one file, or the shards that the index names.
 * @throws LabError when there are none, or a shard is missing
 */
export function locateWeights(folder: string): string[] {
  const single = path.join(folder, SINGLE_FILE);
  if (fs.existsSync(single)) return [single];
  const index = path.join(folder, INDEX_FILE);
  if (!fs.existsSync(index)) {
    throw new LabError(
      `holds neither ${SINGLE_FILE} nor ${INDEX_FILE}`,
      "Give the folder of a checkpoint with safetensors weights.",
      { subject: folder },
    );
  }
  const shards = ConfigReader.of(readJson(index), index).child("weight_map").textValues();
  return [...new Set(shards)].sort().map((name) => {
    if (!/^[^/\\\0]+\.safetensors$/u.test(name)) {
      throw new LabError(
        `names ${JSON.stringify(name)}, which is no file of this folder`,
        "Download the index again.",
        {
          subject: index,
        },
      );
    }
    const file = path.join(folder, name);
    if (!fs.existsSync(file)) {
      throw new LabError(`is missing, though ${INDEX_FILE} names it`, "Download the missing shard.", { subject: file });
    }
    return file;
  });
}

/** What a model is loaded from: weights and what stands beside them. A README is not. */
const READ = /\.(safetensors|json|txt|jinja|model)$/u;

/** Every file of a checkpoint's folder that decides what it answers. @throws LabError when the folder or its weights are missing */
export function checkpointFiles(folder: string): string[] {
  if (!fs.existsSync(folder)) {
    const remedy = "Make it with `npx fine-r1 base build`, or correct the profile.";
    throw new LabError("the checkpoint is not there", remedy, { subject: folder });
  }
  locateWeights(folder); // says what is missing
  const names = fs.readdirSync(folder).filter((name) => READ.test(name));
  return names.sort().map((name) => path.join(folder, name));
}

/** Names of the shards and the content of their index, as the hub's writer lays them out. */
export function shardIndex(
  groups: readonly (readonly TensorToWrite[])[],
  totalBytes: number,
): {
  readonly file: string;
  readonly content: unknown;
  readonly shards: readonly { readonly file: string; readonly tensors: readonly TensorToWrite[] }[];
} {
  const number = (value: number): string => String(value).padStart(5, "0");
  const shards = groups.map((tensors, index) => ({
    file: `model-${number(index + 1)}-of-${number(groups.length)}.safetensors`,
    tensors,
  }));
  const weightMap = Object.fromEntries(shards.flatMap(({ file, tensors }) => tensors.map(({ name }) => [name, file])));
  return { file: INDEX_FILE, content: { metadata: { total_size: totalBytes }, weight_map: weightMap }, shards };
}
