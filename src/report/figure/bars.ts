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
import type { FigureJson, JsonObject, PlotlyFigure } from "./figure";
import { textWidth, wrapText } from "./textWidth";
import { type Colours, INK, LOG_AXIS, SIZE, axis, colour, coloursOf, frame, plain, tint } from "./style";

export interface BarsOptions {
  readonly title: string;
  /** The text column that names the groups on the horizontal axis. */
  readonly label: string;
  /** The number columns, one series of bars each. */
  readonly values: readonly string[];
  readonly yTitle: string;
  /** What the error bars are, such as "95 % intervals over test items"; needed where a value has an interval. */
  readonly intervals?: string;
  readonly notes?: readonly string[];
  /** What guessing would score, in the table's own values; drawn as a line. */
  readonly chance?: number;
  /** Whether the vertical axis is logarithmic, for values of several orders of magnitude; not for per cent. */
  readonly log?: boolean;
  /** Colours of the groups by name. With them a group has one colour and its series are shades of it. */
  readonly colours?: Colours;
  readonly width?: number;
  readonly height?: number;
}

/** Pixels beside the plot, in the legend beside its words, and the least width of a plot. */
const MARGINS = { x: 88, least: 400 };
const LEGEND = 50;

/** How strong the colour of a group is in its series, one after the other. */
const SHADES = [1, 0.45, 0.2];
/** The legend's colour for a shade that all groups have. */
const GREY = "#6f6f6f";

/**
 * Grouped bars with error bars from a result table: a group per row, a series per column; marks and error bars are explained in
 * notes. A `LabError` tells of a column that is no number, and of intervals that nothing explains.
 */
export function groupedBars(table: ResultTable, options: BarsOptions): PlotlyFigure {
  const columns = options.values.map((key) => numberColumn(table, key));
  const percent = columns.some((column) => column.percent === true);
  const { names, title } = seriesNames(columns);
  const chance = chanceLine(table, options, percent);
  const legend = LEGEND + Math.max(...[...names, title ?? "", ...chance.map(({ name }) => name)].map((text) => textWidth(text, SIZE.small))); // prettier-ignore
  const plot = Math.max(MARGINS.least, (70 + 36 * options.values.length) * table.rows.length);
  const width = options.width ?? Math.round(MARGINS.x + plot + legend);
  const room = Math.max(60, (width - MARGINS.x - legend) / Math.max(1, table.rows.length) - 10);
  const labels = table.rows.map((row) => rowLabel(row, options));
  const data = columns.flatMap((column, index) =>
    seriesTraces(table, options, { column, index, name: plain(names[index] ?? ""), labels, scale: percent ? 100 : 1 }),
  );
  const layout = frame({
    title: options.title,
    width,
    height: options.height ?? 420,
    notes: notesOf(table, options),
    ...(title === undefined ? {} : { legendTitle: title }),
  });
  return {
    data: [...data, ...chance],
    layout: {
      ...layout,
      barmode: "group",
      bargap: 0.25,
      bargroupgap: 0.06,
      showlegend: true,
      xaxis: axis("", {
        tickmode: "array",
        tickvals: table.rows.map((_, at) => at),
        ticktext: labels.map((label) => wrapText(label, room, SIZE.small).map(plain).join("<br>")),
        range: [-0.5, table.rows.length - 0.5],
        showgrid: false,
        tickangle: 0,
      }),
      yaxis: axis(
        options.yTitle,
        percent
          ? { range: [0, 105], tickvals: [0, 20, 40, 60, 80, 100] }
          : options.log === true
            ? LOG_AXIS
            : { rangemode: "tozero" },
      ),
    },
  };
}

interface Series {
  readonly column: Column;
  readonly index: number;
  readonly name: string;
  readonly labels: readonly string[];
  readonly scale: number;
}

/** The bars of one column; where they have many colours, the legend's entry is a trace of its own, in grey and without bars. */
function seriesTraces(table: ResultTable, options: BarsOptions, series: Series): JsonObject[] {
  const { column, index, name, labels, scale } = series;
  const place = { type: "bar", name, offsetgroup: String(index), legendgroup: String(index) };
  const cells = table.rows.map((row) => cellOf(row, column.key));
  const bars = {
    ...place,
    x: table.rows.map((_, at) => at),
    marker: { color: fills(table, options, index) },
    hovertemplate: `%{customdata}: %{y:${options.log === true ? ".3~g" : ".1f"}}<extra>${name}</extra>`,
    customdata: labels.map(plain),
    ...heights(cells, scale),
  };
  if (options.colours === undefined) return [bars];
  const entry = { ...place, x: [null], y: [null], marker: { color: tint(GREY, shade(index)) } };
  return [{ ...bars, showlegend: false }, entry];
}

/** The names of the series; a group that all columns share is the legend's title instead of a prefix of each. */
function seriesNames(columns: readonly Column[]): { names: string[]; title?: string } {
  const groups = new Set(columns.map(({ group }) => group));
  const [shared] = groups;
  if (groups.size === 1 && shared !== undefined) return { names: columns.map(({ title }) => title), title: shared };
  return { names: columns.map(({ group, title }) => (group === undefined ? title : `${group}: ${title}`)) };
}

/** One colour for a series, or one for each of its bars. */
function fills(table: ResultTable, { colours, label }: BarsOptions, index: number): string | string[] {
  if (colours === undefined) return colour(index);
  const names = table.rows.map((row) => String(bareValue(cellOf(row, label)) ?? ""));
  const own = coloursOf(names, colours);
  return names.map((name) => tint(own.get(name) ?? INK, shade(index)));
}

function shade(index: number): number {
  return SHADES[Math.min(index, SHADES.length - 1)] ?? 1;
}

function notesOf(table: ResultTable, { label, values, intervals, notes = [] }: BarsOptions): string[] {
  const cells = table.rows.flatMap((row) => [label, ...values].map((key) => cellOf(row, key)));
  const used = new Set(cells.map(markOf));
  const measured = cells.some((cell) => isEstimate(cell) && cell.low !== undefined);
  if (measured && intervals === undefined) {
    throw new LabError("the intervals have no explanation", "Say in the option `intervals` what the error bars are.", {
      subject: `bars of ${values.join(", ")}`,
    });
  }
  return [
    ...notes,
    ...(measured && intervals !== undefined ? [`Error bars: ${intervals}.`] : []),
    ...Object.entries(table.marks).flatMap(([mark, text]) => (used.has(mark) ? [`${mark} ${text}`] : [])),
  ];
}

type ChanceLine = JsonObject & { readonly name: string };

function chanceLine({ rows }: ResultTable, { chance }: BarsOptions, percent: boolean): ChanceLine[] {
  if (chance === undefined) return [];
  const level = percent ? 100 * chance : chance;
  const name = percent ? `chance (${Number(level.toFixed(1))} %)` : `chance (${level})`;
  const line = { color: INK, width: 1.5, dash: "dash" };
  return [
    { type: "scatter", mode: "lines", name, x: [-0.5, rows.length - 0.5], y: [level, level], line, hoverinfo: "name" },
  ];
}

function numberColumn(table: ResultTable, key: string): Column {
  const column = table.columns.find((candidate) => candidate.key === key && candidate.kind === "number");
  if (column !== undefined) return column;
  throw new LabError("is no number column of the table", "Name one of its columns.", { subject: `bars of ${key}` });
}

function rowLabel(row: Row, options: BarsOptions): string {
  const cells = [options.label, ...options.values].map((key) => cellOf(row, key));
  const marks = [...new Set(cells.map(markOf))].filter((mark) => mark !== "");
  return [String(bareValue(cellOf(row, options.label)) ?? ""), ...marks].join("");
}

function heights(cells: readonly Cell[], scale: number): JsonObject {
  const values = cells.map((cell) => {
    const value = bareValue(cell);
    return typeof value === "number" ? value * scale : null;
  });
  const estimates = cells.map((cell) => (isEstimate(cell) && cell.low !== undefined ? cell : undefined));
  if (estimates.every((estimate) => estimate === undefined)) return { y: values };
  // "none" is no number, so plotly draws no bar there; a zero would leave its cap.
  const side = (pick: "low" | "high"): FigureJson[] =>
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
