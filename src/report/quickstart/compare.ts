import type { QuickstartRow } from "../../experiments/quickstart";
import { stableJson } from "../../store/stage";
import { resultTable, type ResultTable, type Row } from "../table/table";
import { plainRow } from "./store";
import { ROW_TITLES, SCORE_COLUMNS, scoresOf, type ScoreKey } from "./tables";

/** A run beside its record: the numbers, and what they say. */
export interface Comparison {
  readonly table: ResultTable;
  readonly sentence: string;
}

/**
 * How a row compares: the same in every digit of every number (domains and forms included), each score within its recorded
 * 95 % interval, or not.
 */
export type Verdict = "identical" | "within the interval" | "different";

/** Where the two were made, as their run records say. */
export interface Processors {
  readonly here: string | undefined;
  readonly recorded: string | undefined;
}

const KEYS = SCORE_COLUMNS.map(({ key }) => key as ScoreKey);

/** Compares the rows of a run with those of the record; `undefined` where they have no row in common. */
export function compareRows(
  made: readonly QuickstartRow[],
  recorded: readonly QuickstartRow[],
  processors: Processors,
  provenance: Readonly<Record<string, string>> = {},
): Comparison | undefined {
  const pairs = made.flatMap((ours) => {
    const theirs = recorded.find(({ name }) => name === ours.name);
    return theirs === undefined ? [] : [{ ours, theirs, verdict: verdictOf(ours, theirs) }];
  });
  if (pairs.length === 0) return undefined;
  const table = resultTable({
    caption: "This run beside the record",
    columns: [
      { key: "method", title: "Method", kind: "text" },
      { key: "which", title: "", kind: "text" },
      ...SCORE_COLUMNS,
      { key: "verdict", title: "Verdict", kind: "text" },
    ],
    rows: pairs.flatMap(comparedRows),
    notes: ["Within the interval: each score lies in its recorded 95 % interval."],
    provenance,
  });
  const { here, recorded: there } = processors;
  const count = (verdict: Verdict) => pairs.filter((pair) => pair.verdict === verdict).map(({ ours }) => ours.name);
  const parts = (["identical", "within the interval", "different"] as const).flatMap((verdict) => {
    const titles = count(verdict).map((name) => ROW_TITLES[name]);
    return titles.length === 0 ? [] : [`${WORDS[verdict]} (${titles.join(", ")})`];
  });
  return { table, sentence: `Against results/: ${parts.join("; ")}.${madeOn(here, there)}` };
}

const WORDS: Readonly<Record<Verdict, string>> = {
  identical: "identical to the last digit",
  "within the interval": "not identical, but within the recorded intervals",
  different: "different",
};

function verdictOf(ours: QuickstartRow, theirs: QuickstartRow): Verdict {
  if (numbersOf(ours, theirs) === numbersOf(theirs, ours)) return "identical";
  const [a, b] = [scoresOf(ours), scoresOf(theirs)];
  const within = KEYS.every((key) => {
    const [own, recorded] = [a[key], b[key]];
    if (own === undefined || recorded === undefined) return own === recorded;
    return recorded.low <= own.value && own.value <= recorded.high;
  });
  return within ? "within the interval" : "different";
}

/** A row's numbers as text, but for those that an older version of the other did not keep. A checkpoint's key is a name. */
function numbersOf(row: QuickstartRow, other: QuickstartRow): string {
  const common = Object.entries(plainRow(row)).filter(([key]) => key in other && key !== "checkpoint");
  return stableJson(Object.fromEntries(common));
}

function comparedRows(pair: { ours: QuickstartRow; theirs: QuickstartRow; verdict: Verdict }): Row[] {
  const { ours, theirs, verdict } = pair;
  const method = ROW_TITLES[ours.name];
  const [a, b] = [scoresOf(ours), scoresOf(theirs)];
  const line = (which: string, value: (key: ScoreKey) => number | null): Row => ({
    method,
    which,
    ...Object.fromEntries(KEYS.map((key) => [key, value(key)])),
    verdict,
  });
  const difference = (key: ScoreKey): number | null => {
    const [own, recorded] = [a[key]?.value, b[key]?.value];
    return own === undefined || recorded === undefined ? null : own - recorded;
  };
  return [
    line("ours", (key) => a[key]?.value ?? null),
    line("recorded", (key) => b[key]?.value ?? null),
    line("difference", difference),
  ];
}

function madeOn(here: string | undefined, there: string | undefined): string {
  if (here === undefined || there === undefined) return "";
  return here === there ? ` Both were made on ${here}.` : ` This run was made on ${here}, the record on ${there}.`;
}
