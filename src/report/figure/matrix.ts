import type { JsonObject, PlotlyFigure } from "./figure";
import { textWidth } from "./textWidth";
import { INK, SEQUENTIAL, SIZE, axis, frame, plain } from "./style";

export interface HeatMapOptions {
  readonly title: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly xTitle: string;
  readonly yTitle: string;
  /** What the colours measure. */
  readonly scaleTitle: string;
  /** The ends of the colour scale; default: the least and the greatest value. */
  readonly range?: readonly [number, number];
  /** Digits of the numbers in the cells; default 0 for whole numbers, else 2. */
  readonly digits?: number;
  readonly cell?: number;
}

/** Above this many cells the numbers are left out. */
const NUMBERED = 400;

/**
 * A heat map or confusion matrix: `values[row][column]`, `null` for an empty cell. The cells are bars of height one, which
 * every renderer draws (plotly's own heat maps need a canvas).
 */
export function heatMap(values: readonly (readonly (number | null)[])[], options: HeatMapOptions): PlotlyFigure {
  const { rows, columns } = options;
  const cells = values.flatMap((line, row) =>
    line.flatMap((value, column) => (value === null ? [] : [{ row, column, value }])),
  );
  const all = cells.map(({ value }) => value);
  const [low, high] = options.range ?? [Math.min(...all), Math.max(...all)];
  const digits = options.digits ?? (all.every((value) => Number.isInteger(value)) ? 0 : 2);
  const trace: JsonObject = {
    type: "bar",
    x: cells.map(({ column }) => column),
    y: cells.map(() => 1),
    base: cells.map(({ row }) => row - 0.5),
    width: cells.map(() => 1),
    marker: {
      color: all,
      cmin: low,
      cmax: high > low ? high : low + 1,
      colorscale: SEQUENTIAL.map((hex, index) => [index / (SEQUENTIAL.length - 1), hex]),
      colorbar: {
        title: { text: plain(options.scaleTitle), side: "right", font: { size: SIZE.text } },
        thickness: 14,
        outlinewidth: 0,
      },
      line: { width: 1, color: "#ffffff" },
    },
    customdata: cells.map(({ row, column, value }) => [plain(rows[row] ?? ""), plain(columns[column] ?? ""), value]),
    hovertemplate: "%{customdata[0]} / %{customdata[1]}: %{customdata[2]}<extra></extra>",
    ...(cells.length > NUMBERED ? {} : numbers(all, { low, high, digits })),
  };
  return { data: [trace], layout: layoutOf(options) };
}

function numbers(values: readonly number[], scale: { low: number; high: number; digits: number }): JsonObject {
  const middle = scale.low + 0.55 * (scale.high - scale.low);
  return {
    text: values.map((value) => value.toFixed(scale.digits)),
    textposition: "inside",
    insidetextanchor: "middle",
    textangle: 0,
    constraintext: "none",
    textfont: { size: SIZE.small, color: values.map((value) => (value > middle ? "#ffffff" : INK)) },
  };
}

function layoutOf({ title, rows, columns, xTitle, yTitle, cell = 44 }: HeatMapOptions): JsonObject {
  const longest = (texts: readonly string[]): number =>
    Math.max(0, ...texts.map((text) => textWidth(text, SIZE.small)));
  const slanted = longest(columns) > cell - 4;
  const width = Math.max(360, cell * columns.length + longest(rows) + 200);
  const height = cell * rows.length + (slanted ? longest(columns) * 0.75 : 20) + 150;
  const ticks = (texts: readonly string[]): JsonObject => ({
    tickmode: "array",
    tickvals: texts.map((_, index) => index),
    ticktext: texts.map(plain),
    showgrid: false,
    showline: false,
    ticks: "",
  });
  return {
    ...frame({ title, width: Math.round(width), height: Math.round(height) }),
    showlegend: false,
    barmode: "overlay",
    xaxis: axis(xTitle, { ...ticks(columns), range: [-0.5, columns.length - 0.5], tickangle: slanted ? -45 : 0 }),
    yaxis: axis(yTitle, { ...ticks(rows), range: [rows.length - 0.5, -0.5] }),
  };
}
