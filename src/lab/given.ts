import * as fs from "node:fs";
import * as path from "node:path";
import { LabError } from "../core/errors";
import { hashFile } from "../core/hash";
import { locateWeights } from "../model/qwen/checkpointFiles";
import { digest } from "../store/key";
import { openDataset } from "./datasets";
import type { Given } from "./stage";

/** A dataset by its spec, such as "miniworld:test". */
export async function givenDataset(spec: string): Promise<Given> {
  const { fingerprint } = await openDataset(spec);
  return { given: "dataset", fingerprint, at: spec };
}

/** A checkpoint's folder. Its fingerprint covers all that decides what it answers: weights, config, tokenizer, image settings. */
export function givenCheckpoint(folder: string): Given {
  return { given: "checkpoint", fingerprint: fingerprintOf(folder), at: folder };
}

/** A dual encoder's folder. */
export function givenEncoder(folder: string): Given {
  return { given: "encoder", fingerprint: fingerprintOf(folder), at: folder };
}

/** What a model is loaded from: weights and what stands beside them. A README is not. */
const READ = /\.(safetensors|json|txt|jinja|model)$/;

function fingerprintOf(folder: string): string {
  if (!fs.existsSync(folder)) {
    throw new LabError(
      "the checkpoint is not there",
      "Make it with `npx fine-r1 base build`, or correct the profile.",
      {
        subject: folder,
      },
    );
  }
  locateWeights(folder); // says what is missing
  const names = fs.readdirSync(folder).filter((name) => READ.test(name));
  return digest(names.sort().map((name) => [name, hashOf(path.join(folder, name))]));
}

/** Hashes of this process by file, size and time: a checkpoint of gigabytes is read once. */
const known = new Map<string, string>();

function hashOf(file: string): string {
  const { size, mtimeMs, ino } = fs.statSync(file);
  const id = JSON.stringify([file, size, mtimeMs, ino]);
  const hash = known.get(id) ?? hashFile(file);
  known.set(id, hash);
  return hash;
}
