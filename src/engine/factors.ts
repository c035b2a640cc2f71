import * as tf from "@tensorflow/tfjs-core";
import type { FlatLayout } from "./flat";

/**
 * A number for each parameter of a layout, to multiply flat vectors by. It is kept as runs of equal numbers: at full length they would be
 * another copy of the model. The vector that was spread out last stays, so that a model of one bucket is spared the work. Owns it.
 */
export class Factors {
  private readonly runs: readonly (readonly { readonly value: number; readonly size: number }[])[];
  private spread: { readonly bucket: number; readonly vector: tf.Tensor1D } | undefined;

  constructor(layout: FlatLayout, of: (name: string, variable: tf.Variable) => number) {
    this.runs = layout.buckets.map((bucket) => {
      const runs: { value: number; size: number }[] = [];
      for (const name of bucket) {
        const variable = layout.variable(name);
        const value = of(name, variable);
        const last = runs.at(-1);
        if (last?.value === value) last.size += variable.size;
        else runs.push({ value, size: variable.size });
      }
      return runs;
    });
  }

  /** Each number of a bucket's vector times that of its parameter. A piece of the vector will do where the parameters' are all alike. */
  times(vector: tf.Tensor1D, bucket: number): tf.Tensor1D {
    const runs = this.runs[bucket] ?? [];
    return tf.mul(vector, runs.length === 1 ? (runs[0]?.value ?? 1) : this.vectorOf(bucket));
  }

  dispose(): void {
    this.spread?.vector.dispose();
  }

  private vectorOf(bucket: number): tf.Tensor1D {
    if (this.spread?.bucket === bucket) return this.spread.vector;
    this.spread?.vector.dispose();
    const fill = ({ value, size }: { value: number; size: number }) => tf.fill<tf.Rank.R1>([size], value);
    const vector = tf.keep(tf.tidy(() => tf.concat1d((this.runs[bucket] ?? []).map(fill))));
    this.spread = { bucket, vector };
    return vector;
  }
}
