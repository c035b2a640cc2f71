import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/core/random";
import type { PreparedBatch, Scored } from "../../src/model/contract";
import type { QwenModel } from "../../src/model/qwen/model";
import { DAPO, type TapoOptions } from "../../src/tapo/options";
import type { Rollout } from "../../src/tapo/rollouts";
import { prepareUpdate, updateMicroBatches, type ScoredRollout } from "../../src/tapo/update";
import { accumulated, relativeError } from "../sft/gradients";
import { ANSWERS, ask, picture, tinyPolicy, weightsOf } from "../sft/tinyPolicy";
import { tapoOptions } from "./recorded";
import { assignAll } from "./weights";

let model: QwenModel;
let rollouts: Rollout[];
const ADVANTAGES = [1.2, -0.7, 0.4, -1.1, 0.9, -0.3];

beforeAll(() => {
  model = tinyPolicy();
  rollouts = ADVANTAGES.map((_, i) => {
    const prompt = (which: string, level: number) =>
      ask(picture(level, which), `${["one", "two"][i % 2] ?? ""} tree ?`);
    const words = Array.from({ length: 1 + (i % 4) }, (_unused, k) => ANSWERS[(i + k) % 4] as string);
    const source = i % 3 === 0 ? "positive" : "anchor";
    const anchorPrompt = prompt("anchor", 60);
    return {
      group: Math.floor(i / 3),
      example: `example ${Math.floor(i / 3)}`,
      source,
      anchorPrompt,
      rolloutPrompt: source === "anchor" ? anchorPrompt : prompt("positive", 120),
      negativePrompt: prompt("negative", 220),
      completion: { tokenIds: model.encodeCompletion(words.join(" ")), text: "", logProbs: [], finish: "stop" },
      reward: { overall: 0, format: 0, accuracy: 0 },
    };
  });
});
afterAll(() => {
  model.dispose();
});

const prepare = (options: TapoOptions, needsOld = true): Promise<ScoredRollout[]> =>
  prepareUpdate(model, rollouts, ADVANTAGES, options, { needsOld });

/** As if the policy had moved since the rollout: ratios differ from 1, some beyond the clip. */
function moved(scored: readonly ScoredRollout[]): ScoredRollout[] {
  const random = new Random("moved");
  return scored.map((s) => ({ ...s, old: s.old?.map((v) => v + random.normal(0, 0.2)) }));
}

function update(scored: readonly ScoredRollout[], options: TapoOptions, size: number) {
  return accumulated(updateMicroBatches(scored, options, size), model);
}

describe("micro-batches", () => {
  it.each([
    ["batch", 4],
    ["sequence", 4],
    ["microBatch", 2],
    ["microBatch", 4], // of 6 rollouts: the second unit is a short one
  ] as const)("of any size make the same update: mean over %s, unit %d", async (tokenMean, microBatch) => {
    const options = tapoOptions({ objective: { tokenMean, microBatch } });
    const scored = moved(await prepare(options));
    const whole = await update(scored, options, 8); // all in one, whatever the unit
    for (const size of [1, 2, 4, 5]) {
      const parts = await update(scored, options, size);
      expect(parts.loss).toBeCloseTo(whole.loss, 5);
      expect(relativeError(parts.gradients, whole.gradients)).toBeLessThan(2e-5);
      for (const [name, value] of Object.entries(whole.figures)) expect(parts.figures[name]).toBeCloseTo(value, 4);
    }
  });

  it("prepare and loss leave no tensor behind", async () => {
    const options = tapoOptions({ objective: { negativeGradient: true } });
    const scored = await prepare(options);
    const before = tf.memory().numTensors;
    await update(scored, options, 2);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("leave none behind when the negatives cannot be laid out", async () => {
    const options = tapoOptions({ objective: { negativeGradient: true } });
    const scored = await prepare(options);
    const failing = Object.create(model) as QwenModel;
    let calls = 0;
    failing.prepare = (items) => {
      if (++calls === 2) throw new RangeError("out of memory");
      return model.prepare(items);
    };
    const before = tf.memory().numTensors;
    await expect(accumulated(updateMicroBatches(scored, options, 6), failing)).rejects.toThrow("out of memory");
    expect(calls).toBe(2);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("π_old", () => {
  it("taken from the update's own pass is what a pass before it gives", async () => {
    const options = tapoOptions();
    const explicit = await update(await prepare(options, true), options, 6);
    const shortcut = await update(await prepare(options, false), options, 6);
    expect(shortcut.loss).toBeCloseTo(explicit.loss, 5);
    expect(relativeError(shortcut.gradients, explicit.gradients)).toBeLessThan(1e-4); // the ratio is 1 to rounding only
    expect(explicit.figures["ppoKl"]).toBeCloseTo(0, 5);
    expect(shortcut.figures["ppoKl"]).toBe(0);
  });
});

describe.each([false, true])("with negativeGradient %s", (negativeGradient) => {
  it("the gradient is the slope of the loss", async () => {
    // Central difference along the normalised gradient: (L(θ + hg) − L(θ − hg)) / 2h = |g| + O(h²).
    const objective = { negativeGradient, klEstimator: "paper" as const, gamma: 0.3, eta1: 0.1, eta2: 0.2 };
    const options = tapoOptions({ objective });
    const scored = moved(await prepare(options));
    const { gradients } = await update(scored, options, 6);
    const norm = Math.hypot(...gradients);
    const start = weightsOf(model);
    const h = 2e-3;
    const at = async (sign: number): Promise<number> => {
      let index = 0;
      const shifted = [...start].map(
        ([name, values]) => [name, values.map((v) => v + (sign * h * (gradients[index++] ?? NaN)) / norm)] as const,
      );
      assignAll(model.parameters, new Map(shifted));
      return (await update(scored, options, 6)).loss;
    };
    const slope = ((await at(1)) - (await at(-1))) / (2 * h);
    assignAll(model.parameters, start);
    expect(Math.abs(slope / norm - 1)).toBeLessThan(0.02);
  });

  it("the loss is the same; only the gradient differs", async () => {
    const here = tapoOptions({ objective: { negativeGradient } });
    const other = tapoOptions({ objective: { negativeGradient: !negativeGradient } });
    const [a, b] = [await update(await prepare(here), here, 3), await update(await prepare(other), other, 3)];
    expect(a.loss).toBeCloseTo(b.loss, 5);
    expect(relativeError(a.gradients, b.gradients)).toBeGreaterThan(1e-3);
  });
});

describe("the images that rollouts are scored under", () => {
  /** The tiny policy, noting the images of every pass: those of scoring, and those of updating. */
  function watched() {
    const passes: { kind: "logProbs" | "prepare"; images: string[] }[] = [];
    const imagesOf = (items: readonly Scored[]) =>
      items.map(({ prompt }) => {
        const image = prompt.images[0];
        const names = rollouts.flatMap((r) => [
          [r.anchorPrompt, "anchor"] as const,
          [r.rolloutPrompt, "positive"] as const,
          [r.negativePrompt, "negative"] as const,
        ]);
        return names.find(([p]) => p?.images[0] === image)?.[1] ?? "unknown";
      });
    const watching = Object.create(model) as QwenModel;
    watching.logProbs = (items) => {
      passes.push({ kind: "logProbs", images: imagesOf(items) });
      return model.logProbs(items);
    };
    watching.prepare = (items): PreparedBatch => {
      passes.push({ kind: "prepare", images: imagesOf(items) });
      return model.prepare(items);
    };
    return { watching, passes };
  }

  async function passesOf(options: TapoOptions, needsOld: boolean) {
    const { watching, passes } = watched();
    const scored = await prepareUpdate(watching, rollouts, ADVANTAGES, options, { needsOld, reference: watching });
    await accumulated(updateMicroBatches(scored, options, 6), watching);
    return passes;
  }
  const all = (image: string): string[] => ADVANTAGES.map(() => image);

  it("are the anchor's, whatever made them, with updateCondition anchor", async () => {
    expect(await passesOf(tapoOptions({ updateCondition: "anchor" }), true)).toEqual([
      { kind: "logProbs", images: all("anchor") },
      { kind: "logProbs", images: all("negative") },
      { kind: "prepare", images: all("anchor") },
    ]);
  });

  it("are those that made them, with updateCondition rolloutImage", async () => {
    const own = rollouts.map((r) => r.source);
    expect(new Set(own)).toEqual(new Set(["anchor", "positive"]));
    expect(await passesOf(tapoOptions({ updateCondition: "rolloutImage" }), true)).toEqual([
      { kind: "logProbs", images: own },
      { kind: "logProbs", images: all("negative") },
      { kind: "prepare", images: own },
    ]);
  });

  it("are one pass with gradients and none before, for DAPO on policy", async () => {
    expect(await passesOf(tapoOptions({ objective: DAPO }), false)).toEqual([
      { kind: "prepare", images: all("anchor") },
    ]);
  });

  it("have the negative pass inside the update when gradients flow through it", async () => {
    expect(await passesOf(tapoOptions({ objective: { negativeGradient: true } }), false)).toEqual([
      { kind: "prepare", images: all("anchor") },
      { kind: "prepare", images: all("negative") },
    ]);
  });

  it("have a reference pass when its KL has a weight", async () => {
    expect(await passesOf(tapoOptions({ objective: { ...DAPO, referenceKl: 0.04 } }), false)).toEqual([
      { kind: "logProbs", images: all("anchor") },
      { kind: "prepare", images: all("anchor") },
    ]);
  });
});
