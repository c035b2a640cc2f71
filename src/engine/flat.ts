import * as tf from "@tensorflow/tfjs-core";

/**
 * Parameters laid end to end in a few long vectors. An optimiser step over hundreds of small tensors is bound by the cost
 * of starting operations; over a few long vectors it is not. A bucket holds at most `limit` numbers (or one larger
 * tensor), so that a 3 B model does not ask for a second copy of itself in one piece.
 */
export class FlatLayout {
  readonly buckets: readonly (readonly string[])[];

  constructor(
    readonly parameters: ReadonlyMap<string, tf.Variable>,
    readonly limit = 1 << 24,
  ) {
    const buckets: string[][] = [];
    let room = 0;
    for (const [name, variable] of parameters) {
      if (variable.size > room || buckets.length === 0) {
        buckets.push([]);
        room = limit;
      }
      buckets[buckets.length - 1]?.push(name);
      room -= variable.size;
    }
    this.buckets = buckets;
  }

  /** Number of scalars in a bucket. */
  sizeOf(bucket: readonly string[]): number {
    return bucket.reduce((total, name) => total + this.variable(name).size, 0);
  }

  /** Named tensors as one vector per bucket; a missing tensor counts as zeros. The caller owns the vectors. */
  flatten(tensors: Readonly<Record<string, tf.Tensor | null | undefined>>): tf.Tensor1D[] {
    return this.buckets.map((bucket) => this.join(bucket, (name) => tensors[name]));
  }

  /** `flatten` for one bucket, so that no more than that need be there twice. The caller owns the vector. */
  join(bucket: readonly string[], tensorOf: (name: string) => tf.Tensor | null | undefined): tf.Tensor1D {
    return tf.tidy(() =>
      tf.concat1d(bucket.map((name) => asVector(tensorOf(name)) ?? tf.zeros<tf.Rank.R1>([this.variable(name).size]))),
    );
  }

  /** A bucket's parameters themselves as a vector. The caller owns it. */
  joinParameters(bucket: readonly string[]): tf.Tensor1D {
    return this.join(bucket, (name) => this.variable(name));
  }

  /** Assigns a bucket's vector back to its parameters. The caller keeps the vector. */
  assign(bucket: readonly string[], vector: tf.Tensor1D): void {
    const pieces = tf.split(
      vector,
      bucket.map((name) => this.variable(name).size),
    );
    bucket.forEach((name, i) => {
      const variable = this.variable(name);
      const piece = pieces[i] as tf.Tensor;
      const shaped = tf.reshape(piece, variable.shape);
      variable.assign(shaped);
      tf.dispose([piece, shaped]);
    });
  }

  /** The values of each parameter's part of the vectors, in the order of the layout. */
  *parts(vectors: readonly Float32Array[]): Generator<{ readonly name: string; readonly values: Float32Array }> {
    for (const [index, bucket] of this.buckets.entries()) {
      const all = vectors[index] as Float32Array;
      let at = 0;
      for (const name of bucket) yield { name, values: all.subarray(at, (at += this.variable(name).size)) };
    }
  }

  /** @throws RangeError where there is none of that name */
  variable(name: string): tf.Variable {
    const variable = this.parameters.get(name);
    if (variable === undefined) throw new RangeError(`no parameter ${name}`);
    return variable;
  }
}

function asVector(tensor: tf.Tensor | null | undefined): tf.Tensor1D | undefined {
  return tensor === null || tensor === undefined ? undefined : tf.reshape<tf.Rank.R1>(tensor, [-1]);
}
