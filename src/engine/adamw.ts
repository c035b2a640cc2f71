import * as tf from "@tensorflow/tfjs-core";
import { Factors } from "./factors";
import type { FlatLayout } from "./flat";

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled weight decay; biases and norms (rank below 2) are not decayed. */
  readonly weightDecay: number;
  /** Gradients are scaled down to this global norm; `null` leaves them alone. */
  readonly maxGradNorm: number | null;
  /** A parameter's own factor on the learning rate, such as a slower vision tower; 1 where absent. */
  readonly rateOf?: (name: string) => number;
}

/** The defaults of PyTorch's AdamW with the gradient clipping of both training scripts of the release. */
export const ADAMW_DEFAULTS: AdamWOptions = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  maxGradNorm: 1,
};

/** The moments, a vector for each bucket, for checkpoints. */
export interface AdamWState {
  readonly step: number;
  readonly moments: readonly Moment[];
}

interface Moment {
  readonly name: string;
  readonly size: number;
  /** Reads it when its turn comes: together, a large model's moments are twice its size. */
  readonly data: () => Float32Array;
}

/** The numbers of one update, for all buckets alike. */
interface UpdateNumbers {
  /** On the gradients, for clipping. */
  readonly scale: number;
  readonly learningRate: number;
  /** The learning rate with the first moment's correction, and the second moment's correction. */
  readonly rate: number;
  readonly correction: number;
}

/** AdamW (Loshchilov & Hutter, 2019) over a flat layout, with clipping by the global norm. Owns its moments. */
export class AdamW {
  private step_ = 0;
  private readonly first: tf.Tensor1D[];
  private readonly second: tf.Tensor1D[];
  private readonly decay: Factors;
  private readonly rates: Factors | undefined;

  constructor(
    private readonly layout: FlatLayout,
    private readonly options: AdamWOptions = ADAMW_DEFAULTS,
  ) {
    const zeros = () => layout.buckets.map((bucket) => tf.zeros<tf.Rank.R1>([layout.sizeOf(bucket)]));
    this.first = zeros();
    this.second = zeros();
    this.decay = new Factors(layout, (_, v) => (v.rank < 2 ? 0 : options.weightDecay));
    this.rates = options.rateOf === undefined ? undefined : new Factors(layout, options.rateOf);
  }

  /** How many updates have been made. */
  get steps(): number {
    return this.step_;
  }

  /**
   * One update, bucket by bucket. Takes ownership of the flat gradients, which must be finite.
   * @param norm their global norm, where it is known already
   * @returns the global gradient norm before clipping
   */
  update(gradients: readonly tf.Tensor1D[], learningRate: number, norm = globalNorm(gradients)): number {
    const { beta1, beta2, maxGradNorm } = this.options;
    this.step_ += 1;
    const numbers: UpdateNumbers = {
      scale: maxGradNorm !== null && norm > maxGradNorm ? maxGradNorm / (norm + 1e-6) : 1,
      learningRate,
      rate: learningRate / (1 - beta1 ** this.step_),
      correction: 1 / (1 - beta2 ** this.step_),
    };
    this.layout.buckets.forEach((bucket, i) => {
      const before = [this.layout.joinParameters(bucket), at(gradients, i), at(this.first, i), at(this.second, i)];
      const [theta, first, second] = inPieces(before, this.layout.limit, (operands) =>
        this.moved(operands as Four, i, numbers),
      ) as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
      this.first[i] = first;
      this.second[i] = second;
      this.layout.assign(bucket, theta);
      theta.dispose();
    });
    return norm;
  }

  /** Parameters and moments after the update. @param bucket whose factors hold; one that is cut into pieces is one parameter */
  private moved([theta, gradient, first, second]: Four, bucket: number, numbers: UpdateNumbers): tf.Tensor1D[] {
    const { beta1, beta2, epsilon } = this.options;
    const { scale, learningRate, rate, correction } = numbers;
    const { add, mul } = tf;
    const g = scale === 1 ? gradient : mul<tf.Tensor1D>(gradient, scale);
    const m = add<tf.Tensor1D>(mul(first, beta1), mul(g, 1 - beta1));
    const v = add<tf.Tensor1D>(mul(second, beta2), mul(tf.square(g), 1 - beta2));
    const moved = mul(tf.div(m, add(tf.sqrt(mul(v, correction)), epsilon)), rate);
    const change = add<tf.Tensor1D>(moved, mul(this.decay.times(theta, bucket), learningRate));
    const scaled = this.rates?.times(change, bucket) ?? change;
    return [tf.sub<tf.Tensor1D>(theta, scaled), m, v];
  }

  /** The state, read from the moments as they are when it is read. */
  save(): AdamWState {
    const entries = (kind: string, tensors: readonly tf.Tensor1D[]) =>
      tensors.map((t, i) => ({ name: `${kind}.${i}`, size: t.size, data: () => t.dataSync<"float32">() }));
    return { step: this.step_, moments: [...entries("first", this.first), ...entries("second", this.second)] };
  }

  /** Puts back a saved state, a vector at a time. @returns whether it was of this layout; if not, nothing has been read or changed */
  load(state: AdamWState): boolean {
    const saved = new Map(state.moments.map((moment) => [moment.name, moment]));
    const own = this.save().moments;
    if (saved.size !== own.length || own.some(({ name, size }) => saved.get(name)?.size !== size)) return false;
    const put = (kind: string, tensors: tf.Tensor1D[]): void => {
      tensors.forEach((old, i) => {
        tensors[i] = tf.tensor1d((saved.get(`${kind}.${i}`) as Moment).data(), "float32");
        old.dispose();
      });
    };
    put("first", this.first);
    put("second", this.second);
    this.step_ = state.step;
    return true;
  }

  dispose(): void {
    tf.dispose([this.first, this.second]);
    this.decay.dispose();
    this.rates?.dispose();
  }
}

/** Of a bucket or a piece of it: parameters, gradients, and the moments. */
type Four = [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];

/**
 * Computes vectors, number by number, from vectors of the same length: at most `limit` numbers at a time, so that what arises on the way
 * stays small where one parameter is huge. Each number is the same however it is cut. Frees the operands.
 */
function inPieces(
  operands: readonly tf.Tensor1D[],
  limit: number,
  compute: (operands: readonly tf.Tensor1D[]) => tf.Tensor1D[],
): tf.Tensor1D[] {
  const size = operands[0]?.size ?? 0;
  const pieces: tf.Tensor1D[][] = [];
  for (let from = 0; from < size; from += limit) {
    const cut = (whole: tf.Tensor1D) => (size <= limit ? whole : tf.slice(whole, from, Math.min(limit, size - from)));
    pieces.push(tf.tidy(() => compute(operands.map(cut))));
  }
  tf.dispose([...operands]);
  return (pieces[0] ?? []).map((_, k) => {
    const parts = pieces.map((piece) => at(piece, k));
    const whole = tf.concat1d(parts);
    tf.dispose(parts);
    return whole;
  });
}

/** The Euclidean norm of all gradients together. Waits for the computation. */
export function globalNorm(gradients: readonly tf.Tensor1D[]): number {
  const squared = tf.tidy(() => tf.addN(gradients.map((g) => tf.tidy(() => tf.sum(tf.square(g))))));
  const value = squared.dataSync()[0] ?? 0;
  squared.dispose();
  return Math.sqrt(value);
}

function at<T>(list: readonly T[], index: number): T {
  return list[index] as T;
}
