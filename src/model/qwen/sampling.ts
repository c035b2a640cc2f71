import type { Random } from "../../core/random";

/** How one token is chosen from logits. */
export interface TokenChoice {
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP: number;
  /** [V] 1 where a token must not be sampled. */
  readonly suppressed: Uint8Array;
}

export interface ChosenToken {
  readonly id: number;
  /** log π at temperature 1 over the whole vocabulary, suppressed tokens included. */
  readonly logProb: number;
}

/**
 * Chooses a token: the largest logit when the temperature is 0, else a draw from the smallest set of tokens that carries
 * probability `topP` of the distribution at that temperature without the suppressed tokens. Takes one number from
 * `random` unless greedy.
 * @param logits V numbers
 */
export function chooseToken(logits: Float32Array, choice: TokenChoice, random: Random): ChosenToken {
  const { temperature, suppressed } = choice;
  let top = -Infinity;
  let best = -1;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i] as number;
    if (logit > top) top = logit;
    if (suppressed[i] !== 1 && (best < 0 || logit > (logits[best] as number))) best = i;
  }
  if (best < 0) throw new RangeError("chooseToken: every token is suppressed");
  const weights = new Float64Array(logits.length);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += weights[i] = Math.exp((logits[i] as number) - top);
  const id = temperature === 0 ? best : draw(logits, weights, logits[best] as number, choice, random);
  return { id, logProb: (logits[id] as number) - top - Math.log(sum) };
}

/**
 * @param weights V numbers exp(logit − largest logit), which are overwritten
 * @param best the largest logit that may be sampled; far below a suppressed one, the given weights could all be 0
 */
function draw(
  logits: Float32Array,
  weights: Float64Array,
  best: number,
  { temperature, topP, suppressed }: TokenChoice,
  random: Random,
): number {
  const usable = temperature === 1 && weights.some((weight, i) => weight > 1e-3 && suppressed[i] !== 1);
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    if (suppressed[i] === 1) weights[i] = 0;
    else if (!usable) weights[i] = Math.exp(((logits[i] as number) - best) / temperature);
    total += weights[i] as number;
  }
  if (topP < 1) total = keepNucleus(weights, total, topP);
  let left = random.uniform() * total;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (weight === 0) continue;
    last = i;
    left -= weight;
    if (left < 0) return i;
  }
  return last; // rounding may leave a remainder at the very end
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
