import type * as tf from "@tensorflow/tfjs-core";
import { nativeRunner, type NativeRunner, type OpAttribute } from "./native";
import type { Ops } from "./opsContract";

let made: Ops | undefined;

/** `Ops` in raw TensorFlow operations of the native backend. */
export function nativeOps(): Ops {
  return (made ??= { ...elementwise(nativeRunner()), ...products(nativeRunner()), ...layout(nativeRunner()) });
}

type Elementwise = Pick<Ops, "add" | "sub" | "mul" | "affine" | "square" | "inverseRoot" | "sigmoid" | "exp" | "erf">;
type Products = Pick<Ops, "sum" | "mean" | "softmax" | "logSoftmax" | "matMul" | "batchMatMul">;
type Layout = Omit<Ops, keyof Elementwise | keyof Products>;

function elementwise(tfRun: NativeRunner): Elementwise {
  const float = [tfRun.float];
  const unary =
    (name: string) =>
    (a: tf.Tensor): tf.Tensor =>
      tfRun.run(name, float, [a]);
  const binary =
    (name: string) =>
    (a: tf.Tensor, b: tf.TensorInfo): tf.Tensor =>
      tfRun.run(name, float, [a, b]);
  const add = binary("AddV2");
  const mul = binary("Mul");
  return {
    add,
    mul,
    sub: binary("Sub"),
    square: unary("Square"),
    inverseRoot: (a) => {
      const root = tfRun.run("Sqrt", float, [a]);
      const result = tfRun.run("RealDiv", float, [tfRun.number(1), root]);
      root.dispose();
      return result;
    },
    sigmoid: unary("Sigmoid"),
    exp: unary("Exp"),
    erf: unary("Erf"),
    affine: (a, factor, offset) => {
      if (offset === 0) return mul(a, tfRun.number(factor));
      if (factor === 1) return add(a, tfRun.number(offset));
      const scaled = mul(a, tfRun.number(factor));
      const result = add(scaled, tfRun.number(offset));
      scaled.dispose();
      return result;
    },
  };
}

function products(tfRun: NativeRunner): Products {
  const float = [tfRun.float];
  const reduction = (name: string): Products["sum"] => {
    const attributes = [true, false].map((keep) => [
      tfRun.flag("keep_dims", keep),
      tfRun.float,
      tfRun.type("Tidx", "int32"),
    ]);
    return (a, axis, keep) => tfRun.run(name, attributes[keep ? 0 : 1] ?? [], [a, tfRun.integers([axis])]);
  };
  const product = (name: string, flags: readonly [string, string]): Products["matMul"] => {
    const attributes: OpAttribute[][] = [0, 1, 2, 3].map((bits) => [
      tfRun.flag(flags[0], (bits & 1) === 1),
      tfRun.flag(flags[1], (bits & 2) === 2),
      tfRun.float,
    ]);
    return (a, b, transposeA = false, transposeB = false) =>
      tfRun.run(name, attributes[(transposeA ? 1 : 0) + (transposeB ? 2 : 0)] ?? [], [a, b]);
  };
  return {
    sum: reduction("Sum"),
    mean: reduction("Mean"),
    softmax: (a) => {
      const logs = tfRun.run("LogSoftmax", float, [a]);
      const result = tfRun.run("Exp", float, [logs]);
      logs.dispose();
      return result;
    },
    logSoftmax: (a) => tfRun.run("LogSoftmax", float, [a]),
    matMul: product("MatMul", ["transpose_a", "transpose_b"]),
    batchMatMul: product("BatchMatMulV2", ["adj_x", "adj_y"]),
  };
}

function layout(tfRun: NativeRunner): Layout {
  const int = (name: string): OpAttribute => tfRun.type(name, "int32");
  const reshape = [tfRun.float, int("Tshape")];
  const transpose = [tfRun.float, int("Tperm")];
  const gather = [tfRun.type("Tparams", "float32"), int("Tindices"), int("Taxis"), tfRun.count("batch_dims", 0)];
  const scatter = [tfRun.float, int("Tindices"), int("Tnumsegments")];
  const oneHot = [tfRun.float, int("TI"), tfRun.count("axis", -1)];
  return {
    reshape: (a, shape) => tfRun.run("Reshape", reshape, [a, tfRun.integers(shape)]),
    transpose: (a, permutation) => tfRun.run("Transpose", transpose, [a, tfRun.integers(permutation)]),
    concat: (parts, axis) =>
      tfRun.run(
        "ConcatV2",
        [tfRun.count("N", parts.length), tfRun.float, int("Tidx")],
        [...parts, tfRun.integer(axis)],
      ),
    split: (a, sizes, axis) =>
      tfRun.runMany(
        "SplitV",
        [tfRun.count("num_split", sizes.length), tfRun.float, int("Tlen")],
        [a, tfRun.integers(sizes), tfRun.integer(axis)],
        sizes.length,
      ),
    gather: (a, indices) => tfRun.run("GatherV2", gather, [a, indices, tfRun.integer(0)]),
    scatterAdd: (a, indices, rows) => tfRun.run("UnsortedSegmentSum", scatter, [a, indices, tfRun.integer(rows)]),
    oneHot: (indices, classes) =>
      tfRun.run("OneHot", oneHot, [indices, tfRun.integer(classes), tfRun.number(1), tfRun.number(0)]),
  };
}
