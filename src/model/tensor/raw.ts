import * as tf from "@tensorflow/tfjs-core";
import type { OpAttribute } from "./native";

/** A tensor of the native runtime that the library's engine does not know: no reference count, no scope. */
export type Handle = number;

export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** The binding under the native backend, and the backend's two doors to it that its types call private. */
interface RawBackend {
  readonly binding: {
    readonly TF_FLOAT: number;
    readonly TF_INT32: number;
    createTensor(shape: readonly number[], dtype: number, values: Float32Array | Int32Array): number;
    deleteTensor(id: number): void;
    executeOp(
      name: string,
      attributes: readonly OpAttribute[],
      inputs: readonly Handle[],
      outputs: number,
    ): TensorMetadata[];
  };
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
}

/** The handles of library tensors, valid while those live. */
export function handlesOf(tensors: readonly tf.TensorInfo[]): Handle[] {
  return (tf.backend() as unknown as RawBackend).getInputTensorIds(tensors);
}

/**
 * Runs TensorFlow operations on bare handles, which costs half of what library tensors cost; decoding, one token a
 * step, is made of nothing but such small operations. What `run` makes lives until `clear`, unless it is kept.
 */
export class RawArena {
  private readonly backend = tf.backend() as unknown as RawBackend;
  private scratch: Handle[] = [];
  private readonly kept = new Set<Handle>();

  /** The handle of a library tensor, valid while that tensor lives. */
  handleOf(tensor: tf.TensorInfo): Handle {
    const [id] = this.backend.getInputTensorIds([tensor]);
    if (id === undefined) throw new Error("RawArena: no such tensor");
    return id;
  }

  floats(shape: readonly number[], values: Float32Array): Handle {
    return this.note(this.backend.binding.createTensor(shape, this.backend.binding.TF_FLOAT, values));
  }

  integers(shape: readonly number[], values: Int32Array): Handle {
    return this.note(this.backend.binding.createTensor(shape, this.backend.binding.TF_INT32, values));
  }

  run(name: string, attributes: readonly OpAttribute[], inputs: readonly Handle[]): Handle {
    const [made] = this.backend.binding.executeOp(name, attributes, inputs, 1);
    if (made === undefined) throw new Error(`RawArena: ${name} gave nothing`);
    return this.note(made.id);
  }

  /** Keeps a handle until `free`. */
  keep(handle: Handle): Handle {
    this.scratch = this.scratch.filter((other) => other !== handle);
    this.kept.add(handle);
    return handle;
  }

  free(handle: Handle): void {
    if (this.kept.delete(handle)) this.backend.binding.deleteTensor(handle);
  }

  /** Frees what the operations since the last call have made. */
  clear(): void {
    for (const handle of this.scratch) this.backend.binding.deleteTensor(handle);
    this.scratch.length = 0;
  }

  /** Frees everything. */
  dispose(): void {
    this.clear();
    for (const handle of this.kept) this.backend.binding.deleteTensor(handle);
    this.kept.clear();
  }

  private note(handle: Handle): Handle {
    this.scratch.push(handle);
    return handle;
  }
}
