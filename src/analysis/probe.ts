import * as tf from "@tensorflow/tfjs-core";
import { LabError } from "../core/errors";
import { breathe, check, silent, type Progress, type ProgressTask } from "../core/progress";
import { Random } from "../core/random";
import { ADAMW_DEFAULTS, AdamW } from "../engine/adamw";
import { FlatLayout } from "../engine/flat";
import { wilson, type Score } from "../eval/intervals";
import { requirePoints } from "./points";

/** A vector, such as the mean over a picture's tokens in the last layer, and the class it is of. */
export interface LabelledState {
  readonly label: string;
  /** shape [D] */
  readonly state: Float32Array;
}

export interface ProbeOptions {
  /** Draws the order of the examples. The weights begin at zero, so that it is the only draw. */
  readonly seed: number;
  /** The paper's values (§5.4, H1) are the defaults: 500, 512 and 1e-4. */
  readonly epochs?: number;
  readonly batch?: number;
  readonly learningRate?: number;
  /**
   * Whether coordinates are brought to mean 0 and variance 1 of the training states; false by default. The paper says nothing of it, and it
   * changes the question: from what a linear layer reads off the states as they are to what it could read off rescaled ones.
   */
  readonly standardise?: boolean;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The probe after an epoch. */
export interface ProbeEpoch {
  /** Mean cross-entropy of the training states in nats. Where it still falls at the end, the probe has not seen enough steps. */
  readonly loss: number;
  /** Shares of right classes. */
  readonly train: number;
  readonly test: number;
}

/** Plain JSON. */
export interface Probe {
  readonly epochs: readonly ProbeEpoch[];
  /** The first epoch with the highest test accuracy, as the paper reports it: chosen on test states, and so too high. */
  readonly best: Probed;
  /** Nothing was chosen here. */
  readonly last: Probed;
}

/** What a probe says of the test states after an epoch. */
export interface Probed {
  /** The first one is 1. */
  readonly epoch: number;
  readonly accuracy: Score;
  /** Whether it is right about each of them, in their order. */
  readonly right: readonly boolean[];
}

/**
 * A linear probe (§5.4, H1): softmax(xW + b), trained with Adam on the mean cross-entropy. The loss is convex, so that weights may begin at zero;
 * with small random ones, the few steps of a small set (500 of 1e-4 move no weight by more than 0.05) would hardly outweigh the noise.
 * The same bits everywhere where the engine's products are (environment.md).
 * @throws LabError where there is nothing to learn or to test, or a test class has no training state
 */
export async function linearProbe(
  train: readonly LabelledState[],
  test: readonly LabelledState[],
  options: ProbeOptions,
): Promise<Probe> {
  const { seed, epochs: count = 500, batch = 512, learningRate = 1e-4, standardise = false } = options;
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`linearProbe: ${count} epochs`);
  if (!Number.isInteger(batch) || batch < 1) throw new RangeError(`linearProbe: batches of ${batch}`);
  if (!(learningRate > 0 && learningRate < Infinity)) {
    throw new RangeError(`linearProbe: a learning rate of ${learningRate}`);
  }
  const labels = checkSets(train, test);
  const probe = new Classifier(train[0]?.state.length ?? 0, labels.length);
  let sets: ReturnType<typeof tensorsOf> | undefined;
  let task: ProgressTask | undefined;
  const epochs: ProbeEpoch[] = [];
  let best: Probed | undefined;
  let last: Probed | undefined;
  try {
    sets = tensorsOf(train, test, labels, standardise);
    task = (options.progress ?? silent).start("linear probe", count);
    for (let epoch = 1; epoch <= count; epoch++) {
      check(options.signal);
      const order = new Random(seed).fork(`epoch ${epoch}`).shuffle([...train.keys()]);
      for (let at = 0; at < order.length; at += batch) {
        probe.step(sets.train, order.slice(at, at + batch), learningRate);
      }
      const [trained, tested] = [probe.judge(sets.train), probe.judge(sets.test)];
      epochs.push({ loss: trained.loss, train: shareOf(trained.right), test: shareOf(tested.right) });
      last = { epoch, accuracy: wilson(tested.right.filter(Boolean).length, test.length), right: tested.right };
      if (best === undefined || last.accuracy.value > best.accuracy.value) best = last;
      task.update(epoch, { loss: trained.loss, test: last.accuracy.value });
      await breathe();
    }
  } finally {
    task?.finish();
    probe.dispose();
    for (const { states, classes } of Object.values(sets ?? {})) tf.dispose([states, classes]);
  }
  if (best === undefined || last === undefined) throw new RangeError("linearProbe: no epoch");
  return { epochs, best, last };
}

function shareOf(right: readonly boolean[]): number {
  return right.filter(Boolean).length / right.length;
}

/** States [N, D], and their classes one-hot [N, C]. */
type LabelledTensors = Readonly<Record<"states" | "classes", tf.Tensor2D>>;

/** Owns its weights [D, C], its bias [C] and their moments. */
class Classifier {
  private readonly weights: tf.Variable<tf.Rank.R2>;
  private readonly bias: tf.Variable<tf.Rank.R1>;
  private readonly layout: FlatLayout;
  private readonly adam: AdamW;

  constructor(width: number, classes: number) {
    this.weights = variableOf(tf.zeros<tf.Rank.R2>([width, classes]));
    this.bias = variableOf(tf.zeros<tf.Rank.R1>([classes]));
    this.layout = new FlatLayout(
      new Map<string, tf.Variable>([
        ["weights", this.weights],
        ["bias", this.bias],
      ]),
    );
    this.adam = new AdamW(this.layout, { ...ADAMW_DEFAULTS, weightDecay: 0, maxGradNorm: null });
  }

  /** One step of Adam: ∂loss/∂logits = (π − y)/B. */
  step({ states, classes }: LabelledTensors, rows: readonly number[], learningRate: number): void {
    const gradients = tf.tidy(() => {
      const index = tf.tensor1d([...rows], "int32");
      const [x, y] = [tf.gather(states, index), tf.gather(classes, index)];
      const error = tf.div<tf.Tensor2D>(tf.sub(tf.exp(this.logProbs(x)), y), rows.length);
      return this.layout.flatten({ weights: tf.matMul(x, error, true), bias: tf.sum(error, 0) });
    });
    this.adam.update(gradients, learningRate, 0); // the norm matters to clipping alone
  }

  judge({ states, classes }: LabelledTensors): { loss: number; right: boolean[] } {
    return tf.tidy(() => {
      const logProbs = this.logProbs(states);
      const right = tf.equal(tf.argMax(logProbs, 1), tf.argMax(classes, 1));
      const loss = tf.neg(tf.mean(tf.sum(tf.mul(logProbs, classes), 1)));
      return { loss: loss.dataSync()[0] ?? NaN, right: Array.from(right.dataSync(), (one) => one === 1) };
    });
  }

  dispose(): void {
    this.adam.dispose();
    this.weights.dispose();
    this.bias.dispose();
  }

  private logProbs(x: tf.Tensor2D): tf.Tensor2D {
    return tf.logSoftmax(tf.add<tf.Tensor2D>(tf.matMul(x, this.weights), this.bias));
  }
}

function variableOf<R extends tf.Rank>(initial: tf.Tensor<R>): tf.Variable<R> {
  const variable = tf.variable(initial);
  initial.dispose();
  return variable;
}

/** @returns the classes, in the order in which the training states name them */
function checkSets(train: readonly LabelledState[], test: readonly LabelledState[]): string[] {
  const labels = [...new Set(train.map(({ label }) => label))];
  if (labels.length < 2) throw unusable(`the training states are of ${labels.length} classes`);
  if (test.length === 0) throw unusable("there are no test states");
  const unknown = test.find(({ label }) => !labels.includes(label));
  if (unknown !== undefined) throw unusable(`the class ${unknown.label} has test states and no training state`);
  const all = [...train, ...test];
  requirePoints(
    all.map(({ state }) => state),
    "linear probe",
    { nameOf: (index) => `a state of ${all[index]?.label ?? index}` },
  );
  return labels;
}

function tensorsOf(
  train: readonly LabelledState[],
  test: readonly LabelledState[],
  labels: readonly string[],
  standardise: boolean,
): Readonly<Record<"train" | "test", LabelledTensors>> {
  const scale = standardise ? standardScale(train.map(({ state }) => state)) : (state: Float32Array) => state;
  const place = new Map(labels.map((label, i) => [label, i]));
  const tensors = (set: readonly LabelledState[]): LabelledTensors => ({
    states: tf.tensor2d(set.map(({ state }) => [...scale(state)])),
    classes: tf.tensor2d(set.map(({ label }) => labels.map((_, k) => (k === place.get(label) ? 1 : 0)))),
  });
  return tf.tidy(() => ({ train: tensors(train), test: tensors(test) })); // where one does not fit, none stays
}

/** (x − mean)/sd by coordinate, sd with ddof 0; a coordinate that does not vary becomes 0. */
function standardScale(states: readonly Float32Array[]): (state: Float32Array) => Float32Array {
  const n = states.length;
  const mean = Float64Array.from(states[0] ?? [], (_, k) => states.reduce((sum, x) => sum + (x[k] ?? 0), 0) / n);
  const sd = mean.map((m, k) => Math.sqrt(states.reduce((sum, x) => sum + ((x[k] ?? 0) - m) ** 2, 0) / n));
  return (state) => state.map((value, k) => (value - (mean[k] ?? 0)) / ((sd[k] ?? 0) || 1));
}

function unusable(reason: string): LabError {
  return new LabError(reason, "Give finite states of one width, of two classes at least, to train and to test with.", {
    subject: "linear probe",
  });
}
