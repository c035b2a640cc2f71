import { incompleteBeta, noncentralTwoSided, studentQuantile, whereRising } from "./distributions";
import { mcnemar, variance, type PairedAnswers } from "./statistics";

/**
 * What an experiment could have found: the number beside a null. It is asked of a difference that one names, or turned round into the
 * smallest difference that would have been found; never of the difference that was seen, which says no more than p does.
 */

/** Chance of a finding, where it is not said, and of a false one. */
const POWER = 0.8;
const ALPHA = 0.05;

/**
 * The power of the paired t test over seeds: how often it finds a true difference at α = 5 %.
 * @param how.sd standard deviation over seeds of the difference (ddof 1) @param how.seeds at least 2
 */
export function powerOverSeeds(how: {
  readonly difference: number;
  readonly sd: number;
  readonly seeds: number;
}): number {
  const df = how.seeds - 1;
  if (df < 1) throw new RangeError("powerOverSeeds: one seed says nothing about others");
  const lambda = (how.difference / how.sd) * Math.sqrt(how.seeds);
  return noncentralTwoSided(studentQuantile(1 - ALPHA / 2, df), df, lambda);
}

/**
 * The smallest true difference that as many seeds, spread as these are, would show with this power. The spread of few seeds is known
 * badly, and with it this number: from three of them it may well be off by half.
 * @param differences one paired difference per seed @throws RangeError for fewer than two
 */
export function detectableOverSeeds(differences: readonly number[], power = POWER): number {
  const seeds = differences.length;
  if (seeds < 2) throw new RangeError("detectableOverSeeds: one seed says nothing about others");
  const sd = Math.sqrt(variance(differences));
  return sd * whereRising((difference) => powerOverSeeds({ difference, sd: 1, seeds }), power);
}

/**
 * The smallest true difference in share of right answers that McNemar's exact test would show with this power, given on how many of
 * the n questions the two methods part. With d such questions and a chance θ that one falls to the better method the difference is
 * (2θ − 1)·d/n.
 * @returns null where d is so small (below 6) that no outcome would be a finding
 */
export function detectableByMcnemar(found: Omit<PairedAnswers, "p">, power = POWER): number | null {
  const parted = found.onlyFirst + found.onlySecond;
  let needed = parted; // how many of them the better method must win
  if (mcnemar(needed, 0) > ALPHA) return null;
  while (mcnemar(needed - 1, parted - needed + 1) <= ALPHA) needed--;
  const wins = (theta: number): number => incompleteBeta(theta, needed, parted - needed + 1);
  const excess = whereRising((share) => wins((1 + share) / 2) + wins((1 - share) / 2), power);
  return (excess * parted) / found.n;
}
