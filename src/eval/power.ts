import { noncentralTwoSided, studentQuantile, whereRising } from "./distributions";
import { variance } from "./statistics";

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
  if (how.seeds < 2) throw new RangeError("powerOverSeeds: one seed says nothing about others");
  return powerOf(how.seeds)(how.difference / how.sd);
}

/** The power by the difference in standard deviations over as many seeds; Student's quantile, which takes long, is found once. */
function powerOf(seeds: number): (size: number) => number {
  const critical = studentQuantile(1 - ALPHA / 2, seeds - 1);
  return (size) => noncentralTwoSided(critical, seeds - 1, size * Math.sqrt(seeds));
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
  return sd * whereRising(powerOf(seeds), power);
}
