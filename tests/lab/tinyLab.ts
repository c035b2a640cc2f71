import * as path from "node:path";
import { silent } from "../../src/core/progress";
import { labOf, type Lab } from "../../src/lab/lab";
import { loadProfile, type FurtherModel } from "../../src/lab/profile";
import { miniConfig } from "../../src/miniworld/base/architecture";
import { QwenModel } from "../../src/model/qwen/model";
import { writeWordTokenizer } from "../../src/model/qwen/tokenizerWords";
import { MiniDualEncoder } from "../../src/model/siglip/dualEncoder";
import { TINY_SIZES } from "../../src/verify/numerics/tinySteps";
import { smokeWorld } from "../miniworld/worlds";

/**
 * The smoke profile with a base and an encoder of random weights, as small as they can be, that know the words of its world: for what
 * does not depend on what a model has learnt.
 * @param parts further models that it has, made in the same way
 */
export async function tinyLab(
  folder: string,
  set: Readonly<Record<string, unknown>> = {},
  parts: readonly FurtherModel[] = ["clip"],
): Promise<Lab> {
  const words = path.join(folder, "words");
  const count = writeWordTokenizer(words, smokeWorld.vocabulary());
  const config = miniConfig(TINY_SIZES, count);
  const older = miniConfig({ ...TINY_SIZES, kind: "qwen2_vl" }, count);
  const make = {
    base: () => QwenModel.initialise(config, 1, words),
    encoder: () => MiniDualEncoder.initialise(config, 8, words, 2, 0.5),
    larger: () => QwenModel.initialise(config, 3, words),
    qwen2: () => QwenModel.initialise(older, 4, words),
    clip: () => MiniDualEncoder.initialise(config, 8, words, 5, 0.5),
  };
  const at = (name: string): string => path.join(folder, name);
  for (const name of ["base", "encoder", ...parts] as const) {
    const made = make[name]();
    await made.save(at(name));
    made.dispose();
  }
  const models = Object.fromEntries(parts.map((part) => [part, at(part)]));
  const profile = { ...loadProfile("smoke", set), base: at("base"), encoder: at("encoder"), models };
  return labOf(profile, { progress: silent, store: path.join(folder, "store") });
}
