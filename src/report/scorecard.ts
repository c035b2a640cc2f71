import {
  hasSpread,
  VERDICT_RULE,
  VERDICTS,
  WORLDS_RULE,
  type ClaimedDifference,
  type Decided,
  type JudgedClaim,
} from "../eval/claims";
import type { PooledClaim } from "../eval/worlds";
import { dotPlot } from "./figure/dots";
import type { PlotlyFigure } from "./figure/figure";
import {
  bareValue,
  cellOf,
  numberColumn,
  resultTable,
  textColumn,
  type Cell,
  type Column,
  type ResultTable,
  type Row,
} from "./table/table";

/** Claims with their verdicts as tables and a figure, ours beside the paper's. */

/** Colours of verdicts that people with any colour vision tell apart. */
export const VERDICT_COLOURS = {
  reproduced: "#009E73",
  "not reproduced": "#D55E00",
  inconclusive: "#0072B2",
  "not measured": "#4D4D4D",
} as const;

const PERCENT = { kind: "number", percent: true, digits: 2 } as const;
/** Columns of a difference. Effects are in points: hundredths of a share, or of a cosine. */
const NUMBERS: readonly Column[] = [
  textColumn("verdict", "Verdict"),
  textColumn("difference", "Decided by"),
  { key: "paper", title: "Paper: effect", ...PERCENT },
  { key: "ours", title: "Ours: effect", ...PERCENT, interval: "range" },
  numberColumn("p", "p", { digits: 4, positive: true }),
  numberColumn("worlds", "Worlds"),
  numberColumn("seeds", "Seeds"),
  numberColumn("items", "Items"),
  { key: "detectable", title: "Detectable", ...PERCENT },
];
const CLAIM: Column = textColumn("claim", "Claim");
const PLACE: Column = textColumn("place", "In the paper");

const NOTES = [
  "Effects are differences in points (of cosines: in hundredths); of claims with several differences the one that decides is shown, and the scorecard's table of effects has all. Paper: its own effect, on real pictures; – where it prints none. Seeds: of all worlds together; – where nothing is trained. Items: – where only means per seed are kept.",
  "p: two-sided, of no difference at all, whatever the claim's margin.",
  "Detectable: the true difference that would have been found four times in five (α = 5 %), beside every claim that was not reproduced.",
];

/** Where a second world stands in, and no third. */
const TWO_WORLDS =
  "Two worlds are few: an interval over them (Student's, of one degree of freedom) reaches 12.7 standard errors to either side; over three it is 4.3.";

export interface ScorecardLayout {
  readonly caption: string;
  readonly provenance: Readonly<Record<string, string>>;
  /** A sentence for whatever is left out. */
  readonly leftOut?: readonly string[];
  /** Whether the rule stands among the notes; default true. */
  readonly rule?: boolean;
  /** Whether the verdicts are about mini-worlds alone: what is true of them is said then, and of nothing else. */
  readonly mini: boolean;
}

/** A row per claim: what the paper says and where, its effect, ours, and the verdict. */
export function scorecardTable(
  judged: readonly JudgedClaim[],
  { caption, provenance, leftOut = [], rule = true, mini }: ScorecardLayout,
): ResultTable {
  const noted = judged.flatMap(({ claim }) => {
    const { note, says } = claim;
    const said = [note, mini ? claim.mini : undefined].filter((text) => text !== undefined);
    return said.length === 0 ? [] : [`${says}: ${said.join(" ")}`];
  });
  return resultTable({
    caption,
    columns: [CLAIM, ...NUMBERS, PLACE],
    rows: judged.map(({ claim: { says, where }, verdict, deciding }) => ({
      claim: says,
      place: where,
      ...(deciding === undefined ? {} : numbersOf(deciding)),
      verdict,
    })),
    notes: [...(rule ? [VERDICT_RULE] : []), ...NOTES, ...noted, ...aboutWorlds(judged), ...leftOut],
    provenance,
  });
}

/** A row per difference, those that decide nothing included. */
export function effectsTable(
  judged: readonly JudgedClaim[],
  { caption, provenance, leftOut = [] }: Omit<ScorecardLayout, "rule" | "mini">,
): ResultTable {
  // prettier-ignore
  return resultTable({
    caption,
    columns: [textColumn("id", "Claim"), ...NUMBERS],
    rows: judged.flatMap(({ claim: { id }, decided }) => decided.map((one) => ({ id, ...numbersOf(one) }))),
    notes: [...NOTES, ...aboutWorlds(judged), ...leftOut],
    provenance,
  });
}

/** What a reader must know where several worlds were looked at; of one there is nothing to say. */
function aboutWorlds(judged: readonly (JudgedClaim | PooledClaim)[]): string[] {
  const counts = judged.flatMap(({ decided }) => decided.flatMap(({ effect }) => effect?.worlds ?? []));
  const several = counts.some((count) => count > 1) || judged.some((one) => "notes" in one && one.notes.length > 0);
  return [...(several ? [WORLDS_RULE] : []), ...(counts.includes(2) ? [TWO_WORLDS] : [])];
}

/** How many claims came out how: "12 reproduced, 3 not reproduced, …". */
export function countVerdicts(judged: readonly Pick<JudgedClaim, "verdict">[]): string {
  const counts = VERDICTS.map((verdict) => ({
    verdict,
    count: judged.filter((one) => one.verdict === verdict).length,
  }));
  return counts.flatMap(({ verdict, count }) => (count === 0 ? [] : [`${count} ${verdict}`])).join(", ");
}

/** The verdicts that a table of claims tells, a row each. */
export function verdictsIn({ rows }: ResultTable): Pick<JudgedClaim, "verdict">[] {
  return rows.flatMap((row) => {
    const told = bareValue(cellOf(row, "verdict"));
    return VERDICTS.filter((verdict) => verdict === told).map((verdict) => ({ verdict }));
  });
}

const BRIEF: readonly string[] = ["claim", "place", "paper", "ours", "verdict"];

const BRIEF_NOTE =
  "Effects in points (cosines in hundredths), of the difference that decides; – where the paper prints none. “Reproduced” says that it lies where the paper claims it, however small beside the paper's own. The whole scorecard has the rule, the margins and what is to be known about each.";

/** A scorecard as it is told in passing: what is claimed, the effects and the verdict. */
export function briefScorecard({ caption, columns, rows, provenance }: ResultTable): ResultTable {
  const shown = columns.filter(({ key }) => BRIEF.includes(key)).sort((a, b) => BRIEF.indexOf(a.key) - BRIEF.indexOf(b.key)); // prettier-ignore
  const kept = rows.map((row) => Object.fromEntries(Object.entries(row).filter(([key]) => BRIEF.includes(key))));
  return resultTable({ caption, columns: shown, rows: kept, notes: [BRIEF_NOTE], provenance });
}

/** Every measured difference with its interval, beside the paper's; `undefined` where nothing is measured. */
export function scorecardFigure(judged: readonly JudgedClaim[], title: string): PlotlyFigure | undefined {
  const measured = judged.flatMap(({ decided }) => decided.filter(({ effect }) => effect !== undefined));
  if (measured.length === 0) return undefined;
  const effects = measured.flatMap(({ effect }) => effect ?? []);
  const drawn = (["seeds", "worlds"] as const).filter((of) => effects.some((effect) => effect[of] > 1));
  const isOfMeans = drawn.length > 0 && effects.some(({ overItems }) => !overItems);
  const meansOnly = isOfMeans ? `; of probes, states and general questions over ${inSeries(drawn)} alone` : "";
  const rows = measured.map(({ difference, effect, verdict }) => ({
    label: inWords(difference),
    group: verdict,
    value: effect,
    beside: difference.paper,
  }));
  return dotPlot(rows, {
    title,
    xTitle: "difference in points",
    notes: [
      `95 % intervals over ${inSeries(["items", ...drawn])}${meansOnly}. Cosines in hundredths. Open diamonds: the paper's own effects, on real pictures.`,
    ],
    names: ["here", "paper"],
    colours: VERDICT_COLOURS,
    zoom: 6, // most differences between trainings are smaller, some from the base ten times as large
  });
}

/** "items, seeds and worlds". */
function inSeries(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}

function numbersOf({ difference, effect, verdict }: Decided): Row {
  const told = { difference: inWords(difference), paper: difference.paper ?? null, verdict };
  if (effect === undefined) return told;
  const { value, low, high, p, worlds, fewestSeeds, seeds, overItems, items, detectable } = effect;
  const single = !hasSpread(effect); // as of one mean of one run: nothing that an interval or a test could rest on
  const ours: Cell = single ? { value } : { value, low, high };
  return {
    ...told,
    ours,
    p: single ? null : p,
    worlds,
    seeds: fewestSeeds === null ? null : seeds,
    items: overItems ? items : null,
    detectable: single || verdict === "reproduced" ? null : detectable,
  };
}

/** What is measured, in the words of the other tables. */
const MEASURED: Readonly<Record<string, string>> = {
  "closed accuracy": "closed world",
  "open accuracy": "text inclusion",
  "open similarity": "SS_rel",
  "states kinship": "cosine in hundredths",
};

/** "tapo − base, SS_rel, unseen". */
function inWords({ a, b, setting, metric, split }: ClaimedDifference): string {
  const measured = MEASURED[`${setting} ${metric}`] ?? `${setting}, ${metric}`;
  return [`${a} − ${b}`, measured, ...(split === "all" ? [] : [split])].join(", ");
}
