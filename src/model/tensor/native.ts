import * as tf from "@tensorflow/tfjs-core";
import type { Attributes, AttributeValue, OpRunner } from "./opsTensorFlow";

/** One attribute of a TensorFlow operation, as the binding takes it. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string;
}

/** What the native backend offers beyond `KernelBackend`; its own types come with the whole tfjs union package. */
interface NativeBackend {
  readonly binding: {
    readonly TF_FLOAT: number;
    readonly TF_INT32: number;
    readonly TF_ATTR_TYPE: number;
    readonly TF_ATTR_BOOL: number;
    readonly TF_ATTR_INT: number;
  };
  executeSingleOutput(name: string, attributes: readonly OpAttribute[], inputs: readonly tf.TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
  write(values: Int32Array | Float32Array, shape: number[], dtype: "int32" | "float32"): tf.DataId;
  disposeData(dataId: tf.DataId, force?: boolean): boolean;
}

/** Constants kept at most: shapes differ from batch to batch, so the table is emptied when it has grown this far. */
const MAX_CONSTANTS = 4096;

/**
 * Runs TensorFlow operations by name on the native backend. Small integer operands (axes, shapes, permutations) are
 * made once and kept outside the engine's books, so that tensor counts show only tensors that somebody owns.
 */
export class NativeRunner implements OpRunner<tf.Tensor, tf.TensorInfo> {
  private readonly backend = tf.backend() as unknown as NativeBackend;
  private readonly constants = new Map<string, tf.TensorInfo>();

  attributes(values: Attributes): OpAttribute[] {
    return Object.entries(values).map(([name, value]) => this.attribute(name, value));
  }

  op(name: string, attributes: Attributes): (...inputs: readonly tf.TensorInfo[]) => tf.Tensor {
    const given = this.attributes(attributes);
    return (...inputs) => this.backend.executeSingleOutput(name, given, inputs);
  }

  split(name: string, attributes: Attributes, outputs: number): (...inputs: readonly tf.TensorInfo[]) => tf.Tensor[] {
    const given = this.attributes(attributes);
    return (...inputs) => this.backend.executeMultipleOutputs(name, given, inputs, outputs);
  }

  zeros(shape: readonly number[]): tf.Tensor {
    return tf.zeros([...shape]);
  }

  free(value: tf.Tensor): void {
    value.dispose();
  }

  /** An int32 vector. */
  integers(values: readonly number[]): tf.TensorInfo {
    return this.constant(`i${values.join()}`, () => Int32Array.from(values), [values.length], "int32");
  }

  /** An int32 scalar. */
  integer(value: number): tf.TensorInfo {
    return this.constant(`s${value}`, () => Int32Array.of(value), [], "int32");
  }

  /** A float32 scalar. */
  number(value: number): tf.TensorInfo {
    return this.constant(`f${value}`, () => Float32Array.of(value), [], "float32");
  }

  private attribute(name: string, value: AttributeValue): OpAttribute {
    const { binding } = this.backend;
    if (typeof value === "boolean") return { name, type: binding.TF_ATTR_BOOL, value };
    if (typeof value === "number") return { name, type: binding.TF_ATTR_INT, value };
    return { name, type: binding.TF_ATTR_TYPE, value: value === "float32" ? binding.TF_FLOAT : binding.TF_INT32 };
  }

  private constant(
    key: string,
    values: () => Int32Array | Float32Array,
    shape: number[],
    dtype: "int32" | "float32",
  ): tf.TensorInfo {
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    if (this.constants.size >= MAX_CONSTANTS) this.forget();
    const made = { dataId: this.backend.write(values(), shape, dtype), shape, dtype };
    this.constants.set(key, made);
    return made;
  }

  private forget(): void {
    for (const { dataId } of this.constants.values()) this.backend.disposeData(dataId, true);
    this.constants.clear();
  }
}

let runner: NativeRunner | undefined;

/** The runner of this process's native backend. */
export function nativeRunner(): NativeRunner {
  return (runner ??= new NativeRunner());
}
