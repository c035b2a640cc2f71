import * as tf from "@tensorflow/tfjs-core";
import type { Random } from "../../core/random";
import { ops } from "../tensor/ops";
import { chooseToken, type ChosenToken, type TokenChoice, type TokenScores } from "./sampling";

/** Up to this vocabulary the logits are read whole; above it, only the top ones, as far as they decide. */
const SMALL_VOCABULARY = 8192;
/** How many candidates are read of a large vocabulary. */
const CANDIDATES = 256;

/**
 * Chooses the next token of each row, and frees the logits.
 * @param logits [R, V] @param randoms [R]
 */
export function sampleStep(logits: tf.Tensor2D, choice: TokenChoice, randoms: readonly Random[]): ChosenToken[] {
  try {
    const [rows, vocabulary] = logits.shape;
    if (vocabulary > SMALL_VOCABULARY) return sampleLarge(logits, choice, randoms);
    const read = readScores(logits);
    return Array.from({ length: rows }, (_, row) => {
      const own = (values: Float32Array): Float32Array => values.subarray(row * vocabulary, (row + 1) * vocabulary);
      const scores = { logits: own(read.logits), probabilities: own(read.probabilities) };
      return chooseToken(scores, choice, randoms[row] as Random);
    });
  } finally {
    logits.dispose();
  }
}

function readScores(logits: tf.Tensor2D): TokenScores {
  const softmax = ops().softmax(logits);
  const scores = { logits: logits.dataSync<"float32">(), probabilities: softmax.dataSync<"float32">() };
  softmax.dispose();
  return scores;
}

/** The largest logits of each row at the sampling temperature, in falling order, and two normalisers. */
interface Candidates {
  readonly values: Float32Array;
  readonly ids: Int32Array;
  /** [R] log Σ exp of the scaled logits that may be sampled */
  readonly scaledNormaliser: Float32Array;
  /** [R] log Σ exp of the logits */
  readonly normaliser: Float32Array;
}

/**
 * The same choice from the top candidates alone; a row that they do not decide (a nucleus or a draw that reaches beyond
 * them) is read whole. Its tokens are drawn in falling order, so the same draw may give another token than `chooseToken`.
 */
function sampleLarge(logits: tf.Tensor2D, choice: TokenChoice, randoms: readonly Random[]): ChosenToken[] {
  const temperature = choice.temperature === 0 ? 1 : choice.temperature;
  const top = topCandidates(logits, choice, temperature);
  return randoms.map((random, row) => {
    const normaliser = top.normaliser[row] ?? 0;
    const at = (k: number): ChosenToken => ({
      id: top.ids[row * CANDIDATES + k] ?? 0,
      logProb: (top.values[row * CANDIDATES + k] ?? 0) * temperature - normaliser,
    });
    if (choice.temperature === 0) return at(0);
    const shares = Float64Array.from({ length: CANDIDATES }, (_, k) =>
      Math.exp((top.values[row * CANDIDATES + k] ?? 0) - (top.scaledNormaliser[row] ?? 0)),
    );
    const decided = drawFalling(shares, choice.topP, random);
    if (decided !== undefined) return at(decided);
    const own = tf.slice2d(logits, [row, 0], [1, logits.shape[1]]);
    const whole = readScores(own);
    own.dispose();
    return chooseToken(whole, choice, random);
  });
}

function topCandidates(logits: tf.Tensor2D, choice: TokenChoice, temperature: number): Candidates {
  return tf.tidy(() => {
    const barred = new Float32Array(logits.shape[1]);
    for (const id of choice.suppressed) barred[id] = -1e30;
    const bias = tf.tensor1d(barred);
    const scaled = tf.add(tf.mul(logits, 1 / temperature), bias);
    const { values, indices } = tf.topk(scaled, CANDIDATES, true);
    return {
      values: values.dataSync<"float32">(),
      ids: indices.dataSync<"int32">(),
      scaledNormaliser: tf.logSumExp(scaled, 1).dataSync<"float32">(),
      normaliser: tf.logSumExp(logits, 1).dataSync<"float32">(),
    };
  });
}

/**
 * A draw from shares in falling order, cut at `topP`; `undefined` when the answer lies beyond them.
 * Takes one number from `random`, unless that is so for every draw.
 */
export function drawFalling(shares: Float64Array, topP: number, random: Random): number | undefined {
  let mass = 0;
  let size = 0;
  while (size < shares.length && mass < topP) mass += shares[size++] as number;
  const covered = mass >= topP;
  if (!covered && topP < 1) return undefined; // the nucleus' own mass is not known
  let left = random.uniform() * (topP < 1 ? mass : 1);
  for (let k = 0; k < size; k++) {
    left -= shares[k] as number;
    if (left < 0) return k;
  }
  return covered ? size - 1 : undefined;
}
