import { select, type Measurement } from "../eval/measurements";
import { METHOD_COLUMN, measurementIn, pivotColumns, shownValue } from "./pivot";
import type { MeasuredColumn, MethodTitle, PivotColumn } from "./pivot";
import { resultTable, type ResultTable, type Row } from "./table/table";

/** A run beside its record: the numbers, and what they say. */
export interface Comparison {
  readonly table: ResultTable;
  readonly sentence: string;
}

/**
 * How a method compares: the same in every digit of every measurement (those of domains and of other settings included), the
 * value in each column of the table (where it shows nothing of the method, every value) within its recorded 95 % interval, or neither.
 */
export type Verdict = "identical" | "within the interval" | "different";

/** Where the two were made, as their run records say. */
export interface Processors {
  readonly here: string | undefined;
  readonly recorded: string | undefined;
}

export interface ComparisonLayout {
  /** In the order of the rows. */
  readonly methods: readonly MethodTitle[];
  /** The columns of the experiment's table. */
  readonly columns: readonly MeasuredColumn[];
  readonly processors: Processors;
  readonly provenance?: Readonly<Record<string, string>>;
  /** What the two are called; default: this run, and the record in results/. */
  readonly sides?: readonly [string, string];
}

/**
 * Compares the measurements of a run with those of its record, both of one seed; `undefined` where they have none in common.
 * A measurement that only one of the two has says nothing, but a column of the table that only one has makes a method different.
 */
export function compareMeasurements(
  ours: readonly Measurement[],
  recorded: readonly Measurement[],
  { methods, columns: measured, processors, provenance = {}, sides }: ComparisonLayout,
): Comparison | undefined {
  const columns = pivotColumns(measured);
  const pairs = methods.flatMap(({ name, title }): Pair[] => {
    const [own, theirs] = [select(ours, { method: name }), select(recorded, { method: name })];
    const common = inCommon(own, theirs);
    return common.length === 0 ? [] : [{ title, own, theirs, verdict: verdictOf(own, theirs, common, columns) }];
  });
  if (pairs.length === 0) return undefined;
  const table = resultTable({
    caption: sides === undefined ? "This run beside the record" : `${sides[0]} beside ${sides[1]}`,
    columns: [
      METHOD_COLUMN,
      { key: "which", title: "", kind: "text" },
      ...columns.map(({ column }) => column),
      { key: "verdict", title: "Verdict", kind: "text" },
    ],
    rows: pairs.flatMap((pair) => comparedRows(pair, columns, sides ?? ["ours", "recorded"])),
    notes: ["Within the interval: each score lies in its recorded 95 % interval."],
    provenance,
  });
  const parts = (["identical", "within the interval", "different"] as const).flatMap((verdict) => {
    const titles = pairs.filter((pair) => pair.verdict === verdict).map(({ title }) => title);
    return titles.length === 0 ? [] : [`${WORDS[verdict]} (${titles.join(", ")})`];
  });
  return { table, sentence: `Against ${sides?.[1] ?? "results/"}: ${parts.join("; ")}.${madeOn(processors, sides)}` };
}

const WORDS: Readonly<Record<Verdict, string>> = {
  identical: "identical to the last digit",
  "within the interval": "not identical, but within the recorded intervals",
  different: "different",
};

/** One method's measurements, here and in the record. */
interface Pair {
  readonly title: string;
  readonly own: readonly Measurement[];
  readonly theirs: readonly Measurement[];
  readonly verdict: Verdict;
}

/** The measurements of the same thing: all but the numbers agree. */
function inCommon(own: readonly Measurement[], theirs: readonly Measurement[]): [Measurement, Measurement][] {
  const known = new Map(theirs.map((one) => [identityOf(one), one]));
  return own.flatMap((one) => {
    const other = known.get(identityOf(one));
    return other === undefined ? [] : [[one, other]];
  });
}

function identityOf({ seed, dataset, domain, split, setting, metric }: Measurement): string {
  return JSON.stringify([seed, dataset, domain, split, setting, metric]);
}

function verdictOf(
  own: readonly Measurement[],
  theirs: readonly Measurement[],
  common: readonly (readonly [Measurement, Measurement])[],
  columns: readonly PivotColumn[],
): Verdict {
  const numbers = (["value", "low", "high", "n"] as const).every((key) => common.every(([a, b]) => a[key] === b[key]));
  const cells = columns.map((column) => [measurementIn(own, column), measurementIn(theirs, column)] as const);
  if (cells.some(([a, b]) => (a === undefined) !== (b === undefined))) return "different";
  if (numbers) return "identical";
  const shown = cells.flatMap(([a, b]) => (a === undefined || b === undefined ? [] : [[a, b] as const]));
  // a table of other settings shows none of it, and says nothing of what differs
  const judged = shown.length > 0 ? shown : common;
  const within = judged.every(([a, b]) => b.low <= a.value && a.value <= b.high);
  return within ? "within the interval" : "different";
}

function comparedRows(
  { title, own, theirs, verdict }: Pair,
  columns: readonly PivotColumn[],
  [first, second]: readonly [string, string],
): Row[] {
  const number = (measurements: readonly Measurement[], column: PivotColumn): number | null => {
    const found = measurementIn(measurements, column);
    return found === undefined ? null : shownValue(column, found);
  };
  const line = (which: string, value: (column: PivotColumn) => number | null): Row => ({
    method: title,
    which,
    ...Object.fromEntries(columns.map((pivot) => [pivot.column.key, value(pivot)])),
    verdict,
  });
  return [
    line(first, (column) => number(own, column)),
    line(second, (column) => number(theirs, column)),
    line("difference", (column) => {
      const [a, b] = [number(own, column), number(theirs, column)];
      return a === null || b === null ? null : a - b;
    }),
  ];
}

function madeOn({ here, recorded }: Processors, sides: readonly [string, string] = ["This run", "the record"]): string {
  if (here === undefined || recorded === undefined) return "";
  const [first, second] = sides;
  return here === recorded ? ` Both were made on ${here}.` : ` ${first} was made on ${here}, ${second} on ${recorded}.`;
}
