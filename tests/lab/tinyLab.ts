import * as path from "node:path";
import { silent } from "../../src/core/progress";
import { labOf, type Lab } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { miniConfig } from "../../src/miniworld/base/architecture";
import { QwenModel } from "../../src/model/qwen/model";
import { writeWordTokenizer } from "../../src/model/qwen/tokenizerWords";
import { MiniDualEncoder } from "../../src/model/siglip/dualEncoder";
import { TINY_SIZES } from "../../src/verify/numerics/tinySteps";
import { smokeWorld } from "../miniworld/worlds";

/**
 * The smoke profile with a base and an encoder of random weights, as small as they can be, that know the words of its world: for what
 * does not depend on what a model has learnt.
 */
export async function tinyLab(folder: string, set: Readonly<Record<string, unknown>> = {}): Promise<Lab> {
  const words = path.join(folder, "words");
  const config = miniConfig(TINY_SIZES, writeWordTokenizer(words, smokeWorld.vocabulary()));
  const [base, encoder] = [path.join(folder, "base"), path.join(folder, "encoder")];
  for (const [made, at] of [
    [QwenModel.initialise(config, 1, words), base],
    [MiniDualEncoder.initialise(config, 8, words, 2, 0.5), encoder],
  ] as const) {
    await made.save(at);
    made.dispose();
  }
  const profile = { ...loadProfile("smoke", set), base, encoder };
  return labOf(profile, { progress: silent, store: path.join(folder, "store") });
}
