import * as path from "node:path";
import { hashKnown } from "../core/hash";
import { engineOf } from "../model/open";
import { checkpointFiles } from "../model/qwen/checkpointFiles";
import { digest } from "../store/key";
import { openDataset } from "./datasets";
import type { Given } from "./stage";

/** A dataset by its spec, such as "miniworld:test". */
export async function givenDataset(spec: string): Promise<Given> {
  const { fingerprint } = await openDataset(spec);
  return { given: "dataset", fingerprint, at: spec };
}

/**
 * A model (`openModel`). Its fingerprint covers every file that decides what it answers: of a checkpoint's folder the weights,
 * config, tokenizer and image settings.
 */
export function givenCheckpoint(at: string): Given {
  const { engine, where } = engineOf(at);
  const files = engine.files(where);
  return { given: "checkpoint", fingerprint: files.length === 0 ? digest(at) : fingerprintOf(files), at };
}

/** A dual encoder's folder. */
export function givenEncoder(folder: string): Given {
  return { given: "encoder", fingerprint: fingerprintOf(checkpointFiles(folder)), at: folder };
}

function fingerprintOf(files: readonly string[]): string {
  return digest(files.map((file) => [path.basename(file), hashKnown(file)]));
}
