import * as tf from "@tensorflow/tfjs-core";
import { FlatLayout } from "./flat";

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

/** The moments of one bucket, for checkpoints. */
export interface AdamWState {
  readonly step: number;
  readonly moments: readonly { readonly name: string; readonly data: Float32Array }[];
}

/** AdamW (Loshchilov & Hutter, 2019) over a flat layout, with clipping by the global norm. Owns its moments. */
export class AdamW {
  private step_ = 0;
  private first: tf.Tensor1D[];
  private second: tf.Tensor1D[];
  private readonly decay: tf.Tensor1D[];
  private readonly rates: tf.Tensor1D[] | undefined;

  constructor(
    private readonly layout: FlatLayout,
    private readonly options: AdamWOptions = ADAMW_DEFAULTS,
  ) {
    const zeros = () => layout.buckets.map((bucket) => tf.zeros<tf.Rank.R1>([layout.sizeOf(bucket)]));
    this.first = zeros();
    this.second = zeros();
    this.decay = spread(layout, (_, v) => (v.rank < 2 ? 0 : options.weightDecay));
    this.rates = options.rateOf === undefined ? undefined : spread(layout, options.rateOf);
  }

  /** How many updates have been made. */
  get steps(): number {
    return this.step_;
  }

  /**
   * One update. Takes ownership of the flat gradients, which must be finite.
   * @param norm their global norm, where it is known already
   * @returns the global gradient norm before clipping
   */
  update(gradients: readonly tf.Tensor1D[], learningRate: number, norm = globalNorm(gradients)): number {
    const { beta1, beta2, epsilon, maxGradNorm } = this.options;
    const scale = maxGradNorm !== null && norm > maxGradNorm ? maxGradNorm / (norm + 1e-6) : 1;
    this.step_ += 1;
    const rate = learningRate / (1 - beta1 ** this.step_);
    const correction = 1 / (1 - beta2 ** this.step_);
    const parameters = this.layout.flattenParameters();
    const next = parameters.map((theta, i) => {
      const [first, second, updated] = tf.tidy(() => {
        const { add, mul } = tf;
        const g = scale === 1 ? at(gradients, i) : mul<tf.Tensor1D>(at(gradients, i), scale);
        const m = add<tf.Tensor1D>(mul(at(this.first, i), beta1), mul(g, 1 - beta1));
        const v = add<tf.Tensor1D>(mul(at(this.second, i), beta2), mul(tf.square(g), 1 - beta2));
        const moved = mul(tf.div(m, add(tf.sqrt(mul(v, correction)), epsilon)), rate);
        const change = add(moved, mul(mul(theta, at(this.decay, i)), learningRate));
        const scaled = this.rates === undefined ? change : mul(change, at(this.rates, i));
        return [m, v, tf.sub<tf.Tensor1D>(theta, scaled)] as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
      });
      tf.dispose([at(this.first, i), at(this.second, i), theta, at(gradients, i)]);
      this.first[i] = first;
      this.second[i] = second;
      return updated;
    });
    this.layout.assign(next);
    tf.dispose(next);
    return norm;
  }

  /** The state as plain arrays. */
  save(): AdamWState {
    const entries = (kind: string, tensors: readonly tf.Tensor1D[]) =>
      tensors.map((t, i) => ({ name: `${kind}.${i}`, data: t.dataSync<"float32">() }));
    return { step: this.step_, moments: [...entries("first", this.first), ...entries("second", this.second)] };
  }

  /** Puts back a saved state. @returns whether it was of this layout; if not, nothing has changed */
  load(state: AdamWState): boolean {
    const saved = new Map(state.moments.map(({ name, data }) => [name, data]));
    const dataOf = (kind: string, tensors: readonly tf.Tensor1D[]) =>
      tensors.flatMap(({ size }, i) => {
        const data = saved.get(`${kind}.${i}`);
        return data?.length === size ? [data] : [];
      });
    const [first, second] = [dataOf("first", this.first), dataOf("second", this.second)];
    const whole = first.length === this.first.length && second.length === this.second.length;
    if (!whole || saved.size !== first.length + second.length) return false;
    tf.dispose([this.first, this.second]);
    this.first = first.map((data) => tf.tensor1d(data, "float32"));
    this.second = second.map((data) => tf.tensor1d(data, "float32"));
    this.step_ = state.step;
    return true;
  }

  dispose(): void {
    tf.dispose([this.first, this.second, this.decay, this.rates ?? []]);
  }
}

/** The Euclidean norm of all gradients together. Waits for the computation. */
export function globalNorm(gradients: readonly tf.Tensor1D[]): number {
  const squared = tf.tidy(() => tf.addN(gradients.map((g) => tf.sum(tf.square(g)))));
  const value = squared.dataSync()[0] ?? 0;
  squared.dispose();
  return Math.sqrt(value);
}

/** One number per parameter, spread over its scalars. */
function spread(layout: FlatLayout, of: (name: string, variable: tf.Variable) => number): tf.Tensor1D[] {
  return tf.tidy(() =>
    layout.flatten(
      Object.fromEntries([...layout.parameters].map(([name, v]) => [name, tf.fill(v.shape, of(name, v))])),
    ),
  );
}

function at<T>(list: readonly T[], index: number): T {
  return list[index] as T;
}
