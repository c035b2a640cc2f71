import { LabError } from "../core/errors";
import { groupBy } from "../core/groups";
import { Random } from "../core/random";
import { normalQuantile } from "./distributions";
import type { ItemDifference } from "./statistics";

/** What parts two methods on one question, under one seed, in one world. */
export interface SeedDifference extends ItemDifference {
  readonly world: string;
  readonly seed: number;
}

const LEVELS = ["worlds", "seeds", "items"] as const;
/** What is drawn anew, that is: what the interval speaks about. */
export type Level = (typeof LEVELS)[number];

export interface BootstrapOptions {
  readonly seed: number;
  /** All three by default. A level that is left out stays as it is: without "worlds" the interval is about these very worlds. */
  readonly over?: readonly Level[];
  /** 4,000 by default: the bounds of the interval are then good to about a fortieth of its width. */
  readonly draws?: number;
}

/** A paired difference of two methods with its 95 % interval. Plain JSON. */
export interface BootstrapDifference {
  /** First less second: the mean over worlds of the mean over domains, each alike, of its items and seeds. */
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Standard deviation of the draws. */
  readonly standardError: number;
  /** Two-sided: twice the share of draws on the rarer side of 0, at least 2/(draws + 1), at most 1. */
  readonly p: number;
  /** Beside a null: a true difference of this size would be found in four of five such experiments (power 80 %, α 5 %). */
  readonly detectable: number;
  readonly worlds: number;
  /** Seeds of all worlds together; items likewise. */
  readonly seeds: number;
  readonly items: number;
}

/**
 * The paired hierarchical bootstrap: worlds are drawn with replacement, and in each draw of a world its seeds and, domain by domain,
 * its items. Seeds and items are crossed and not nested (a question that is hard under one seed is hard under the next), so that
 * one draw of the items serves all seeds (Owen, 2007, "The pigeonhole bootstrap"). Interval: the percentiles 2.5 and 97.5.
 *
 * Few units make a narrow interval: with n of them the spread of that level comes out as √((n − 1)/n) of what it is, 0.82 with three worlds,
 * and one unit has none. `meanOverSeeds` of a mean per world is the cautious statement about other worlds.
 * @param differences one for each world, seed and item; cells that count for neither or for one method only may be missing
 * @throws LabError where there is none, one is not finite, or two are of one cell
 */
export function pairedBootstrap(
  differences: readonly SeedDifference[],
  { seed, over = LEVELS, draws = 4000 }: BootstrapOptions,
): BootstrapDifference {
  if (!Number.isInteger(draws) || draws < 2) throw new RangeError(`pairedBootstrap: ${draws} draws`);
  const worlds = arrange(differences);
  const random = new Random(seed).fork("paired bootstrap");
  const draw = <T>(from: readonly T[]): T[] => from.map(() => random.pick(from));
  const levels = new Set(over);
  const drawn = Float64Array.from({ length: draws }, () => {
    for (;;) {
      const mean = meanOf(worlds, levels, draw);
      if (!Number.isNaN(mean)) return mean; // else the seeds and items that were drawn have no cell in common
    }
  }).sort();
  const centre = drawn.reduce((sum, one) => sum + one, 0) / draws;
  const standardError = Math.sqrt(drawn.reduce((sum, one) => sum + (one - centre) ** 2, 0) / (draws - 1));
  const rarer = Math.min(drawn.filter((one) => one <= 0).length, drawn.filter((one) => one >= 0).length);
  return {
    value: meanOf(worlds, new Set(), draw),
    low: percentile(drawn, 0.025),
    high: percentile(drawn, 0.975),
    standardError,
    p: Math.min(1, (2 * (rarer + 1)) / (draws + 1)),
    detectable: (normalQuantile(0.975) + normalQuantile(0.8)) * standardError,
    worlds: worlds.length,
    seeds: worlds.reduce((sum, world) => sum + world.seeds, 0),
    items: worlds.reduce((sum, { domains }) => sum + domains.reduce((count, items) => count + items.length, 0), 0),
  };
}

/** One world's differences: [domains][items], each item a row [seeds] with NaN where a cell is missing. */
interface World {
  readonly seeds: number;
  readonly domains: readonly (readonly Float64Array[])[];
}

function arrange(differences: readonly SeedDifference[]): World[] {
  if (differences.length === 0) throw unusable("there is none");
  return groups(differences, ({ world }) => world).map((cells) => {
    const seeds = new Map([...new Set(cells.map(({ seed }) => seed))].map((seed, place) => [seed, place]));
    const rowOf = (same: readonly SeedDifference[]): Float64Array => {
      const row = new Float64Array(seeds.size).fill(NaN);
      for (const { world, seed, item, difference } of same) {
        const place = seeds.get(seed) ?? NaN;
        if (!Number.isFinite(difference))
          throw unusable(`world ${world} has ${difference} for ${item} under seed ${seed}`);
        if (!Number.isNaN(row[place])) throw unusable(`world ${world} has two for ${item} under seed ${seed}`);
        row[place] = difference;
      }
      return row;
    };
    const domains = groups(cells, ({ domain }) => domain).map((own) => groups(own, ({ item }) => item).map(rowOf));
    return { seeds: seeds.size, domains };
  });
}

function groups<T>(all: readonly T[], of: (one: T) => string): T[][] {
  return [...groupBy(all, of).values()];
}

/** The statistic of the worlds, seeds and items that `pick` takes at the levels that are drawn, and of all at the others. */
function meanOf(worlds: readonly World[], levels: ReadonlySet<Level>, pick: <T>(from: readonly T[]) => readonly T[]) {
  const take = <T>(level: Level, from: readonly T[]): readonly T[] => (levels.has(level) ? pick(from) : from);
  const ofWorlds = take("worlds", worlds).map(({ seeds, domains }) => {
    const places = take("seeds", [...Array(seeds).keys()]);
    return meanOfNumbers(domains.map((rows) => meanOfCells(take("items", rows), places)));
  });
  return meanOfNumbers(ofWorlds);
}

/** NaN where every cell is missing, which `meanOfNumbers` leaves out. */
function meanOfCells(rows: readonly Float64Array[], places: readonly number[]): number {
  let [sum, count] = [0, 0];
  for (const row of rows) {
    for (const place of places) {
      const value = row[place] ?? NaN;
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
  }
  return sum / count;
}

function meanOfNumbers(values: readonly number[]): number {
  const present = values.filter((value) => !Number.isNaN(value));
  return present.reduce((sum, value) => sum + value, 0) / present.length;
}

/** The value below which a share of the sorted numbers lies, between two of them in proportion. */
function percentile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)] ?? NaN, sorted[Math.ceil(place)] ?? NaN];
  return below + (above - below) * (place - Math.floor(place));
}

function unusable(reason: string): LabError {
  return new LabError(reason, "Give one difference for each world, seed and question.", {
    subject: "differences of two methods",
  });
}
