import {
  type Cell,
  type Column,
  type Estimate,
  type ResultTable,
  bareValue,
  cellOf,
  inPercent,
  isEstimate,
  markOf,
} from "./table";

/** A cell as people read it: plain text and, apart from it, its mark. Renderers escape both in their own way. */
export interface ShownCell {
  readonly body: string;
  readonly mark: string;
  /** The parts of a body such as "66.1 +3.9 −4.9", which TeX stacks. */
  readonly sides?: { readonly value: string; readonly above: string; readonly below: string };
}

/** What is shown where nothing was measured. */
const MISSING = "–";

/** Every cell as shown text, row by row in column order. */
export function shownCells(table: ResultTable): ShownCell[][] {
  const shows = table.columns.map((column) => {
    const cells = table.rows.map((row) => cellOf(row, column.key));
    return showColumn(column, cells);
  });
  return table.rows.map((row) =>
    table.columns.map((column, index) => {
      const cell = cellOf(row, column.key);
      return { body: MISSING, ...shows[index]?.(cell), mark: markOf(cell) };
    }),
  );
}

/**
 * The columns with the unit in their headings: "(%)" stands after the group's title where all of the group is in per cent,
 * else after the column's own.
 */
export function headedColumns({ columns }: ResultTable): Column[] {
  return columns.map((column): Column => {
    const { group, title } = column;
    if (!inPercent(column)) return column;
    if (group === undefined || !columns.filter((other) => other.group === group).every(inPercent)) {
      return { ...column, title: withPercent(title) };
    }
    return { ...column, group: withPercent(group) };
  });
}

function withPercent(title: string): string {
  return title.includes("%") ? title : `${title} (%)`.trimStart();
}

/** The group headings in order, each with the number of columns below it; "" where a column has no group. */
export function groupHeadings(columns: readonly Column[]): { title: string; span: number }[] {
  const headings: { title: string; span: number }[] = [];
  for (const { group = "" } of columns) {
    const last = headings.at(-1);
    if (last?.title === group) last.span += 1;
    else headings.push({ title: group, span: 1 });
  }
  return headings;
}

/** True if any column belongs to a group. */
export function hasGroups(columns: readonly Column[]): boolean {
  return columns.some((column) => column.group !== undefined);
}

/** The profile of the tests, and what `--set` makes of it: whatever a table holds of them, it shows only that everything works. */
const OF_TESTS = /(?:^| )smoke(?:-set-\w+)?(?: |$)/u;
const MEANS_NOTHING = "Numbers of the profile smoke mean nothing: it shows that everything works.";

/** The explanations below a table: marks that are in use first, then the notes. */
export function explanations(table: ResultTable): { mark: string; text: string }[] {
  const used = new Set(table.rows.flatMap((row) => table.columns.map((column) => markOf(cellOf(row, column.key)))));
  const marks = Object.entries(table.marks).filter(([mark]) => used.has(mark));
  const { profile = "", profiles = profile } = table.provenance;
  const notes = [...table.notes, ...(OF_TESTS.test(profiles) ? [MEANS_NOTHING] : [])];
  return [...marks.map(([mark, text]) => ({ mark, text })), ...notes.map((text) => ({ mark: "", text }))];
}

/** "experiment table3a · seed 1", or "" without provenance. */
export function provenanceLine(table: ResultTable): string {
  return Object.entries(table.provenance)
    .map(([key, value]) => `${key} ${value}`)
    .join(" · ");
}

function showColumn(column: Column, cells: readonly Cell[]): (cell: Cell) => Omit<ShownCell, "mark"> {
  if (column.kind === "text") return (cell) => ({ body: String(bareValue(cell) ?? MISSING) });
  const number = numberFormat(column, cells);
  const even = cells.filter(isEstimate).every((estimate) => symmetric(estimate, number));
  const style = column.interval ?? (even ? "half-width" : "range");
  return (cell) => {
    const exact = bareValue(cell);
    if (typeof exact !== "number") return { body: MISSING };
    const value = number(exact);
    if (!isEstimate(cell) || cell.low === undefined || cell.high === undefined) return { body: value };
    if (style === "range") return { body: `${value} [${number(cell.low)}, ${number(cell.high)}]` };
    const [above, below] = [number(cell.high - exact), number(exact - cell.low)];
    if (even) return { body: `${value} ± ${above}` };
    const sides = { value, above: `+${above}`, below: `−${below}` };
    return { body: `${value} ${sides.above} ${sides.below}`, sides };
  };
}

function symmetric({ value, low, high }: Estimate, number: (value: number) => string): boolean {
  return low === undefined || high === undefined || number(value - low) === number(high - value);
}

function numberFormat(column: Column, cells: readonly Cell[]): (value: number) => string {
  const scale = column.percent === true ? 100 : 1;
  const whole = cells.every(
    (cell) => !isEstimate(cell) && (bareValue(cell) === null || Number.isInteger(bareValue(cell))),
  );
  const large = cells.some((cell) => Math.abs(Number(bareValue(cell))) >= 10);
  const digits = column.digits ?? (column.percent === true ? 1 : whole ? 0 : large ? 1 : 3);
  return (value) => {
    const shown = (value * scale)
      .toFixed(digits)
      .replace(/^-(0(\.0*)?)$/, "$1")
      .replace("-", "−");
    const small = column.positive === true || (column.positive === "or 0" && value > 0);
    return small && Number(shown) === 0 ? `< ${(10 ** -digits).toFixed(digits)}` : shown;
  };
}
