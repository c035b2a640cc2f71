import { groupBy } from "../core/groups";
import { FEWEST_SEEDS } from "../eval/claims";
import { select, type Measurement } from "../eval/measurements";
import { meanOverSeeds } from "../eval/statistics";

/** What figures draw of an experiment: of each trained method its mean over the same seeds, beside what is not trained. */
export interface Drawn {
  /** One for each method and what was measured of it; a mean has Student's 95 % interval over the seeds. */
  readonly measurements: readonly Measurement[];
  /** Those that means are taken over, or the one whose own numbers are drawn; none where nothing is trained. */
  readonly seeds: readonly number[];
  /** Whether some methods are not trained: they have one number, with its interval over items. */
  readonly given: boolean;
}

/**
 * The means over all seeds that every trained method has, so that all bars of a figure rest on the same; where those are fewer
 * than a verdict needs, one seed's own numbers: the intervals of two are wider than what is to be seen (Student's t is 12.7).
 * @param all measurements of the methods that are drawn, of any seeds
 * @param given names of the methods that are not trained
 * @param seed the one to draw where seeds are few
 */
export function drawnOf(all: readonly Measurement[], given: ReadonlySet<string>, seed: number): Drawn {
  const fixed = all.filter(({ method }) => given.has(method));
  const trained = all.filter(({ method }) => !given.has(method));
  const names = [...new Set(trained.map(({ method }) => method))];
  const seedsOf = (method: string): Set<number> => new Set(select(trained, { method }).map((one) => one.seed));
  const shared = names
    .map(seedsOf)
    .reduce((both, own) => new Set([...both].filter((one) => own.has(one))), seedsOf(names[0] ?? ""));
  const few = names.length === 0 ? [] : [seed];
  const seeds = shared.size < FEWEST_SEEDS ? few : [...shared].sort((a, b) => a - b);
  const own = trained.filter((one) => seeds.includes(one.seed));
  return { measurements: [...fixed, ...(seeds.length > 1 ? means(own, seeds) : own)], seeds, given: fixed.length > 0 };
}

/** What was measured of a method with every seed, as its mean. */
function means(all: readonly Measurement[], seeds: readonly number[]): Measurement[] {
  const alike = groupBy(all, ({ method, dataset, domain, split, setting, metric }) =>
    JSON.stringify([method, dataset, domain, split, setting, metric]),
  );
  return [...alike.values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined || own.length < seeds.length) return []; // a share of no answers was not measured
    const { value, low, high } = meanOverSeeds(own.map((one) => one.value));
    return [{ ...first, value, low, high }];
  });
}

/** Whose numbers a figure draws, for the small lines under its title. */
export function seedsNote({ seeds }: Pick<Drawn, "seeds">): string[] {
  const [first, last] = [seeds[0], seeds.at(-1)];
  if (first === undefined || last === undefined) return [];
  if (first === last) return [`Seed ${first}.`];
  const inRow = last - first === seeds.length - 1;
  return [`Means over the seeds ${inRow ? `${first} to ${last}` : seeds.join(", ")}.`];
}

/** What the error bars of a figure are. @param over what one seed's intervals are over, such as "test items" */
export function intervalsOf({ seeds, given }: Pick<Drawn, "seeds" | "given">, over: string): string {
  if (seeds.length < 2) return `95 % intervals over ${over}`;
  return `Student's 95 % intervals over seeds${given ? `; of what is not trained, over ${over}` : ""}`;
}
