import { FEWEST_SEEDS, formsOf, judge, type Claim, type JudgedClaim } from "./claims";
import { effectOf, seedsIn, type Difference, type WorldResults } from "./effects";

/**
 * Which worlds a claim is judged over (`WORLDS_RULE`). Worlds are recorded seed by seed and row by row: without this, the first seed of a
 * second world would take a verdict back that the first world had reached.
 */

/** What keeps a world out of a claim, or the claim from a verdict. */
export interface WorldNote {
  readonly world: string;
  /** Left out of the claim; of some of its differences, where no world has them all; or not left out, since no world has enough seeds. */
  readonly how: "left out" | "left out in part" | "too few seeds";
  /** Such as "no row cls-rl". */
  readonly reason: string;
}

/** A claim judged over several worlds. */
export interface PooledClaim extends JudgedClaim {
  /** In the order of the worlds. */
  readonly notes: readonly WorldNote[];
}

/** Judges a claim over the worlds that `worldsFor` gives it. */
export function judgeOver(claim: Claim, results: readonly WorldResults[]): PooledClaim {
  const { worlds, notes } = worldsFor(claim, results);
  return { ...judge(claim, (difference) => effectOf(worlds, difference)), notes };
}

/** The worlds that a claim is judged over, by `WORLDS_RULE`: a single one as it is. */
export function worldsFor(
  claim: Pick<Claim, "differences">,
  results: readonly WorldResults[],
): { readonly worlds: readonly WorldResults[]; readonly notes: readonly WorldNote[] } {
  const views = results.map((one) => viewOf(claim, one));
  const measuring = views.filter(({ seeds }) => seeds.flat().some((count) => count !== undefined));
  if (results.length < 2 || measuring.length === 0) return { worlds: results, notes: [] };
  const seasoned = measuring.filter((view) => !isThin(view));
  const entering = seasoned.length > 0 ? seasoned : measuring;
  // of each difference the form that is measured in any of them, the first one where both are
  const forms = claim.differences.map((_, at) => entering.reduce((first, { seeds }) => Math.min(first, formIn(seeds[at])), Infinity)); // prettier-ignore
  const lacking = new Map(views.map((view) => [view, lacks(claim, forms, view)]));
  const complete = entering.filter((view) => lacking.get(view)?.length === 0);
  const judged = complete.length > 0 ? complete : entering;

  const notes = views.flatMap((view): WorldNote[] => {
    const { world } = view.results;
    const reasons = [...(isThin(view) ? [tooFew(view)] : []), ...(lacking.get(view) ?? [])];
    if (reasons.length === 0) return [];
    const reason = reasons.join("; ");
    if (!judged.includes(view)) return [{ world, how: "left out", reason }];
    return [{ world, how: isThin(view) ? "too few seeds" : "left out in part", reason }];
  });
  return { worlds: judged.map((view) => view.results), notes };
}

/** What a world has of a claim. */
interface View {
  readonly results: WorldResults;
  /** Of each difference, of each of its forms, as `seedsIn` counts them. */
  readonly seeds: readonly (readonly (number | null | undefined)[])[];
}

function viewOf({ differences }: Pick<Claim, "differences">, results: WorldResults): View {
  return { results, seeds: differences.map((one) => formsOf(one).map((form) => seedsIn(results, form))) };
}

/** The place of the first form that is measured. */
function formIn(seeds: View["seeds"][number] = []): number {
  const place = seeds.findIndex((count) => count !== undefined);
  return place === -1 ? Infinity : place;
}

/** Seeds of the trained difference that has fewest. */
function fewest({ seeds }: View): number {
  return Math.min(...seeds.map((forms) => forms[formIn(forms)] ?? Infinity));
}

function isThin(view: View): boolean {
  return fewest(view) < FEWEST_SEEDS;
}

function tooFew(view: View): string {
  const count = fewest(view);
  return `${count} ${count === 1 ? "seed" : "seeds"} so far, a verdict needs ${FEWEST_SEEDS}`;
}

/** What a world lacks of the differences that others have, in these forms. */
function lacks({ differences }: Pick<Claim, "differences">, forms: readonly number[], view: View): string[] {
  const reasons = differences.flatMap((one, at) => {
    const place = forms[at] ?? Infinity;
    const form = formsOf(one)[place];
    return form === undefined || view.seeds[at]?.[place] !== undefined ? [] : [whyNone(view.results, form)];
  });
  return [...new Set(reasons)];
}

/** Why a world has no pair of two methods. */
function whyNone({ measurements, outcomes, given }: WorldResults, { a, b, setting, metric }: Difference): string {
  const all = [...measurements, ...outcomes];
  const missing = [a, b].filter((method) => !all.some((one) => one.method === method));
  if (missing.length > 0) return missing.map((method) => `no row ${method}`).join(", ");
  const measured = all.filter((one) => one.setting === setting && one.metric === metric);
  const unmeasured = [a, b].filter((method) => !measured.some((one) => one.method === method));
  if (unmeasured.length > 0) return `no ${setting} ${metric} of ${unmeasured.join(" and ")}`;
  const [ours, theirs] = [a, b].map((method) =>
    measured.filter((one) => one.method === method).map(({ seed }) => seed),
  );
  const common = given.has(a) || given.has(b) || (ours ?? []).some((seed) => theirs?.includes(seed) === true);
  return `no ${common ? "question" : "seed"} in common of ${a} and ${b}`;
}
