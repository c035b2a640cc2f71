import { LabError } from "../core/errors";
import { pairedBootstrap, type BootstrapDifference, type SeedDifference } from "./bootstrap";
import { select, type Measurement } from "./measurements";
import type { Outcomes } from "./outcomes";
import { detectableOverSeeds } from "./power";
import { meanOverSeeds, pairedTTest } from "./statistics";

/** One world's results: what one experiment kept of one dataset with its base. */
export interface WorldResults {
  /** Two results of one world have one name. */
  readonly world: string;
  readonly outcomes: readonly Outcomes[];
  readonly measurements: readonly Measurement[];
  /** Methods that no seed trains: they stand beside every seed of another. */
  readonly given: ReadonlySet<string>;
}

/** A difference of two methods: `a` minus `b`, in one metric of one setting and split. */
export interface Difference extends Readonly<Pick<Measurement, "setting" | "metric" | "split">> {
  readonly a: string;
  readonly b: string;
  /** "items": all items alike, as the tables of what has no domains or splits of its own; else the mean over domains, each alike. */
  readonly domain?: "items";
}

/** How large a difference is over items, seeds and worlds. Plain JSON. */
export interface Effect extends BootstrapDifference {
  /** The difference in each world, in the order of their names. */
  readonly byWorld: readonly number[];
  /** Trained runs of the world that has fewest; `null` where neither method is trained. */
  readonly fewestSeeds: number | null;
  /** Whether every world kept its outcomes; else only means per seed are known, and the interval says nothing about other items. */
  readonly overItems: boolean;
}

/** A draw of its own for all effects: the same results give the same digits, whoever asks. */
const SEED = 1;

/**
 * The effect of one method over another in all worlds that have both; `undefined` where none has.
 *
 * Runs with the same seed are paired, a given method with every seed, and answers question by question (`pairedBootstrap` over worlds,
 * seeds and items). That interval is too narrow over few units, and Student's over runs (one paired difference per world and seed) or over worlds
 * (one mean each) knows nothing of items: all that there are are computed, and of interval, p and smallest detectable difference the widest counts.
 * Split "all" is the mean over the domains of both splits, each alike, unless the difference is over "items".
 * @throws LabError where two of the results are of one world
 */
export function effectOf(results: readonly WorldResults[], difference: Difference): Effect | undefined {
  const sorted = [...results].sort((x, y) => compare(x.world, y.world));
  const twice = sorted.find(({ world }, at) => world === sorted[at + 1]?.world);
  if (twice !== undefined) {
    const remedy = "Give results of different worlds: another profile of one world is no second witness.";
    throw new LabError("has two results", remedy, { subject: `the world ${twice.world}` });
  }
  const worlds = sorted.map((one) => differencesIn(one, difference)).filter(({ cells }) => cells.length > 0);
  if (worlds.length === 0) return undefined;
  const trained = worlds.some((world) => world.trained);
  const drawn = pairedBootstrap(worlds.flatMap(({ cells }) => cells), { seed: SEED }); // prettier-ignore
  const runs = trained ? worlds.flatMap(({ cells }) => perSeed(cells)) : [];
  const byWorld = worlds.map(({ cells }) => meanOf(perSeed(cells)));
  return {
    ...[runs, byWorld].reduce(noNarrowerThan, drawn),
    byWorld,
    fewestSeeds: trained ? Math.min(...worlds.map(({ cells }) => seedsOf(cells).length)) : null,
    overItems: worlds.every(({ overItems }) => overItems),
  };
}

/** Seeds under which a world has both methods of a difference; `null` where neither is trained, `undefined` where it has no pair. */
export function seedsIn(results: WorldResults, difference: Difference): number | null | undefined {
  const { cells, trained } = differencesIn(results, difference);
  if (cells.length === 0) return undefined;
  return trained ? seedsOf(cells).length : null;
}

/** What was drawn, or Student's over some means where that says less. */
function noNarrowerThan(drawn: BootstrapDifference, means: readonly number[]): BootstrapDifference {
  if (means.length < 2) return drawn;
  const { value, high } = meanOverSeeds(means);
  const half = high - value;
  const { p } = pairedTTest(means, Array<number>(means.length).fill(0));
  return {
    ...drawn,
    low: Math.min(drawn.low, drawn.value - half),
    high: Math.max(drawn.high, drawn.value + half),
    p: Math.max(drawn.p, p),
    detectable: Math.max(drawn.detectable, detectableOverSeeds(means)),
  };
}

/** The results without one seed of training; what no seed trains stays. Does a finding hang on one run? */
export function withoutSeed(results: WorldResults, seed: number): WorldResults {
  const stays = (one: Pick<Outcomes, "method" | "seed">): boolean => results.given.has(one.method) || one.seed !== seed;
  return {
    ...results,
    outcomes: results.outcomes.filter(stays),
    measurements: results.measurements.filter(stays),
  };
}

interface WorldDifferences {
  readonly cells: readonly SeedDifference[];
  readonly trained: boolean;
  readonly overItems: boolean;
}

/** The pairs of one world: by item where both methods kept their outcomes, else one mean per seed. */
function differencesIn(results: WorldResults, difference: Difference): WorldDifferences {
  const { given } = results;
  const { a, b } = difference;
  const trained = !given.has(a) || !given.has(b);
  const items = pairsOf(results.outcomes, difference, given).flatMap((pair) => itemDifferences(results.world, pair, difference)); // prettier-ignore
  if (items.length > 0) return { cells: items.sort(byPlace), trained, overItems: true };
  const { setting, metric, split, domain = "mean" } = difference;
  const means = select(results.measurements, { setting, metric, split, domain });
  const cells = pairsOf(means, difference, given).map(({ seed, first, second }) => ({
    ...{ world: results.world, seed, item: "mean", domain: "mean" },
    difference: first.value - second.value,
  }));
  return { cells: cells.sort(byPlace), trained, overItems: false };
}

interface Pair<T> {
  readonly seed: number;
  readonly first: T;
  readonly second: T;
}

/** What both methods have under each seed; what is given has it under one, which stands for all. */
function pairsOf<T extends Pick<Measurement, "method" | "seed" | "setting" | "metric">>(
  all: readonly T[],
  { a, b, setting, metric }: Difference,
  given: ReadonlySet<string>,
): Pair<T>[] {
  const of = (method: string): T[] =>
    all.filter((one) => one.method === method && one.setting === setting && one.metric === metric);
  const [ours, theirs] = [of(a), of(b)];
  const seeds = (given.has(a) && !given.has(b) ? theirs : ours).map(({ seed }) => seed);
  const at = (method: string, own: readonly T[], seed: number): T | undefined =>
    given.has(method) ? own[0] : own.find((one) => one.seed === seed);
  return [...new Set(seeds)].flatMap((seed) => {
    const [first, second] = [at(a, ours, seed), at(b, theirs, seed)];
    return first === undefined || second === undefined ? [] : [{ seed, first, second }];
  });
}

function itemDifferences(
  world: string,
  { seed, first, second }: Pair<Outcomes>,
  { split, domain: over }: Difference,
): SeedDifference[] {
  const theirs = new Map(second.items.map(({ id }, at) => [id, second.values[at] ?? null]));
  return first.items.flatMap(({ id, domain, seen }, at): SeedDifference[] => {
    const [one, other] = [first.values[at] ?? null, theirs.get(id) ?? null];
    if (one === null || other === null || (split !== "all" && seen !== (split === "seen"))) return [];
    // each domain of a split counts alike, as in the tables where both splits have all domains; over items, all are one domain
    const counted = over ?? `${domain} ${seen ? "seen" : "unseen"}`;
    return [{ world, seed, item: id, domain: counted, difference: one - other }];
  });
}

/** The mean over domains of each seed, in the order of the seeds. */
function perSeed(cells: readonly SeedDifference[]): number[] {
  return seedsOf(cells).map((seed) => {
    const own = cells.filter((cell) => cell.seed === seed);
    const domains = [...new Set(own.map(({ domain }) => domain))];
    return meanOf(domains.map((domain) => meanOf(own.filter((cell) => cell.domain === domain).map((cell) => cell.difference)))); // prettier-ignore
  });
}

function seedsOf(cells: readonly SeedDifference[]): number[] {
  return [...new Set(cells.map(({ seed }) => seed))].sort((x, y) => x - y);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The bootstrap draws in the order of its cells, which shall not hang on that of the files. */
function byPlace(x: SeedDifference, y: SeedDifference): number {
  return compare(x.domain, y.domain) || compare(x.item, y.item) || x.seed - y.seed;
}

function compare(x: string, y: string): number {
  return x < y ? -1 : x > y ? 1 : 0;
}
