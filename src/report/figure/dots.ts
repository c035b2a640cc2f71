import type { JsonObject, PlotlyFigure } from "./figure";
import { wrapText } from "./textWidth";
import { INK, PALETTE, SIZE, axis, frame, plain } from "./style";

/** A row of a dot plot: a number with its interval, and one to compare it with. */
export interface Dot {
  readonly label: string;
  /** Rows of one group are one colour. */
  readonly group: string;
  readonly value?: { readonly value: number; readonly low: number; readonly high: number } | undefined;
  readonly beside?: number | undefined;
}

export interface DotsOptions {
  readonly title: string;
  readonly xTitle: string;
  /** What the intervals are, and what the open symbols are. */
  readonly notes: readonly string[];
  /** What `value` and `beside` are called. */
  readonly names: readonly [string, string];
  /** Colours of the groups, in the legend's order. */
  readonly colours: Readonly<Record<string, string>>;
  /** Draws the middle of the axis, up to so many points to both sides, once more and larger beside the whole. */
  readonly zoom: number;
}

const LABEL_ROOM = 330;
const ROW = 34;

/**
 * A dot plot of shares, in per cent: a row per number, from the top; a dot with its interval in the group's colour, an open diamond for the
 * other, a line at 0. At its right the same around 0, for what is small beside the largest.
 */
export function dotPlot(rows: readonly Dot[], options: DotsOptions): PlotlyFigure {
  const height = 170 + ROW * rows.length;
  const layout = frame({ title: options.title, width: 1140, height, notes: options.notes });
  const labels = rows.map(({ label }) => wrapText(label, LABEL_ROOM, SIZE.small).map(plain).join("<br>"));
  const groups = Object.keys(options.colours).filter((group) => rows.some((row) => row.group === group && row.value));
  const traces = groups.map((group) => dotsOf(rows, group, options));
  const beside = rows.flatMap((row, at) => (row.beside === undefined ? [] : [{ at, x: 100 * row.beside, row }]));
  const others: JsonObject = {
    ...{ type: "scatter", mode: "markers", name: plain(options.names[1]) },
    x: beside.map(({ x }) => x),
    y: beside.map(({ at }) => at),
    marker: { symbol: "diamond-open", size: 10, color: INK, line: { width: 1.5 } },
    customdata: beside.map(({ row }) => plain(row.label)),
    hovertemplate: `%{customdata}: %{x:.2f}<extra>${plain(options.names[1])}</extra>`,
  };
  const whole = [...traces, others];
  const near = whole.map((trace) => ({ ...trace, xaxis: "x2", showlegend: false }));
  const zero = { zeroline: true, zerolinecolor: INK, zerolinewidth: 1.5 };
  return {
    data: [...whole, ...near],
    layout: {
      ...layout,
      showlegend: true,
      xaxis: axis(options.xTitle, { ...zero, domain: [0, 0.58] }),
      xaxis2: axis(`${options.xTitle}, near 0`, { ...zero, domain: [0.62, 1], range: [-options.zoom, options.zoom], anchor: "y" }), // prettier-ignore
      yaxis: axis("", {
        tickmode: "array",
        tickvals: rows.map((_, at) => at),
        ticktext: labels,
        range: [rows.length - 0.5, -0.5],
        showgrid: true,
      }),
    },
  };
}

function dotsOf(rows: readonly Dot[], group: string, { names, colours }: DotsOptions): JsonObject {
  const own = rows.flatMap(({ value, label, group: of }, at) => (value !== undefined && of === group ? [{ at, label, ...value }] : [])); // prettier-ignore
  const colour = colours[group] ?? PALETTE[0];
  return {
    ...{ type: "scatter", mode: "markers", name: plain(`${names[0]}: ${group}`) },
    x: own.map(({ value }) => 100 * value),
    y: own.map(({ at }) => at),
    marker: { size: 9, color: colour },
    customdata: own.map(({ label, low, high }) => `${plain(label)}: [${(100 * low).toFixed(2)}, ${(100 * high).toFixed(2)}]`), // prettier-ignore
    hovertemplate: `%{x:.2f}, %{customdata}<extra>${plain(group)}</extra>`,
    error_x: {
      type: "data",
      symmetric: false,
      array: own.map(({ value, high }) => 100 * (high - value)),
      arrayminus: own.map(({ value, low }) => 100 * (value - low)),
      color: colour,
      thickness: 1.6,
      width: 4,
    },
  };
}
