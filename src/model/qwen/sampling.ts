import type { Random } from "../../core/random";

/** How one token is chosen from logits. */
export interface TokenChoice {
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP: number;
  /** Tokens that must not be sampled, each once. */
  readonly suppressed: readonly number[];
}

export interface ChosenToken {
  readonly id: number;
  /** log π at temperature 1 over the whole vocabulary, suppressed tokens included. */
  readonly logProb: number;
}

/** What the model says of one token to come, V numbers each. */
export interface TokenScores {
  readonly logits: Float32Array;
  /** Their softmax. */
  readonly probabilities: Float32Array;
}

/** Below this, a probability in single precision has lost digits. */
const TINY = 1e-30;
/** Where suppressed tokens leave less than this, the others are weighed anew. */
const FAINT = 1e-3;

/**
 * Chooses a token: the largest logit when the temperature is 0, else a draw from the smallest set of tokens that carries
 * probability `topP` of the distribution at that temperature without the suppressed tokens. Takes one number from
 * `random` unless greedy.
 */
export function chooseToken(scores: TokenScores, choice: TokenChoice, random: Random): ChosenToken {
  const id = choice.temperature === 0 ? best(scores.logits, choice.suppressed) : draw(scores, choice, random);
  const probability = scores.probabilities[id] as number;
  return { id, logProb: probability > TINY ? Math.log(probability) : logSoftmaxAt(scores.logits, id) };
}

function best(logits: Float32Array, suppressed: readonly number[]): number {
  let at = -1;
  for (let i = 0; i < logits.length; i++) {
    if ((at < 0 || (logits[i] as number) > (logits[at] as number)) && !suppressed.includes(i)) at = i;
  }
  if (at < 0) throw new RangeError("chooseToken: every token is suppressed");
  return at;
}

function logSoftmaxAt(logits: Float32Array, id: number): number {
  const top = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - top), 0);
  return (logits[id] as number) - top - Math.log(sum);
}

function draw({ logits, probabilities }: TokenScores, choice: TokenChoice, random: Random): number {
  const { temperature, topP, suppressed } = choice;
  const allowed = 1 - suppressed.reduce((sum, id) => sum + (probabilities[id] as number), 0);
  const usable = temperature === 1 && allowed > FAINT;
  const weights = usable ? new Float64Array(probabilities) : temperedWeights(logits, choice);
  for (const id of suppressed) weights[id] = 0;
  let total = usable ? allowed : weights.reduce((sum, weight) => sum + weight, 0);
  if (topP < 1) total = keepNucleus(weights, total, topP);
  let left = random.uniform() * total;
  for (let i = 0; i < weights.length; i++) {
    left -= weights[i] as number;
    if (left < 0) return i;
  }
  return weights.reduce((last, weight, i) => (weight > 0 ? i : last), 0); // rounding may leave a remainder at the very end
}

/** exp((logit − the largest one allowed) / T); of no meaning for suppressed tokens */
function temperedWeights(logits: Float32Array, { temperature, suppressed }: TokenChoice): Float64Array {
  const top = logits[best(logits, suppressed)] as number;
  return Float64Array.from(logits, (logit) => Math.exp((logit - top) / temperature));
}

/**
 * Sets to 0 all weights outside the smallest set that carries the share `topP` of `total`; of equal weights at its edge
 * the first ones stay. @returns the sum of what stays
 */
export function keepNucleus(weights: Float64Array, total: number, topP: number): number {
  const wanted = topP * total;
  // All weights below this one together fall short of the share that is left out: none of them is in the nucleus.
  const floor = ((1 - topP) * total) / weights.length;
  const sorted = weights.filter((weight) => weight >= floor).sort();
  let kept = 0;
  let edge = sorted.length;
  while (edge > 0 && (kept < wanted || edge === sorted.length)) kept += sorted[--edge] as number;
  const smallest = sorted[edge] as number;
  let ties = 0;
  for (let i = edge; i < sorted.length && sorted[i] === smallest; i++) ties++;
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (weight > smallest || (weight === smallest && ties-- > 0)) sum += weight;
    else weights[i] = 0;
  }
  return sum;
}
