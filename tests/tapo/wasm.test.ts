import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect, test } from "vitest";

/** Runs Node in a process that never loads the native engine: what that one brings along is not there. */
function withoutNativeEngine(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    env: { ...process.env, ...env, FINE_R1_BACKEND: "wasm" },
  });
  expect(stderr.split("\n").filter((line) => line.includes("Error"))).toEqual([]);
  expect(status).toBe(0);
  return stdout;
}

test("the objective and all three token means are computed without the native engine", () => {
  // Two answers, of two tokens and of one. "batch": 1/3 each; "sequence": 1/(2·2), 1/(2·2), 1/2; "microBatch" of one row: alike.
  // Terms of TAPO by hand, ratio 1: policy −Â·1 = −1, −1, 1; k3 at 0 is 0; entropies −log π = 1, 2, 1 (η₁ = η₂ = 0.03):
  // loss = ((−1 − 1 + 1) + 0.06 · (1 + 2 + 1)) / 3 = −0.76 / 3.
  const script = `
    const { loadBackend, tapo, tf } = require("./dist");
    loadBackend().then(() => {
      const t = tf.tensor2d([[-1, -2], [-1, 0]]), mask = tf.tensor2d([[1, 1], [1, 0]]), advantages = tf.tensor1d([1, -1]);
      const { loss } = tapo.tapoObjective({ logProbs: t, oldLogProbs: t, negativeLogProbs: t, advantages, mask }, tapo.TAPO);
      const weights = ["batch", "sequence", "microBatch"].map((mode) => [...tapo.tokenWeights(mask, mode, 1).dataSync()]);
      console.log(JSON.stringify({ engine: tf.getBackend(), loss: loss.dataSync()[0], weights }));
    });`;
  const { engine, loss, weights } = JSON.parse(withoutNativeEngine(["-e", script])) as {
    engine: string;
    loss: number;
    weights: number[][];
  };
  expect(engine).toBe("wasm");
  expect(loss).toBeCloseTo(-0.76 / 3, 6);
  const perSequence = [0.25, 0.25, 0.5, 0];
  for (const [i, wanted] of [[1 / 3, 1 / 3, 1 / 3, 0], perSequence, perSequence].entries()) {
    weights[i]!.forEach((weight, k) => {
      expect(weight).toBeCloseTo(wanted[k]!, 6);
    });
  }
});

test("methods of the quickstart that need no training run there", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "wasm methods "));
  try {
    const places = { FINE_R1_RUNS: path.join(folder, "runs"), FINE_R1_RESULTS: path.join(folder, "results") };
    const args = ["dist/cli.js", "run", "quickstart", "-p", "smoke", "--only", "base,siglip"];
    const text = withoutNativeEngine(args, places);
    expect(text).toMatch(/^Base, direct /mu);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
