import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { silent } from "../../src/core/progress";
import { loadProfile } from "../../src/lab/profile";
import { presetOf, type Values } from "../../src/lab/trainers/values";
import type { TrainerExport } from "../../src/lab/trainers/write";

/** What tests/reference has for other programs. */
export const TOKENIZER = path.resolve(__dirname, "../reference/bpe_tokenizer");

/** A folder of a suite's own, for what it exports and trains. */
export function newFolder(suite: string): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), `fine-r1-${suite}-`));
}

/** An export of the profile smoke, its chains and triplets made on the way. */
export function smokeExport(
  home: string,
  stage: "sft" | "rl",
  name: string,
  set: Readonly<Record<string, unknown>> = {},
  values: Values = "release",
): TrainerExport {
  const preset = presetOf(stage, values);
  const profile = loadProfile("smoke", { ...preset.set, ...set });
  const context = { store: path.join(home, "store"), progress: silent };
  const leave = [...preset.leave, ...(stage === "rl" && values === "paper" ? ["rl.maxResample", "rl.whenExhausted"] : [])]; // prettier-ignore
  const folder = path.join(home, name);
  return { profile, seed: 1, context, make: true, words: "-p smoke", folder, model: path.join(home, "model"), gpus: 1, leave }; // prettier-ignore
}
