import { LabError } from "../../core/errors";
import type { JsonObject, PlotlyFigure } from "./figure";
import { SYMBOLS, axis, coloursOf, frame, INK, plain, type Colours } from "./style";

export interface LinePoint {
  readonly x: number;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

export interface Line {
  readonly name: string;
  /** In the order in which they are joined. */
  readonly points: readonly LinePoint[];
}

export interface LinesOptions {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  /** Values are shares, drawn in per cent. */
  readonly percent?: boolean;
  /** Where the horizontal axis has its ticks, and what they are called. */
  readonly ticks?: readonly { readonly at: number; readonly label: string }[];
  /** What the error bars are, such as "95 % intervals over test items"; needed where a point has an interval. */
  readonly intervals?: string;
  readonly notes?: readonly string[];
  readonly colours?: Colours;
  readonly width?: number;
  readonly height?: number;
}

/** Points joined by lines, with error bars: a score over a number, such as a ratio or a weight. */
export function lineChart(lines: readonly Line[], options: LinesOptions): PlotlyFigure {
  const { title, xTitle, yTitle, ticks, notes = [], width = 640, height = 420 } = options;
  const measured = lines.some(({ points }) => points.some(({ low, high }) => low !== undefined && high !== undefined));
  if (measured && options.intervals === undefined) {
    throw new LabError("the intervals have no explanation", "Say in the option `intervals` what the error bars are.", {
      subject: `lines of ${yTitle}`,
    });
  }
  const explained = measured ? [`Error bars: ${options.intervals ?? ""}.`] : [];
  const colours = coloursOf(
    lines.map(({ name }) => name),
    options.colours,
  );
  const placed = ticks?.map(({ at, label }) => ({ at, label: plain(label) }));
  const tickAxis: JsonObject =
    placed === undefined
      ? {}
      : { tickmode: "array", tickvals: placed.map(({ at }) => at), ticktext: placed.map(({ label }) => label) };
  return {
    data: lines.map((line, index) => trace(line, index, colours.get(line.name) ?? INK, options)),
    layout: {
      ...frame({ title, width, height, notes: [...explained, ...notes] }),
      showlegend: true,
      xaxis: axis(xTitle, tickAxis),
      yaxis: axis(yTitle),
    },
  };
}

function trace({ name, points }: Line, index: number, colour: string, { percent }: LinesOptions): JsonObject {
  const scale = percent === true ? 100 : 1;
  const side = (of: "low" | "high") =>
    points.map((point) => Math.abs((point[of] ?? point.value) - point.value) * scale);
  return {
    type: "scatter",
    mode: "lines+markers",
    name: plain(name),
    x: points.map(({ x }) => x),
    y: points.map(({ value }) => value * scale),
    line: { width: 2, color: colour },
    marker: { size: 8, color: colour, symbol: SYMBOLS[index % SYMBOLS.length] ?? "circle" },
    error_y: {
      type: "data",
      array: side("high"),
      arrayminus: side("low"),
      symmetric: false,
      color: colour,
      thickness: 1.2,
      width: 3,
    },
  };
}
