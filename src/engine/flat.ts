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
    limit = 1 << 24,
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

  /** Named tensors as one vector a bucket; a missing tensor counts as zeros. The caller owns the vectors. */
  flatten(tensors: Readonly<Record<string, tf.Tensor | null | undefined>>): tf.Tensor1D[] {
    return this.buckets.map((bucket) =>
      tf.tidy(() =>
        tf.concat1d(
          bucket.map((name) => tensors[name]?.reshape<tf.Tensor1D>([-1]) ?? tf.zeros([this.variable(name).size])),
        ),
      ),
    );
  }

  /** The parameters themselves as one vector a bucket. The caller owns the vectors. */
  flattenParameters(): tf.Tensor1D[] {
    return this.flatten(Object.fromEntries(this.parameters));
  }

  /** Assigns one vector a bucket back to the parameters. The caller keeps the vectors. */
  assign(vectors: readonly tf.Tensor1D[]): void {
    this.buckets.forEach((bucket, index) => {
      const sizes = bucket.map((name) => this.variable(name).size);
      const vector = vectors[index] as tf.Tensor1D;
      const pieces = tf.split(vector, sizes);
      bucket.forEach((name, i) => {
        const variable = this.variable(name);
        const piece = pieces[i] as tf.Tensor;
        const shaped = piece.reshape(variable.shape);
        variable.assign(shaped);
        tf.dispose([piece, shaped]);
      });
    });
  }

  private variable(name: string): tf.Variable {
    const variable = this.parameters.get(name);
    if (variable === undefined) throw new RangeError(`no parameter ${name}`);
    return variable;
  }
}
