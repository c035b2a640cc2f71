import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random";
import { AdamW, globalNorm } from "../../src/engine/adamw";
import { Factors } from "../../src/engine/factors";
import { FlatLayout } from "../../src/engine/flat";
import { values } from "./toy";

/**
 * torch 2.13.0: w = [[1,-2],[.5,3]], b = [.1,-.3], loss = mean((x@w+b-y)²) with x = [[1,2],[3,-1],[.5,.25]],
 * y = [[1,0],[0,1],[2,-1]]; AdamW(lr .05, weight_decay .1 on w and 0 on b), clip_grad_norm_(1): per step the norm
 * before clipping, then w and b.
 */
const TORCH = [
  {
    norm: 11.340313911437988,
    values: [
      0.9449999928474426, -1.940000057220459, 0.54749995470047, 2.93500018119812, 0.05000000447034836,
      -0.2500000298023224,
    ],
  },
  {
    norm: 10.952903747558594,
    values: [
      0.8903992176055908, -1.8802988529205322, 0.593620240688324, 2.870305299758911, 0.00023284927010536194,
      -0.2000315636396408,
    ],
  },
  {
    norm: 10.572785377502441,
    values: [
      0.8363094925880432, -1.8208949565887451, 0.6365804672241211, 2.8058998584747314, -0.04905901849269867,
      -0.15012119710445404,
    ],
  },
  {
    norm: 10.200654029846191,
    values: [
      0.7828724980354309, -1.76178777217865, 0.6733287572860718, 2.7417688369750977, -0.09752710163593292,
      -0.10030068457126617,
    ],
  },
  {
    norm: 9.83718490600586,
    values: [
      0.7302654385566711, -1.7029778957366943, 0.7000352144241333, 2.677896738052368, -0.1446600705385208,
      -0.05060805007815361,
    ],
  },
];

function problem() {
  const w = tf.tidy(() => tf.variable(tf.tensor2d([1, -2, 0.5, 3], [2, 2])));
  const b = tf.tidy(() => tf.variable(tf.tensor1d([0.1, -0.3])));
  const x = tf.tensor2d([
    [1, 2],
    [3, -1],
    [0.5, 0.25],
  ]);
  const y = tf.tensor2d([
    [1, 0],
    [0, 1],
    [2, -1],
  ]);
  const loss = () => tf.squaredDifference(x.matMul(w as tf.Tensor2D).add(b), y).mean<tf.Scalar>();
  const parameters = new Map<string, tf.Variable>([
    ["w", w],
    ["b", b],
  ]);
  const gradients = (layout: FlatLayout) => {
    const { value, grads } = tf.variableGrads(loss, [w, b]);
    const flat = layout.flatten({ w: grads[w.name], b: grads[b.name] });
    tf.dispose([value, grads]);
    return flat;
  };
  return { parameters, gradients, tensors: [w, b, x, y] };
}

const OPTIONS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1, maxGradNorm: 1 };

describe("AdamW", () => {
  it.each([1 << 24, 4, 3])("equals PyTorch step by step, with buckets of at most %d numbers", (limit) => {
    const before = tf.memory().numTensors;
    const { parameters, gradients, tensors } = problem();
    const layout = new FlatLayout(parameters, limit);
    expect(layout.buckets).toHaveLength(limit <= 4 ? 2 : 1);
    const optimizer = new AdamW(layout, OPTIONS);
    for (const expected of TORCH) {
      const norm = optimizer.update(gradients(layout), 0.05);
      expect(Math.abs(norm - expected.norm)).toBeLessThan(1e-4);
      values(parameters).forEach((v, i) => {
        expect(Math.abs(v - (expected.values[i] ?? NaN))).toBeLessThan(2e-6);
      });
    }
    optimizer.dispose();
    tf.dispose(tensors);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("goes on exactly from a saved state", () => {
    const run = (interrupt: boolean) => {
      const { parameters, gradients, tensors } = problem();
      const layout = new FlatLayout(parameters);
      let optimizer = new AdamW(layout, OPTIONS);
      for (let step = 0; step < 6; step++) {
        if (interrupt && step === 3) {
          const saved = optimizer;
          optimizer = new AdamW(layout, OPTIONS);
          optimizer.load(saved.save());
          saved.dispose();
        }
        optimizer.update(gradients(layout), 0.05);
      }
      const out = values(parameters);
      optimizer.dispose();
      tf.dispose(tensors);
      return out;
    };
    expect(run(true)).toEqual(run(false));
  });

  it("takes no state of another layout, and is then as it was", () => {
    const { parameters, tensors } = problem();
    const optimizer = new AdamW(new FlatLayout(parameters), OPTIONS);
    const { moments } = optimizer.save();
    const [first] = moments;
    for (const foreign of [
      [{ ...first!, size: 3, data: () => expect.unreachable("read in vain") }, ...moments.slice(1)],
      moments.slice(1),
      [...moments, { ...first!, name: "first.9" }],
    ]) {
      expect(optimizer.load({ step: 7, moments: foreign })).toBe(false);
    }
    expect(optimizer.steps).toBe(0);
    expect(optimizer.load({ step: 7, moments })).toBe(true);
    optimizer.dispose();
    tf.dispose(tensors);
  });

  it("keeps none of the arrays that it loads: a large model's would all be there at once", () => {
    const { parameters, tensors } = problem();
    const optimizer = new AdamW(new FlatLayout(parameters, 4), OPTIONS);
    const half = (size: number) => new Float32Array(size).fill(0.5);
    const moments = optimizer.save().moments.map((moment) => ({ ...moment, data: () => half(moment.size) }));
    expect(optimizer.load({ step: 1, moments })).toBe(true);
    const loaded = optimizer.save().moments;
    expect(loaded.map(({ data }) => data())).toEqual([half(4), half(2), half(4), half(2)]);
    // a tensor that lies in an array hands out that one each time
    for (const { data } of loaded) expect(data()).not.toBe(data());
    optimizer.dispose();
    tf.dispose(tensors);
  });

  it("has the same bits however a huge parameter is cut, with decay and rates of its own", () => {
    const random = new Random("pieces");
    const draw = (size: number) => Float32Array.from({ length: size }, () => random.normal(0, 0.1));
    const [start, gradient] = [draw(1003), draw(1003)];
    const run = (limit: number) => {
      const huge = tf.variable(tf.tensor2d(start, [17, 59]));
      const layout = new FlatLayout(new Map<string, tf.Variable>([["huge", huge]]), limit);
      const optimizer = new AdamW(layout, { ...OPTIONS, rateOf: () => 0.3 });
      for (let step = 0; step < 3; step++) optimizer.update([tf.tensor1d(gradient)], 0.05);
      const moments = optimizer.save().moments.map(({ data }) => [...data()]);
      const out = [[...huge.dataSync()], ...moments];
      optimizer.dispose();
      huge.dispose();
      return out;
    };
    const whole = run(1 << 24);
    for (const limit of [1000, 256, 7]) expect(run(limit)).toEqual(whole);
  });

  it("multiplies a bucket's parameters by a number each, and leaves no tensor behind", () => {
    const before = tf.memory().numTensors;
    const { parameters, tensors } = problem();
    const layout = new FlatLayout(parameters);
    const factors = new Factors(layout, (name) => (name === "w" ? 2 : 0.5));
    const ones = tf.ones<tf.Rank.R1>([6]);
    for (let again = 0; again < 2; again++) {
      const product = factors.times(ones, 0);
      expect([...product.dataSync()]).toEqual([2, 2, 2, 2, 0.5, 0.5]);
      product.dispose();
    }
    factors.dispose();
    tf.dispose([...tensors, ones]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("has the same bits in buckets that are mixed, each with decays and rates of its own, and leaves no tensor behind", () => {
    const before = tf.memory().numTensors;
    const ones = (shape: number[]) => tf.tidy(() => tf.variable(tf.ones(shape)));
    const layout = (limit: number) => {
      const shapes = { a: [1, 2], b: [1], c: [2, 1], d: [1] };
      const variables = Object.entries(shapes).map(([name, shape]) => [name, ones(shape)] as const);
      return new FlatLayout(new Map<string, tf.Variable>(variables), limit);
    };
    const rates: Readonly<Record<string, number>> = { a: 2, b: 3, c: 5, d: 7 };
    const rateOf = (name: string) => rates[name] ?? NaN;
    const run = (limit: number, cut: readonly (readonly number[])[]) => {
      const made = layout(limit);
      const optimizer = new AdamW(made, { ...OPTIONS, maxGradNorm: null, rateOf });
      for (let step = 0; step < 3; step++)
        optimizer.update(
          cut.map((g) => tf.tensor1d([...g])),
          0.05,
        );
      const out = values(made.parameters);
      optimizer.dispose();
      tf.dispose([...made.parameters.values()]);
      return out;
    };
    expect(run(3, [[1, -2, 3], [4, 5, -6]])).toEqual(run(6, [[1, -2, 3, 4, 5, -6]])); // prettier-ignore

    const made = layout(3);
    const factors = new Factors(made, rateOf);
    const vector = tf.ones<tf.Rank.R1>([3]);
    const products = [0, 1, 0].map((bucket) => factors.times(vector, bucket));
    expect(products.map((product) => [...product.dataSync()])).toEqual([[2, 2, 3], [5, 5, 7], [2, 2, 3]]); // prettier-ignore
    factors.dispose();
    tf.dispose([...products, vector, ...made.parameters.values()]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("measures the global norm over all buckets: √(3² + 4² + 12²) = 13", () => {
    const flat = [tf.tensor1d([3, 4]), tf.tensor1d([12])];
    expect(globalNorm(flat)).toBeCloseTo(13, 5);
    tf.dispose(flat);
  });
});
