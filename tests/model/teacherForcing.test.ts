import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Scored } from "../../src/model/contract";
import { LANGUAGE_ONLY, selectParameters } from "../../src/model/parameters";
import type { QwenModel } from "../../src/model/qwen/model";
import { disposeSequenceBatch, hiddenSequence, sequenceBatch } from "../../src/model/qwen/network";
import { GraphProgram } from "../../src/model/tensor/graph";
import { nativeOps } from "../../src/model/tensor/ops";
import { noise, tinyModel, variedPrompts, words } from "./qwenFixture";

let model: QwenModel;
beforeAll(() => {
  model = tinyModel();
});
afterAll(() => {
  model.dispose();
});

/** Eight rows: four prompts, two completions of different lengths each. */
function rows(): Scored[] {
  return variedPrompts().flatMap((prompt, b) =>
    [0, 1].map((g) => ({ prompt, tokenIds: words(3 + 2 * b + 5 * g, `${b}/${g}`) })),
  );
}

function gradientsOf(items: readonly Scored[], names?: Iterable<string>): Map<string, Float32Array> {
  const chosen = [...(names ?? model.parameters.keys())];
  const batch = model.prepare(items);
  const variables = chosen.map((name) => model.parameters.get(name)!);
  const { value, grads } = tf.variableGrads(() => tf.sum(model.completionLogProbs(batch)), variables);
  // a batch without images says nothing about the tower: no gradient at all
  const gradient = ({ name, size }: tf.Variable): Float32Array =>
    grads[name]?.dataSync<"float32">() ?? new Float32Array(size);
  const out = new Map(chosen.map((name, i) => [name, gradient(variables[i]!)]));
  value.dispose();
  tf.dispose(grads);
  batch.dispose();
  return out;
}

function expectClose(a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number, what: string): void {
  expect(a.length).toBe(b.length);
  const largest = Array.from(b).reduce((top, x) => Math.max(top, Math.abs(x)), 1e-3);
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i]! - b[i]!) / largest, what).toBeLessThan(tolerance);
}

describe("scoring", () => {
  it("gives a row the same log-probs alone as in a mixed, padded batch", async () => {
    const together = await model.logProbs(rows());
    for (const [index, row] of rows().entries()) {
      const [alone] = await model.logProbs([row]);
      expectClose(together[index]!, alone!, 1e-5, `row ${index}`);
    }
  });

  it("has the gradient of a batch of 8 equal to the sum over 8 batches of 1", () => {
    const whole = gradientsOf(rows());
    const parts = rows().map((row) => gradientsOf([row]));
    for (const [name, gradient] of whole) {
      const sum = gradient.map((_, i) => parts.reduce((total, part) => total + part.get(name)![i]!, 0));
      expectClose(gradient, sum, 1e-4, name);
    }
  });

  it("agrees with the whole sequence in one piece, in values and gradients", () => {
    const [, , item] = rows().filter((_, i) => i % 2 === 1);
    const prompt = model["encoder"].encode([item!.prompt], 0)[0]!;
    const n = prompt.ids.length;
    const more = item!.tokenIds.length;
    const positions = new Int32Array(3 * (n + more));
    for (let axis = 0; axis < 3; axis++) {
      for (let i = 0; i < n + more; i++)
        positions[axis * (n + more) + i] = i < n ? prompt.positions[axis * n + i]! : prompt.next + i - n;
    }
    const whole = { ...prompt, ids: [...prompt.ids, ...item!.tokenIds], positions, next: prompt.next + more };
    const batch = sequenceBatch([whole], model.config);
    const variables = [...model.parameters.values()];
    const picked = (): tf.Tensor => {
      const hidden = hiddenSequence(model.network, batch, model.config.text.layers);
      const logits = tf.matMul<tf.Tensor2D>(hidden, model.network.language.head, false, true);
      const own = tf.slice2d(tf.logSoftmax(logits), [n - 1, 0], [more, logits.shape[1]]);
      const hits = tf.oneHot(tf.tensor1d([...item!.tokenIds], "int32"), logits.shape[1], 1, 0, "float32");
      return tf.sum(tf.mul(own, hits));
    };
    const reference = tf.variableGrads(() => picked().asScalar(), variables);
    const ours = gradientsOf([item!]);
    [...model.parameters.keys()].forEach((name, i) => {
      const gradient = reference.grads[variables[i]!.name]!.dataSync<"float32">();
      expectClose(ours.get(name)!, gradient, 1e-3, name);
    });
    tf.dispose([reference.value, reference.grads]);
    disposeSequenceBatch(batch);
  });

  it("computes no backward pass of frozen parts, and the same gradients for the others", () => {
    const products = vi.spyOn(nativeOps(), "matMul");
    const blocks = vi.spyOn(GraphProgram.prototype, "run");
    const callsOf = <T>(work: () => T): { result: T; calls: number[] } => {
      const before = [products, blocks].map(({ mock }) => mock.calls.length);
      const result = work();
      return { result, calls: [products, blocks].map(({ mock }, i) => mock.calls.length - before[i]!) };
    };
    const all = callsOf(() => gradientsOf(rows()));
    const some = callsOf(() => gradientsOf(rows(), selectParameters(model.parameters, LANGUAGE_ONLY).keys()));
    vi.restoreAllMocks();
    for (const [name, gradient] of some.result) expectClose(gradient, all.result.get(name)!, 1e-5, name);
    // the tower's weights: 2 blocks × (projections, output, gate, up, down), merger 2 × 2, patch embedding without pixels;
    // its blocks: 2 × (attention, MLP), and the merger's norm
    const saved = all.calls.map((calls, i) => calls - some.calls[i]!);
    expect(saved).toEqual([2 * 5 + 4 + 1, 2 * 2 + 1]);
  });

  it("trains an untied head of its own", () => {
    const untied = tinyModel("qwen2_vl", { tieWordEmbeddings: false });
    const head = untied.parameters.get("lm_head.weight")!;
    const batch = untied.prepare(rows());
    const { value, grads } = tf.variableGrads(() => tf.sum(untied.completionLogProbs(batch)), [head]);
    // Σ over the vocabulary of d log p / d head is 0, since the logits may shift together
    const column = tf.tidy(() => tf.abs(tf.sum(grads[head.name]!, 0)).max().dataSync()[0]!);
    const size = tf.tidy(() => tf.abs(grads[head.name]!).max().dataSync()[0]!);
    expect(size).toBeGreaterThan(0.01);
    expect(column / size).toBeLessThan(1e-4);
    batch.dispose();
    tf.dispose([value, grads]);
    untied.dispose();
  });
});

describe("hidden states", () => {
  it("do not depend on what else is in the batch, for each pooling and layer", async () => {
    const prompts = variedPrompts();
    for (const layer of [0, 1, 2]) {
      for (const pool of ["last", "mean"] as const) {
        const together = await model.hiddenStates(prompts, { layer, pool });
        for (const [index, prompt] of prompts.entries()) {
          const [alone] = await model.hiddenStates([prompt], { layer, pool });
          expectClose(together[index]!, alone!, 1e-5, `${layer} ${pool} ${index}`);
        }
      }
    }
  });

  it("of every layer in one pass are those of one layer after the other, prompt by prompt", async () => {
    const prompts = variedPrompts();
    for (const pool of ["last", "mean"] as const) {
      const every = await model.hiddenStates(prompts, { layer: "every", pool });
      expect(every).toHaveLength(3 * prompts.length); // two layers and the embedding
      for (const layer of [0, 1, 2]) {
        const own = await model.hiddenStates(prompts, { layer, pool });
        prompts.forEach((_, index) => {
          expect(every[3 * index + layer], `${layer} ${pool} ${index}`).toEqual(own[index]);
        });
      }
    }
  });

  it("at layer 0, over the image, are the mean of the tower's embeddings", async () => {
    const [, prompt] = variedPrompts();
    const [pooled] = await model.hiddenStates([prompt!], { layer: 0, pool: "imageMean" });
    const { embedImages } = await import("../../src/model/qwen/network");
    const { disposeImageBatch } = await import("../../src/model/qwen/sequences");
    const images = model.prepareImages(prompt!.images)!;
    const mean = tf.tidy(() => tf.mean(embedImages(model.network, images)!, 0).dataSync<"float32">());
    disposeImageBatch(images);
    expectClose(pooled!, mean, 1e-5, "mean");
  });
});

describe("what scoring cannot take", () => {
  const [text, one] = variedPrompts();
  it.each([
    [
      "a prompt that does not fit",
      { prompt: text!, tokenIds: words(125, "long") },
      /does not fit in the context of 128/,
    ],
    ["a token outside the vocabulary", { prompt: text!, tokenIds: [9, 38] }, /token 38 is not in the vocabulary of 38/],
    [
      "an image without a marker",
      { prompt: { ...text!, images: [noise(56, 56, "x")] }, tokenIds: [9] },
      /marks 0 images/,
    ],
    ["a marker without an image", { prompt: { ...one!, images: [] }, tokenIds: [9] }, /marks 1 images and brings 0/],
  ])("is refused: %s", async (_, item, message) => {
    await expect(model.logProbs([item])).rejects.toThrow(message);
    expect(() => model.prepare([item])).toThrow(message);
  });

  it("is refused for a layer that is not there", async () => {
    await expect(model.hiddenStates([text!], { layer: 3, pool: "last" })).rejects.toThrow(/0 to 2/);
    await expect(model.hiddenStates([text!], { layer: 1, pool: "imageMean" })).rejects.toThrow(/without an image/);
  });
});

it("leaves no tensors behind", async () => {
  const before = tf.memory().numTensors;
  await model.logProbs(rows());
  await model.hiddenStates(variedPrompts(), { layer: 1, pool: "mean" });
  await model.hiddenStates(variedPrompts(), { layer: "every", pool: "last" });
  gradientsOf(rows());
  const other = tinyModel("qwen2_vl");
  await other.logProbs(rows());
  other.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
