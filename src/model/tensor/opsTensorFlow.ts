import type { Ops } from "./opsContract";

/** The value of an attribute of a TensorFlow operation: a type, a flag, or an integer. */
export type AttributeValue = "float32" | "int32" | boolean | number;
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** What carries out TensorFlow operations by name: at once, or by writing them into a graph. C are small constants. */
export interface OpRunner<V extends C, C> {
  /** An operation with one output. */
  op(name: string, attributes: Attributes): (...inputs: readonly C[]) => V;
  /** An operation with several. */
  split(name: string, attributes: Attributes, outputs: number): (...inputs: readonly C[]) => V[];
  /** An int32 vector. */
  integers(values: readonly number[]): C;
  integer(value: number): C;
  number(value: number): C;
  zeros(shape: readonly number[]): V;
  /** Frees what a composed operation needs no longer. */
  free(value: V): void;
}

const T = "float32";

/** `Ops` in TensorFlow's own operations. */
export function tensorFlowOps<V extends C, C>(run: OpRunner<V, C>): Ops<V> {
  return { ...elementwise(run), ...reductions(run), ...products(run), ...layout(run) };
}

type Elementwise = "add" | "sub" | "mul" | "affine" | "square" | "inverseRoot" | "sigmoid" | "exp" | "erf";
type Reductions = "sum" | "mean" | "softmax" | "logSoftmax";
type Products = "matMul" | "batchMatMul";

function elementwise<V extends C, C>(run: OpRunner<V, C>): Pick<Ops<V>, Elementwise> {
  const [add, mul, root, divide] = [
    run.op("AddV2", { T }),
    run.op("Mul", { T }),
    run.op("Sqrt", { T }),
    run.op("DivNoNan", { T }),
  ];
  return {
    add,
    mul,
    sub: run.op("Sub", { T }),
    square: run.op("Square", { T }),
    // in a graph TensorFlow would make `Rsqrt` of a plain division by a root, and `Reciprocal` of 1 / x
    inverseRoot: (a) => freeing(run, root(a), (x) => divide(run.number(1), x)),
    sigmoid: run.op("Sigmoid", { T }),
    exp: run.op("Exp", { T }),
    erf: run.op("Erf", { T }),
    affine: (a, factor, offset) => {
      if (offset === 0) return mul(a, run.number(factor));
      if (factor === 1) return add(a, run.number(offset));
      return freeing(run, mul(a, run.number(factor)), (x) => add(x, run.number(offset)));
    },
  };
}

function reductions<V extends C, C>(run: OpRunner<V, C>): Pick<Ops<V>, Reductions> {
  const over = (name: string): Ops<V>["sum"] => {
    const kept = run.op(name, { T, Tidx: "int32", keep_dims: true });
    const dropped = run.op(name, { T, Tidx: "int32", keep_dims: false });
    return (a, axis, keep) => (keep ? kept : dropped)(a, run.integers([axis]));
  };
  const [exp, logSoftmax] = [run.op("Exp", { T }), run.op("LogSoftmax", { T })];
  return {
    sum: over("Sum"),
    mean: over("Mean"),
    softmax: (a) => freeing(run, logSoftmax(a), (x) => exp(x)),
    logSoftmax,
  };
}

function products<V extends C, C>(run: OpRunner<V, C>): Pick<Ops<V>, Products> {
  const product = (name: string, left: string, right: string): Ops<V>["matMul"] => {
    const turning = (a: boolean, b: boolean) => run.op(name, { T, [left]: a, [right]: b });
    const [plain, turnA, turnB, both] = [
      turning(false, false),
      turning(true, false),
      turning(false, true),
      turning(true, true),
    ];
    return (a, b, transposeA = false, transposeB = false) =>
      transposeA ? (transposeB ? both : turnA)(a, b) : (transposeB ? turnB : plain)(a, b);
  };
  return {
    matMul: product("MatMul", "transpose_a", "transpose_b"),
    batchMatMul: product("BatchMatMulV2", "adj_x", "adj_y"),
  };
}

function layout<V extends C, C>(run: OpRunner<V, C>): Omit<Ops<V>, Elementwise | Reductions | Products> {
  const gather = run.op("GatherV2", { Tparams: T, Tindices: "int32", Taxis: "int32", batch_dims: 0 });
  const reshape = run.op("Reshape", { T, Tshape: "int32" });
  const roll = run.op("Roll", { T, Tshift: "int32", Taxis: "int32" });
  const scatter = run.op("UnsortedSegmentSum", { T, Tindices: "int32", Tnumsegments: "int32" });
  const oneHot = run.op("OneHot", { T, TI: "int32", axis: -1 });
  return {
    reshape: (a, shape) => reshape(a, run.integers(shape)),
    concat: (parts, axis) => run.op("ConcatV2", { T, Tidx: "int32", N: parts.length })(...parts, run.integer(axis)),
    split: (a, sizes, axis) =>
      run.split("SplitV", { T, Tlen: "int32", num_split: sizes.length }, sizes.length)(
        a,
        run.integers(sizes),
        run.integer(axis),
      ),
    swapHalves: (a, half) => roll(a, run.integer(half), run.integer(1)),
    zeros: (shape) => run.zeros(shape),
    gather: (a, indices) => gather(a, indices, run.integer(0)),
    scatterAdd: (a, indices, rows) => scatter(a, indices, rows),
    oneHot: (indices, classes) => oneHot(indices, run.integer(classes), run.number(1), run.number(0)),
  };
}

function freeing<V extends C, C>(run: OpRunner<V, C>, between: V, last: (between: V) => V): V {
  const result = last(between);
  run.free(between);
  return result;
}
