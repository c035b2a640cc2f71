import * as tf from "@tensorflow/tfjs-core";
import { settled } from "../core/backend";
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
   * One update, bucket by bucket. Frees the flat gradients as it goes, which must be finite. After a throw those that are left are the
   * caller's, and the weights are of no use: some have been moved, and some not.
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
      [this.first[i], this.second[i]] = tf.tidy(() => {
        const theta = this.layout.joinParameters(bucket);
        const before: Before = [theta, at(gradients, i), at(this.first, i), at(this.second, i)];
        const [after, ...moments] = inPieces(before, this.layout.limit, (piece) => this.next(piece, i, numbers));
        this.layout.assign(bucket, after);
        return moments;
      });
    });
    return norm;
  }

  /** Parameters and moments after the update. @param bucket whose factors hold; one that is cut into pieces is one parameter */
  private next([theta, gradient, first, second]: Before, bucket: number, numbers: UpdateNumbers): After {
    const { beta1, beta2, epsilon } = this.options;
    const { scale, learningRate, rate, correction } = numbers;
    const { add, mul } = tf;
    const g = scale === 1 ? gradient : mul<tf.Tensor1D>(gradient, scale);
    const m = add<tf.Tensor1D>(mul(first, beta1), mul(g, 1 - beta1));
    const v = add<tf.Tensor1D>(mul(second, beta2), mul(tf.square(g), 1 - beta2));
    const step = mul(tf.div(m, add(tf.sqrt(mul(v, correction)), epsilon)), rate);
    const change = add<tf.Tensor1D>(step, mul(this.decay.times(theta, bucket), learningRate));
    const scaled = this.rates?.times(change, bucket) ?? change;
    return [tf.sub<tf.Tensor1D>(theta, scaled), m, v];
  }

  /** The state. Its vectors are read when they are asked for, which must be before the next update, load or disposal. */
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
        tensors[i] = settled(tf.tensor1d((saved.get(`${kind}.${i}`) as Moment).data(), "float32"));
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

/** Of a bucket or a piece of it. */
type Before = [theta: tf.Tensor1D, gradient: tf.Tensor1D, first: tf.Tensor1D, second: tf.Tensor1D];
type After = [theta: tf.Tensor1D, first: tf.Tensor1D, second: tf.Tensor1D];

/**
 * Computes vectors, number by number, from vectors of the same length: at most `limit` numbers at a time, so that what arises on the way
 * stays small where one parameter is huge. Each number is the same however it is cut. Frees the operands. Runs within `tf.tidy`.
 */
function inPieces(operands: Before, limit: number, compute: (operands: Before) => After): After {
  const { size } = operands[0];
  const pieces: After[] = [];
  for (let from = 0; from < size; from += limit) {
    const cut = (whole: tf.Tensor1D) => (size <= limit ? whole : tf.slice(whole, from, Math.min(limit, size - from)));
    const [theta, gradient, first, second] = operands;
    pieces.push(tf.tidy(() => compute([cut(theta), cut(gradient), cut(first), cut(second)])));
  }
  tf.dispose(operands);
  const joined = (parts: tf.Tensor1D[]) => {
    const whole = tf.concat1d(parts);
    tf.dispose(parts);
    return whole;
  };
  return [
    joined(pieces.map(([theta]) => theta)),
    joined(pieces.map(([, first]) => first)),
    joined(pieces.map(([, , second]) => second)),
  ];
}

/** The Euclidean norm of all gradients together. Waits for the computation. */
export function globalNorm(gradients: readonly tf.Tensor1D[]): number {
  return Math.sqrt(
    tf.tidy(() => tf.addN(gradients.map((g) => tf.tidy(() => tf.sum(tf.square(g))))).dataSync()[0] ?? 0),
  );
}

function at<T>(list: readonly T[], index: number): T {
  return list[index] as T;
}
