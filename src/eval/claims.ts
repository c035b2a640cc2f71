import { effectOf, type Difference, type Effect, type WorldResults } from "./effects";

/** One difference that a claim rests on. It is written so that the paper claims it to be above 0. */
export interface ClaimedDifference extends Difference {
  /** The paper's own difference, as a share; left out where it prints none. */
  readonly paper?: number | undefined;
  /** What it is of instead where nothing of the first kind was measured: another row, or another set of questions. */
  readonly orElse?: Partial<Difference> | undefined;
}

/** Something that the paper says, and what decides it here. Written down before the runs that decide it. */
export interface Claim {
  /** Unique over all claims, such as "fine-r1-over-base-closed". */
  readonly id: string;
  /** The experiment whose results decide it. */
  readonly experiment: string;
  /** Where the paper says so. */
  readonly where: string;
  /** In plain words. */
  readonly says: string;
  /**
   * Where every difference is claimed to lie: above 0 (the default); within a margin of 0 on either side, for "no difference"; or not
   * below minus a margin, for "no loss". A margin is a share, chosen before the runs.
   */
  readonly expects?: { readonly within: number } | { readonly notBelow: number };
  /** All of them must hold. */
  readonly differences: readonly ClaimedDifference[];
  /** What a reader must know to judge the verdict. */
  readonly note?: string;
  /** The same about the mini-world and its record: said of nothing else. */
  readonly mini?: string;
}

export const VERDICTS = ["reproduced", "not reproduced", "inconclusive", "not measured"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Trained runs that a verdict needs in every world: two say nothing of how runs scatter. */
export const FEWEST_SEEDS = 3;

/** The rule of `verdictOf` in words, as it stands above every scorecard. */
export const VERDICT_RULE = [
  "A claim is a set of differences a − b, written so that the paper claims each to be above 0 (or, for “no difference”, within a margin of 0, and for “no loss”, not below minus a margin; margins were written down before the runs).",
  "Each difference has a 95 % interval over items and seeds, and over worlds where there are several (the paired bootstrap, or Student's over runs or over worlds where that is wider); of probes, states and general questions only means are kept, so that theirs is Student's over runs and says nothing about other items.",
  `Reproduced: every interval lies wholly where the paper claims it to be and, of several worlds, every one of them lies there too.`,
  "Not reproduced: some interval lies wholly outside or, of a difference claimed to be above 0, excludes half of the paper's own without excluding 0.",
  `Inconclusive: neither; or fewer than ${FEWEST_SEEDS} seeds in some world for a difference of trained rows, or no spread that an interval could rest on. Then the smallest difference that would have been found four times in five says what the runs could see.`,
  "Not measured: a difference has no results yet.",
  "Nothing is corrected for the number of claims: of forty differences that are none, one would lie above 0 by chance.",
].join(" ");

/** What `worlds.ts` adds to it where there are several worlds, in words. */
export const WORLDS_RULE = [
  "Of several worlds (amended on 28 November 2026, before a second world had a record):",
  `a world with fewer than ${FEWEST_SEEDS} seeds of a claim's rows does not enter that claim while another world has enough; where none has, all enter, and the claim is inconclusive.`,
  "All differences of a claim are judged over the same worlds: a world that lacks one of them enters none.",
  "Each that does not enter is named.",
].join(" ");

/** One difference beside the paper's, and what it says. */
export interface Decided {
  readonly difference: ClaimedDifference;
  /** `undefined`: not measured. */
  readonly effect: Effect | undefined;
  readonly verdict: Verdict;
}

/** A claim with its verdict. */
export interface JudgedClaim {
  readonly claim: Claim;
  readonly verdict: Verdict;
  /** In the claim's order. */
  readonly decided: readonly Decided[];
  /** The difference that the verdict hangs on: of those that speak against the claim most, the one with the lowest bound. */
  readonly deciding: Decided | undefined;
}

/** What a difference is of, and what instead where nothing of that was measured. */
export function formsOf({ orElse, ...first }: ClaimedDifference): readonly [ClaimedDifference, ...ClaimedDifference[]] {
  return orElse === undefined ? [first] : [first, { ...first, ...orElse }];
}

/** Judges a claim by `VERDICT_RULE`. @param effect what a difference came to, `undefined` where it has no results */
export function judge(claim: Claim, effect: (difference: Difference) => Effect | undefined): JudgedClaim {
  const decided = claim.differences.map((claimed): Decided => {
    const forms = formsOf(claimed);
    for (const difference of forms) {
      const found = effect(difference);
      if (found !== undefined) return { difference, effect: found, verdict: verdictOf(claim, difference, found) };
    }
    return { difference: forms[0], effect: undefined, verdict: "not measured" };
  });
  const verdict = VERDICT_OF_ALL.find((one) => decided.some((each) => each.verdict === one)) ?? "not measured";
  const against = decided.filter((each) => each.verdict === verdict);
  const [deciding] = [...against].sort((x, y) => (x.effect?.low ?? 0) - (y.effect?.low ?? 0));
  return { claim, verdict, decided, deciding };
}

/** Judges claims by what some worlds came to. */
export function judgeBy(worlds: readonly WorldResults[]): (claim: Claim) => JudgedClaim {
  return (claim) => judge(claim, (difference) => effectOf(worlds, difference));
}

/** What the whole claim is, by the first of these that one of its differences is: one that fails fails it, whatever else is missing. */
const VERDICT_OF_ALL: readonly Verdict[] = ["not reproduced", "not measured", "inconclusive", "reproduced"];

/** Bounds nearer to each other than this are one number twice: shares differ by rounding from about 1e-16 on, and by a question from 1e-5. */
const ROUNDING = 1e-9;

/** Whether an interval has a width; one mean of one run has none, and neither have runs that all say the same. */
export function hasSpread({ low, high }: Pick<Effect, "low" | "high">): boolean {
  return high - low > ROUNDING;
}

/** What one measured difference says (`VERDICT_RULE`). */
export function verdictOf(
  { expects }: Pick<Claim, "expects">,
  { paper }: Pick<ClaimedDifference, "paper">,
  { low, high, byWorld, fewestSeeds }: Effect,
): Exclude<Verdict, "not measured"> {
  if (!hasSpread({ low, high }) || (fewestSeeds !== null && fewestSeeds < FEWEST_SEEDS)) return "inconclusive";
  if (expects !== undefined) {
    const [from, to] = "within" in expects ? [-expects.within, expects.within] : [-expects.notBelow, Infinity];
    const inside = [low, high, ...byWorld].every((value) => value >= from && value <= to);
    if (inside) return "reproduced";
    return high < from || low > to ? "not reproduced" : "inconclusive";
  }
  if (low > 0) return byWorld.every((value) => value > 0) ? "reproduced" : "inconclusive";
  const half = paper !== undefined && paper > 0 ? paper / 2 : 0;
  return high < half ? "not reproduced" : "inconclusive";
}
