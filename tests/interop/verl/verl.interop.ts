import * as fs from "node:fs";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { readJson, writeJson } from "../../../src/core/files";
import { exportStage2 } from "../../../src/lab/trainers/write";
import { groupAdvantages } from "../../../src/tapo/advantages";
import { tapoObjective } from "../../../src/tapo/objective";
import { TAPO, type ObjectiveOptions } from "../../../src/tapo/options";
import { PythonEnvironment } from "../../pythonEnvironment";
import { newFolder, smokeExport, TOKENIZER } from "../exports";

/** engines/verl-tapo in verl 0.9.1: its own tests, on an export of ours and on numbers of our objective. */
const here = (file: string): string => path.join(__dirname, file);
const ROOT = path.resolve(__dirname, "../../..");
const python = new PythonEnvironment({
  folder: "interop/verl",
  requirements: [here("torch.txt"), here("requirements.txt"), `no-deps:${here("engine.txt")}`],
  prepare: here("../cuda_builds_on_cpu.py"),
  holdsRay: true,
});
const home = newFolder("verl");

beforeAll(async () => {
  await python.ensure();
  await python.run(here("../tiny_qwen.py"), [TOKENIZER, path.join(home, "model")]);
});
afterAll(() => {
  fs.rmSync(home, { recursive: true, force: true });
});

const caseSchema = z.object({
  ...{ group: z.array(z.number()), rewards: z.array(z.number()) },
  ...{ responseMask: z.array(z.array(z.number())), logProbs: z.array(z.array(z.number())) },
  ...{ oldLogProbs: z.array(z.array(z.number())), negativeLogProbs: z.array(z.array(z.number())) },
});

/** Loss and gradient of our objective on the golden file's first case. */
function ours(changes: Partial<ObjectiveOptions>): { loss: number; gradient: number[] } {
  const golden = z.object({ cases: z.array(caseSchema) });
  const [one] = golden.parse(readJson(path.join(ROOT, "tests/reference/golden/tapo_objective.json"))).cases;
  if (one === undefined) throw new Error("no case");
  return tf.tidy(() => {
    const input = {
      oldLogProbs: tf.tensor2d(one.oldLogProbs),
      negativeLogProbs: tf.tensor2d(one.negativeLogProbs),
      advantages: tf.tensor1d(groupAdvantages(one.rewards, one.group, 1e-6)),
      mask: tf.tensor2d(one.responseMask),
    };
    const { value, grad } = tf.valueAndGrad(
      (x) => tapoObjective({ ...input, logProbs: x as tf.Tensor2D }, { ...TAPO, ...changes }).loss,
    )(tf.tensor2d(one.logProbs));
    return { loss: value.dataSync()[0] ?? NaN, gradient: [...grad.dataSync()] };
  });
}

it("brings TAPO to verl: loss, reward, data, groups of n1 + n2, log-probs under the negative, an update", async () => {
  const set = { "rl.n1": 3, "rl.n2": 2, "rl.promptsPerRollout": 32, "rl.promptsPerUpdate": 16 };
  await exportStage2("verl", smokeExport(home, "rl", "export", set, "paper"));
  const rows = [
    { options: { kl_estimator: "paper", gamma: 0.05 }, mode: "token-mean", ...ours({ klEstimator: "paper", gamma: 0.05 }) }, // prettier-ignore
    { options: { entropies: "raised" }, mode: "token-mean", ...ours({ entropies: "raised" }) },
    { options: {}, mode: "seq-mean-token-mean", ...ours({ tokenMean: "sequence" }) },
    { options: { gamma: 0, eta2: 0 }, mode: "token-mean", ...ours({ gamma: 0, eta2: 0 }) },
  ];
  writeJson(path.join(home, "ours.json"), rows);
  const printed = await python.run(here("run_tests.py"), [path.join(ROOT, "engines/verl-tapo")], {
    FINE_R1_EXPORT: path.join(home, "export"),
    FINE_R1_OURS: path.join(home, "ours.json"),
    HF_HOME: path.join(home, "hub"),
  });
  const line = printed.split("\n").find((one) => one.startsWith("RESULT ")) ?? "";
  const { passed } = z.object({ passed: z.int() }).parse(JSON.parse(line.slice("RESULT ".length)));
  expect(passed).toBeGreaterThanOrEqual(15);
});
