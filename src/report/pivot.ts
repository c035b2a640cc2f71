import { LabError } from "../core/errors";
import type { ChainJudge } from "../data/chains";
import { select, type Measurement } from "../eval/measurements";
import { chainMetrics } from "../eval/metrics";
import { resultTable, textColumn, type Cell, type Column, type ResultTable, type Row } from "./table/table";

/**
 * Tables are pivots of measurements: a row per method (and split), a column per setting, metric, domain and split. A table of
 * seeds (`seeds.ts`) and a comparison with a record (`compare.ts`) have the same columns.
 */

/** A method as tables and figures call it. */
export interface MethodTitle {
  /** As in `Measurement.method`. */
  readonly name: string;
  readonly title: string;
  /** Says that its numbers come from elsewhere; explained in the layout's `marks`. */
  readonly mark?: string;
}

/** Columns of one metric: one for each of its splits. */
export interface MeasuredColumn extends Pick<Measurement, "setting" | "metric"> {
  /** A super-category, "mean" over them or "items" over all items; default "mean". */
  readonly domain?: string;
  /** Left out where the layout has a row per split. */
  readonly splits?: readonly Measurement["split"][];
  /** Default: the split, or the metric where there is none. */
  readonly title?: string;
  readonly group?: string;
  /** The name in files, before the split; default: made of setting, metric and domain. */
  readonly key?: string;
  /** The value with its 95 % interval (the default), the value alone, or the number of items behind it. */
  readonly show?: "interval" | "value" | "items";
  /** Whether the value is a share, shown in per cent; default true. */
  readonly percent?: boolean;
  /** Decimal places; default: as `Column.digits`. */
  readonly digits?: number;
  /** See `Column.positive`. */
  readonly positive?: boolean;
  /** False for the statistic of a test and its p: of these a mean over seeds says nothing. */
  readonly overSeeds?: false;
}

export interface TableLayout extends Partial<Pick<ResultTable, "notes" | "marks" | "provenance">> {
  readonly caption: string;
  /** The rows in their order; a method without a number in any column has none. */
  readonly methods: readonly MethodTitle[];
  /** Gives a row per method and split instead of one per method. */
  readonly splitRows?: readonly Measurement["split"][];
  readonly columns: readonly MeasuredColumn[];
  /** Columns at the right; they give no method a row. */
  readonly beside?: readonly BesideColumn[];
}

/** A column that is no measurement of its row's method, such as what a paper prints of it. */
export interface BesideColumn {
  readonly column: Column;
  /** By the method's name. */
  readonly of: (method: string) => Cell;
  /** What the cells' marks mean. */
  readonly marks: Readonly<Record<string, string>>;
}

/**
 * A row per method (and split), shares with 95 % intervals.
 * @param all measurements of one seed and one dataset
 * @throws LabError where two measurements fit one cell
 */
export function methodTable(all: readonly Measurement[], layout: TableLayout): ResultTable {
  const columns = pivotColumns(layout.columns);
  const { splitRows, caption, beside = [], notes = [], marks = {}, provenance = {} } = layout;
  const rows = layout.methods.flatMap(({ name, title, mark }) =>
    (splitRows ?? [undefined]).flatMap((split): Row[] => {
      const own = select(all, split === undefined ? { method: name } : { method: name, split });
      const cells = columns.map((pivot) => [pivot.column.key, cellOf(pivot, measurementIn(own, pivot))] as const);
      if (cells.every(([, cell]) => cell === null)) return [];
      const method = mark === undefined ? title : { text: title, mark };
      const others = beside.map(({ column, of }) => [column.key, of(name)] as const);
      return [{ method, ...(split === undefined ? {} : { split }), ...Object.fromEntries([...cells, ...others]) }];
    }),
  );
  return resultTable({
    caption,
    columns: [
      METHOD_COLUMN,
      ...(splitRows === undefined ? [] : [SPLIT_COLUMN]),
      ...[...columns, ...beside].map(({ column }) => column),
    ],
    rows,
    notes: [...notes, ...meansNote(columns)],
    marks: Object.fromEntries([marks, ...beside.map((one) => one.marks)].flatMap((own) => Object.entries(own))),
    provenance,
  });
}

/** Columns as in the paper's Table 1: the domains of each split with their mean, then the mean of both splits. */
export function domainColumns(
  domains: readonly string[],
  of: Pick<Measurement, "setting" | "metric">,
): MeasuredColumn[] {
  const halves = (["seen", "unseen"] as const).flatMap((split): MeasuredColumn[] => {
    const group = split === "seen" ? "Seen classes" : "Unseen classes";
    const column = (domain: string, title: string) => ({ ...of, domain, splits: [split], group, title });
    return [...domains.map((name) => ({ ...column(name, name), show: "value" as const })), column("mean", "Avg.")];
  });
  return [...halves, { ...of, splits: ["all"], title: "Avg. of both" }];
}

/**
 * Columns of the table "where the chains break", open world, for a row per method and split: the items, the first wrong step in % of them
 * (`CHAIN_NOTE`), and what else the chains' metrics say. All are over items alike.
 */
export function chainColumns(judge: ChainJudge): MeasuredColumn[] {
  const over = { setting: "open", domain: "items" } as const;
  const metrics = chainMetrics(judge).map(({ name, title }): MeasuredColumn => {
    return { ...over, metric: name, title, key: name.replace("chain:", ""), show: "value" };
  });
  return [{ ...over, metric: "chain:right", title: "Items", key: "items", show: "items" }, ...metrics];
}

/** One column of a pivot: what the table says of it, and which measurements it shows. */
export interface PivotColumn {
  readonly column: Column;
  readonly where: Partial<Measurement>;
  readonly show: "interval" | "value" | "items";
}

export const METHOD_COLUMN: Column = textColumn("method", "Method");
const SPLIT_COLUMN: Column = textColumn("split", "Classes");

/** A column per split of each. */
export function pivotColumns(columns: readonly MeasuredColumn[]): PivotColumn[] {
  const keys = new Set<string>();
  return columns.flatMap((spec) =>
    (spec.splits ?? [undefined]).map((split): PivotColumn => {
      const { setting, metric, domain = "mean", group, show = "interval", splits = [] } = spec;
      const own = spec.title ?? (split === undefined ? metric : split);
      const title = spec.title !== undefined && splits.length > 1 ? `${spec.title}, ${split ?? ""}` : own;
      const key = spec.key ?? [setting, metric, ...(domain === "mean" ? [] : [domain])].join("_");
      const column: Column = {
        key: freshKey(split === undefined ? key : `${key}_${split}`, keys),
        title,
        kind: "number",
        ...(group === undefined ? {} : { group }),
        ...(show === "items" ? {} : { percent: spec.percent ?? true }),
        ...(show === "interval" ? { interval: "half-width" } : {}),
        ...(spec.digits === undefined ? {} : { digits: spec.digits }),
        ...(spec.positive === undefined ? {} : { positive: spec.positive }),
      };
      return { column, where: { setting, metric, domain, ...(split === undefined ? {} : { split }) }, show };
    }),
  );
}

/** A method's measurement in a column. @throws LabError where there are several */
export function measurementIn(own: readonly Measurement[], { where, column }: PivotColumn): Measurement | undefined {
  const [found, another] = select(own, where);
  if (found === undefined || another === undefined) return found;
  throw new LabError(
    `two measurements of ${found.method} fit one cell`,
    "Give the measurements of one seed and one dataset, and name the splits of the column.",
    { subject: `column ${column.key}` },
  );
}

/** The number that a column shows of a measurement. */
export function shownValue({ show }: PivotColumn, { value, n }: Measurement): number {
  return show === "items" ? n : value;
}

/** Says which columns are means over domains and which are over items, where both stand in one table. */
export function meansNote(columns: readonly PivotColumn[]): string[] {
  const named = (domain: string): string[] => [
    ...new Set(
      columns
        .filter(({ where, show }) => where.domain === domain && show !== "items")
        .map(({ column: { group, title } }) => group ?? title),
    ),
  ];
  const [means, items] = [named("mean"), named("items")];
  if (means.length === 0 || items.length === 0) return [];
  return [`Means over the domains, each alike: ${means.join("; ")}. Over all items alike: ${items.join("; ")}.`];
}

function cellOf(pivot: PivotColumn, found: Measurement | undefined): Cell {
  if (found === undefined) return null;
  const { value, low, high } = found;
  return pivot.show === "interval" ? { value, low, high } : shownValue(pivot, found);
}

/** A name that files can have as a column's, unlike the others': lower case, digits and underscores. */
function freshKey(wanted: string, taken: Set<string>): string {
  const parts = wanted.replaceAll(/([a-z0-9])([A-Z])/gu, "$1_$2").toLowerCase();
  const plain = parts.replaceAll(/[^a-z0-9]+/gu, "_").replace(/^(?=[^a-z])/u, "c");
  let key = plain;
  for (let number = 2; taken.has(key); number += 1) key = `${plain}_${number}`;
  taken.add(key);
  return key;
}
