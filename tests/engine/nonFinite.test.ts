import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import { AdamW, ADAMW_DEFAULTS } from "../../src/engine/adamw";
import { saveCheckpoint } from "../../src/engine/checkpoint";
import { FlatLayout } from "../../src/engine/flat";
import { constant } from "../../src/engine/schedule";
import { microBatch, type MicroBatch, type Weighted } from "../../src/engine/gradient";
import { train, type TrainOptions, type TrainTask } from "../../src/engine/train";
import { runHere } from "../../src/workers/job";
import { values } from "./toy";

let folder: string;
let parameters: Map<string, tf.Variable>;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-nonfinite-"));
  parameters = new Map([
    ["good", tf.variable(tf.tensor1d([1, 2]))],
    ["bad", tf.variable(tf.tensor1d([3, 0]))],
  ]);
});
afterEach(() => {
  tf.dispose([...parameters.values()]);
  fs.rmSync(folder, { recursive: true, force: true });
});

const options = (extra: Partial<TrainOptions> = {}): TrainOptions => ({
  label: "toy",
  steps: 6,
  schedule: constant(0.1),
  optimizer: ADAMW_DEFAULTS,
  folder,
  checkpointEvery: 2,
  ...extra,
});

/** Two micro-batches a step; the second of step `at` is `spoilt`. */
function task(at: number, spoilt: () => tf.Scalar): TrainTask<Weighted> {
  const batch = (examples: string[], loss: () => tf.Scalar): MicroBatch<Weighted> =>
    microBatch({ name: "toy", prepare: () => ({ loss, dispose: () => undefined }) }, null, examples);
  const sound = (): tf.Scalar => tf.sum(tf.addN([...parameters.values()].map((v) => tf.square(v))));
  return {
    parameters,
    runner: runHere({ parameters }),
    next: (step) =>
      Promise.resolve({
        microBatches: [batch(["a", "b"], sound), batch(["bird/1", "bird/2"], step === at ? spoilt : sound)],
      }),
  };
}

const nanLoss = (): tf.Scalar => tf.sum(tf.mul(tf.square(parameters.get("bad")!), NaN));
/** d√x/dx at x = 0 is infinite, the loss is not. */
const infiniteGradient = (): tf.Scalar => tf.sum(tf.sqrt(parameters.get("bad")!));
/** The gradient 2e25 is finite, its square is not. */
const huge = (): tf.Scalar => tf.sum(tf.mul(parameters.get("bad")!, 2e25));

const checkpoints = (): string[] =>
  fs
    .readdirSync(folder)
    .filter((name) => name.startsWith("checkpoint-"))
    .sort();

describe("a step that is not finite", () => {
  it("stops before the weights, names step, micro-batch, examples and tensor, and keeps the good checkpoint", async () => {
    const before: number[][] = [];
    const run = train(task(3, nanLoss), options({ onStep: () => before.push(values(parameters)) }));
    await expect(run).rejects.toThrow(LabError);
    await expect(run).rejects.toThrow(
      /^toy: step 3, micro-batch 1 \(bird\/1, bird\/2\): the loss is NaN, the gradient of bad is not finite/u,
    );
    expect(values(parameters)).toEqual(before[2]);
    expect(checkpoints()).toEqual(["checkpoint-2"]);
  });

  it("names the tensor whose gradient is infinite while the loss is finite", async () => {
    const run = train(task(1, infiniteGradient), options());
    await expect(run).rejects.toThrow(/step 1, micro-batch 1 \(bird\/1, bird\/2\): the gradient of bad is not finite/u);
    expect(values(parameters).every(Number.isFinite)).toBe(true);
  });

  it("says so when finite gradients have no finite norm", async () => {
    await expect(train(task(0, huge), options())).rejects.toThrow(
      /norm overflows; the largest is that of bad, 2\.0e\+25/u,
    );
  });

  it("leaves no tensor behind", async () => {
    const count = tf.memory().numTensors;
    for (const spoilt of [nanLoss, infiniteGradient, huge]) {
      await expect(train(task(0, spoilt), options())).rejects.toThrow(LabError);
    }
    expect(tf.memory().numTensors).toBe(count);
  });

  it("keeps the checkpoint before an unproven one: the newest may hold the ruin", async () => {
    await expect(train(task(4, nanLoss), options())).rejects.toThrow(/step 4/u);
    expect(checkpoints()).toEqual(["checkpoint-2", "checkpoint-4"]);
  });

  it("can leave the update out, as the release does, and counts it", async () => {
    const skipped = await train(task(3, nanLoss), options({ nonFinite: "skip" }));
    expect(skipped.map(({ skippedUpdates }) => skippedUpdates)).toEqual([undefined, undefined, undefined, 1, 1, 1]);
    expect(skipped[3]).not.toHaveProperty("loss");
    expect(values(parameters).every(Number.isFinite)).toBe(true);
    const lines = fs.readFileSync(path.join(folder, "metrics.jsonl"), "utf8");
    expect(lines).not.toContain("null");
  });

  it("changes nothing where all is finite", async () => {
    await train(task(-1, nanLoss), options());
    const stopped = values(parameters);
    for (const [name, start] of [
      ["good", [1, 2]],
      ["bad", [3, 0]],
    ] as const) {
      tf.tidy(() => {
        parameters.get(name)!.assign(tf.tensor1d([...start]));
      });
    }
    fs.rmSync(folder, { recursive: true });
    await train(task(-1, nanLoss), options({ nonFinite: "skip" }));
    expect(values(parameters)).toEqual(stopped);
  });
});

describe("ruined weights", () => {
  it("are not put away as a checkpoint, and the one before stays", async () => {
    // At this rate the first update makes weights of 1e30, whose squares overflow.
    const run = train(task(-1, nanLoss), options({ schedule: constant(1e30), checkpointEvery: 1 }));
    await expect(run).rejects.toThrow(/tensor "good" holds .*these weights are ruined/u);
    expect(checkpoints()).toEqual([]);
  });

  it("of a checkpoint are refused when training resumes", async () => {
    await train(task(-1, nanLoss), options({ steps: 4 }));
    const file = path.join(folder, "checkpoint-4", "parameters.safetensors");
    const bytes = fs.readFileSync(file);
    bytes.writeFloatLE(NaN, bytes.length - 4);
    fs.writeFileSync(file, bytes);
    await expect(train(task(-1, nanLoss), options())).rejects.toThrow(/checkpoint-4: has changed since/u);
  });
});

describe("a checkpoint of another shape", () => {
  it("has an optimiser state that is refused", async () => {
    const other = new AdamW(new FlatLayout(new Map([["good", parameters.get("good")!]])));
    await saveCheckpoint(folder, parameters, other, { step: 1, task: null });
    await expect(train(task(-1, nanLoss), options())).rejects.toThrow(/optimiser state of another layout/u);
    other.dispose();
  });
});
