import { LabError, required } from "../../core/errors";
import { didYouMean } from "../../core/similar";
import { pivotColumns, type BesideColumn, type MeasuredColumn } from "../pivot";
import type { Results } from "../standard";
import { numberColumn, resultTable, textColumn, type Cell, type Column, type ResultTable } from "../table/table";
import * as ablations from "./ablations";
import * as domains from "./domains";
import type { PublishedColumn, PublishedTable, PublishedValue } from "./printed";

/** The paper's own numbers, as data; and how they come to stand beside ours. Pictures, models and sizes are others there: levels do not compare, effects may. */
export const PUBLISHED = { ...domains, ...ablations } satisfies Readonly<Record<string, PublishedTable>>;
export type PublishedId = keyof typeof PUBLISHED;

const DERIVED = "¶";
const MARKS = { [DERIVED]: "not printed: follows from a difference that the text states" };

/** A table of the paper with all its rows, other models included; exported as any other (`exportTable`). */
export function publishedTable(id: PublishedId): ResultTable {
  const { where, caption, model, columns, rows, notes = [] }: PublishedTable = PUBLISHED[id];
  const kinds = rows.some(({ kind }) => kind !== undefined);
  return resultTable({
    caption: `${where.replace(/,.*$/u, "")} of the paper: ${caption}${model === undefined ? "" : ` (${model})`}`,
    columns: [
      ...(kinds ? [textColumn("kind", "Kind")] : []),
      textColumn("row", "Row"),
      ...columns.map((column) => columnOf(column)),
    ],
    rows: rows.map(({ name, kind = null, values }) => ({
      ...(kinds ? { kind } : {}),
      row: name,
      ...Object.fromEntries(columns.map(({ key }, at) => [key, cellOf(values[at] ?? null)])),
    })),
    notes: [
      ...notes,
      "Published numbers (He, Geng & Peng, arXiv 2602.07605), on real pictures; nothing here was measured.",
    ],
    marks: MARKS,
    provenance: { paper: "arXiv 2602.07605", place: where },
  });
}

function columnOf({ key, title, group, percent = true, digits = 2 }: PublishedColumn): Column {
  return numberColumn(key, title, { percent, digits, ...(group === undefined ? {} : { group }) });
}

function cellOf(found: PublishedValue | null): Cell {
  if (found === null) return null;
  return found.derived ? { value: found.value, mark: DERIVED } : found.value;
}

/** A number of the paper; `null` where none is printed. @throws LabError for a row or a column that there is not */
export function published(id: PublishedId, row: string, key: string): PublishedValue | null {
  const { rows, columns }: PublishedTable = PUBLISHED[id];
  const at = columns.findIndex((column) => column.key === key);
  if (at < 0) throw stranger(id, "column", key, columns.map((column) => column.key)); // prettier-ignore
  const found = required(
    rows.find(({ name }) => name === row),
    () => stranger(id, "row", row, rows.map(({ name }) => name)), // prettier-ignore
  );
  return found.values[at] ?? null;
}

function stranger(id: string, what: string, name: string, names: readonly string[]): LabError {
  const remedy = `${didYouMean(name, names)}Choose one of ${names.join(", ")}.`;
  return new LabError(`there is no ${what} "${name}"`, remedy, { subject: `the published ${id}` });
}

/** Which rows of a published table an experiment's methods are. */
export interface PublishedLink {
  readonly table: PublishedId;
  /** A row of the table by a method's name. */
  readonly rows: Readonly<Record<string, string>>;
  /** The method that effects are gains over, such as "base", or one for each method that has one; left out where none is a baseline. */
  readonly over?: string | Readonly<Record<string, string>>;
}

/** Makes sure that a link names rows that there are. @throws LabError */
export function requirePublished({ table, rows }: PublishedLink): void {
  const [first] = PUBLISHED[table].columns;
  for (const row of Object.values(rows)) published(table, row, first?.key ?? "");
}

/**
 * What the paper prints beside the columns of a table of ours: its level, and how far our gain over the baseline lies above the paper's.
 * Columns that the paper does not have get none.
 */
export function besidePublished(
  links: readonly PublishedLink[],
  columns: readonly MeasuredColumn[],
  { measurements, methods }: Pick<Results, "measurements" | "methods">,
): BesideColumn[] {
  const beside = columns.flatMap((spec) =>
    pivotColumns([withoutInterval(spec)]).flatMap(({ column, where: { setting, metric, domain, split = "all" } }) => {
      const where = { setting, metric, domain, split };
      const found = publishedFor(links, where);
      return found === undefined ? [] : [{ ...found, where, column, title: longTitle(spec, column) }];
    }),
  );
  const levels = beside.map(({ link, printed: { key, digits = 2 }, model, column, title }): BesideColumn => ({
    column: { ...column, key: `paper_${column.key}`, title, group: `Paper (${model}real pictures)`, digits },
    of: (method) => cellOf(levelIn(link, method, key)),
    marks: MARKS,
  }));
  const gains = beside.flatMap(({ link, printed: { key }, where, column, title }): BesideColumn[] => {
    const { over } = link;
    if (over === undefined) return [];
    const ours = (method: string): number | undefined =>
      measurements.find((one) => one.method === method && isAt(one, where))?.value;
    const theirs = (method: string): number | undefined => levelIn(link, method, key)?.value;
    const common = typeof over === "string" ? (methods.find(({ name }) => name === over)?.title ?? over) : "its base";
    const group = `Gain over ${common}: ours minus the paper's`;
    const of = (method: string): Cell => {
      const baseline = typeof over === "string" ? over : over[method];
      if (baseline === undefined || method === baseline) return null;
      const [a, b, c, d] = [ours(method), ours(baseline), theirs(method), theirs(baseline)];
      return a === undefined || b === undefined || c === undefined || d === undefined ? null : a - b - (c - d);
    };
    return [{ column: { ...column, key: `gain_beside_paper_${column.key}`, title, group }, of, marks: {} }];
  });
  return [...levels, ...gains];
}

/** The paper prints none. */
function withoutInterval(spec: MeasuredColumn): MeasuredColumn {
  return { ...spec, show: spec.show === "items" ? "items" : "value" };
}

/** Says which rows of the paper stand beside which of ours, and what is doubtful about them. */
export function publishedNotes(links: readonly PublishedLink[], { methods }: Pick<Results, "methods">): string[] {
  return links.flatMap(({ table, rows }) => {
    const { where, notes = [] }: PublishedTable = PUBLISHED[table];
    const pairs = methods.flatMap(({ name, title }) => {
      const row = rows[name];
      return row === undefined ? [] : [`${title} = ${row}`];
    });
    if (pairs.length === 0) return [];
    return [
      `The paper's numbers (${where}) are of real pictures and other models: levels do not compare, only effects may. Rows: ${pairs.join("; ")}.`,
      ...notes,
    ];
  });
}

/** Where a measurement is, as a column of a table names it. */
type Place = Partial<Record<"setting" | "metric" | "domain" | "split", string | undefined>>;

function isAt(one: Place, { setting, metric, domain, split }: Place): boolean {
  return one.setting === setting && one.metric === metric && one.domain === domain && one.split === split;
}

/** The link and the published column that measure the same. */
function publishedFor(links: readonly PublishedLink[], place: Place) {
  for (const link of links) {
    const { columns, model }: PublishedTable = PUBLISHED[link.table];
    const column = columns.find(
      ({ measures }) => measures !== undefined && isAt({ domain: "mean", ...measures }, place),
    );
    if (column !== undefined) return { link, printed: column, model: model === undefined ? "" : `${model}, ` };
  }
  return undefined;
}

function levelIn({ table, rows }: PublishedLink, method: string, key: string): PublishedValue | null {
  const row = rows[method];
  return row === undefined ? null : published(table, row, key);
}

/** The column's title behind that of its group. */
function longTitle({ group }: MeasuredColumn, { title }: Column): string {
  return group === undefined ? title : `${group}, ${title}`;
}
