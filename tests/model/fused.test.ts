import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it, vi } from "vitest";
import { attentionPlan, type Span } from "../../src/model/tensor/attentionPlan";
import { fused } from "../../src/model/tensor/fused";
import { GraphProgram } from "../../src/model/tensor/graph";
import { disposeTensors } from "../../src/model/tensor/nested";
import { tinyModel, variedPrompts, words } from "./qwenFixture";

interface Operands {
  readonly x: tf.Tensor;
  readonly maps: readonly { readonly weight: tf.Tensor; readonly bias?: tf.Tensor }[];
  readonly factor: number;
}

/** factor·x through some maps, and the sum of each row of that. */
const chain = fused<Operands, { y: tf.Tensor; rows: readonly tf.Tensor[] }>((o, { x, maps, factor }) => {
  const y = maps.reduce(
    (value, { weight, bias }) => {
      const product = o.matMul(value, weight, false, true);
      return bias === undefined ? product : o.add(product, bias);
    },
    o.affine(x, factor, 0),
  );
  return { y, rows: [o.sum(y, 1, false)] };
});

/** Makes the backend look like one on a GPU, where formulas run operation by operation. */
function eagerly<T>(work: () => T): T {
  const backend = tf.backend() as unknown as { isUsingGpuDevice: boolean };
  backend.isUsingGpuDevice = true;
  try {
    return work();
  } finally {
    backend.isUsingGpuDevice = false;
  }
}

describe("a fused formula", () => {
  const weight = (): tf.Tensor => tf.tensor2d([1, 2, 3, 4], [2, 2]);

  it("runs on nested operands of any shape, gives what is asked for, and leaves nothing behind", () => {
    const before = tf.memory().numTensors;
    const runs = vi.spyOn(GraphProgram.prototype, "run");
    for (const run of [<T>(work: () => T): T => work(), eagerly]) {
      for (const [rows, scale] of [
        [1, 1],
        [3, 2],
      ] as const) {
        const x = tf.fill([rows, 2], scale);
        const operands = {
          x,
          maps: [{ weight: weight(), bias: tf.tensor1d([5, 6]) }, { weight: weight() }],
          factor: 2,
        };
        // with a = 2·scale: W[a, a] + b = [3a + 5, 7a + 6]; W of that = [17a + 17, 37a + 39]
        const a = 2 * scale;
        const made = run(() => chain(operands, ["rows"]));
        expect(Object.keys(made)).toEqual(["rows"]);
        expect([...made.rows[0]!.dataSync()]).toEqual(Array(rows).fill(54 * a + 56));
        disposeTensors({ operands, made });
      }
    }
    expect(runs).toHaveBeenCalledTimes(2);
    vi.restoreAllMocks();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("has another graph where an operand is absent or a setting differs", () => {
    const x = tf.ones([1, 2]);
    const of = (operands: Omit<Operands, "x">): number[] => {
      const { y } = chain({ x, ...operands }, ["y"]);
      const values = [...y.dataSync()];
      disposeTensors({ operands, y });
      return values;
    };
    expect(of({ maps: [{ weight: weight() }], factor: 1 })).toEqual([3, 7]);
    expect(of({ maps: [{ weight: weight() }], factor: 10 })).toEqual([30, 70]);
    expect(of({ maps: [{ weight: weight(), bias: tf.tensor1d([1, 1]) }], factor: 1 })).toEqual([4, 8]);
    x.dispose();
  });
});

/** TensorFlow rewrites graphs: it would put `Rsqrt` for 1 / √x, whose last digit depends on the processor. */
it.each([
  ["qwen2_5_vl", 0],
  ["qwen2_vl", 1e-5], // here it merges the factors of quick_gelu and of its slope
] as const)("the blocks of %s as graphs compute what their operations do one by one, within %d", (kind, tolerance) => {
  const model = tinyModel(kind);
  const items = variedPrompts().map((prompt, i) => ({ prompt, tokenIds: words(3 + 4 * i, `${i}`) }));
  const variables = [...model.parameters.values()];
  const run = (): Float32Array[] => {
    const batch = model.prepare(items);
    const made = tf.variableGrads(() => tf.sum(model.completionLogProbs(batch)), variables);
    const values = [made.value, ...variables.map(({ name }) => made.grads[name]!)].map((t) => t.dataSync<"float32">());
    batch.dispose();
    disposeTensors(made);
    return values;
  };
  const [graphs, operations] = [run(), eagerly(run)];
  graphs.forEach((values, i) => {
    const others = operations[i]!;
    const largest = others.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
    const furthest = values.reduce((most, value, at) => Math.max(most, Math.abs(value - others[at]!)), 0);
    expect(furthest / largest, variables[i - 1]?.name ?? "loss").toBeLessThanOrEqual(tolerance);
  });
  model.dispose();
});

describe("attention among rows", () => {
  const layout = { heads: 2, kvHeads: 1, headDim: 4 };
  const values = (tensor: tf.Tensor | undefined): number[] => [...(tensor?.dataSync<"int32">() ?? [])];

  it("pads within a group, sees causally, and finds the way back", () => {
    const spans: Span[] = [
      { queries: [0, 1], keys: [0, 1] },
      { queries: [2], keys: [2] },
    ];
    const plan = attentionPlan([spans], 3, layout, { causal: true });
    const [group] = plan.groups;
    // heads of row r are 4r and 4r + 1, its key 4r + 2, its value 4r + 3; [S, kvHeads, head by head · n]
    expect(values(group!.queries)).toEqual([0, 4, 1, 5, 8, 0, 9, 0]);
    expect(values(group!.keys)).toEqual([2, 6, 0, 10]);
    expect(values(group!.values)).toEqual([3, 7, 0, 11]);
    expect(values(plan.merge)).toEqual([0, 2, 1, 3, 4, 6]);
    expect(values(group!.origin)).toEqual([0, 2, 1, 3, 4, 6, 5, 6]);
    // gradients: queries at 0, keys at 8, values at 12
    expect(values(plan.heads)).toEqual([0, 2, 8, 12, 1, 3, 9, 13, 4, 6, 11, 15]);
    const seen = values(group!.bias).map((bias) => (bias === 0 ? 1 : 0));
    expect(seen).toEqual([1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    expect([plan.shared, plan.kept]).toEqual([undefined, undefined]);
    disposeTensors(plan);
  });

  it("lists what several spans read, and the rows that go on", () => {
    const spans = [1, 2].map((row) => ({ queries: [row], keys: [0, row] }));
    const plan = attentionPlan([spans], 3, layout, { causal: true });
    expect(plan.groups[0]!.bias).toBeUndefined(); // each sees its context and itself
    expect(values(plan.kept!.rows)).toEqual([1, 2]);
    // row 0's key (head 2) and value (3): the first span's stand at 4 and 8, the second adds those at 6 and 10
    expect(values(plan.heads).slice(0, 4)).toEqual([12, 12, 4, 8]);
    expect([values(plan.shared!.from), values(plan.shared!.to)]).toEqual([
      [6, 10],
      [2, 3],
    ]);
    disposeTensors(plan);
  });
});
