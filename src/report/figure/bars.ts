import { LabError } from "../../core/errors";
import {
  type Cell,
  type Column,
  type ResultTable,
  type Row,
  bareValue,
  cellOf,
  isEstimate,
  markOf,
} from "../table/table";
import type { Json, JsonObject, PlotlyFigure } from "./figure";
import { wrapText } from "./metrics";
import { SIZE, axis, colour, frame, plain } from "./style";

export interface BarsOptions {
  readonly title: string;
  /** The text column that names the groups on the horizontal axis. */
  readonly label: string;
  /** The number columns, one series of bars each. */
  readonly values: readonly string[];
  readonly yTitle: string;
  readonly width?: number;
  readonly height?: number;
}

/** Grouped bars with error bars from a result table: a group a row, a series a column; marks are explained in a note. */
export function groupedBars(table: ResultTable, options: BarsOptions): PlotlyFigure {
  const width = options.width ?? Math.max(640, 70 * table.rows.length + 36 * table.rows.length * options.values.length);
  const room = Math.max(60, (width - 240) / Math.max(1, table.rows.length) - 10);
  const columns = options.values.map((key) => numberColumn(table, key));
  const percent = columns.some((column) => column.percent === true);
  const used = new Set(
    table.rows.flatMap((row) => [options.label, ...options.values].map((key) => markOf(cellOf(row, key)))),
  );
  const notes = Object.entries(table.marks).flatMap(([mark, text]) => (used.has(mark) ? [`${mark} ${text}`] : []));
  const data = columns.map((column, index): JsonObject => {
    const name = [column.group, column.title].filter((part) => part !== undefined).join(": ");
    const cells = table.rows.map((row) => cellOf(row, options.values[index] ?? ""));
    return {
      type: "bar",
      name: plain(name),
      x: table.rows.map((_, at) => at),
      marker: { color: colour(index) },
      hovertemplate: `%{customdata}: %{y:.1f}<extra>${plain(name)}</extra>`,
      customdata: table.rows.map((row) => plain(rowLabel(row, options))),
      ...heights(cells, percent ? 100 : 1),
    };
  });
  const layout = {
    ...frame({ title: options.title, width, height: options.height ?? 420, notes }),
    barmode: "group",
    bargap: 0.25,
    bargroupgap: 0.06,
    showlegend: options.values.length > 1,
    xaxis: axis("", {
      tickmode: "array",
      tickvals: table.rows.map((_, at) => at),
      ticktext: table.rows.map((row) => wrapText(rowLabel(row, options), room, SIZE.small).map(plain).join("<br>")),
      showgrid: false,
      tickangle: 0,
    }),
    yaxis: axis(
      options.yTitle,
      percent ? { range: [0, 105], tickvals: [0, 20, 40, 60, 80, 100] } : { rangemode: "tozero" },
    ),
  };
  return { data, layout };
}

function numberColumn(table: ResultTable, key: string): Column {
  const column = table.columns.find((candidate) => candidate.key === key && candidate.kind === "number");
  if (column !== undefined) return column;
  throw new LabError("is no number column of the table", "Name one of its columns.", { subject: `bars of ${key}` });
}

function rowLabel(row: Row, options: BarsOptions): string {
  const cells = [options.label, ...options.values].map((key) => cellOf(row, key));
  const marks = [...new Set(cells.map(markOf))].filter((mark) => mark !== "");
  return [String(bareValue(cellOf(row, options.label)) ?? ""), ...marks].join(" ");
}

function heights(cells: readonly Cell[], scale: number): JsonObject {
  const values = cells.map((cell) => {
    const value = bareValue(cell);
    return typeof value === "number" ? value * scale : null;
  });
  const estimates = cells.map((cell) => (isEstimate(cell) && cell.low !== undefined ? cell : undefined));
  if (estimates.every((estimate) => estimate === undefined)) return { y: values };
  // "none" is no number, so plotly draws no bar there; a zero would leave its cap.
  const side = (pick: "low" | "high"): Json[] =>
    estimates.map((cell) => (cell === undefined ? "none" : Math.abs((cell[pick] ?? cell.value) - cell.value) * scale));
  return {
    y: values,
    error_y: {
      type: "data",
      array: side("high"),
      arrayminus: side("low"),
      symmetric: false,
      color: "#444444",
      thickness: 1.2,
      width: 3,
    },
  };
}
