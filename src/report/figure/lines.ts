import { LabError } from "../../core/errors";
import type { JsonObject, PlotlyFigure } from "./figure";
import { wrapText } from "./textWidth";
import { SIZE, SYMBOLS, axis, coloursOf, frame, INK, plain, type Colours } from "./style";

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
  /** false where the places of the horizontal axis have no order. */
  readonly joined?: false;
  /** Where the horizontal axis has its ticks, and what they are called. */
  readonly ticks?: readonly { readonly at: number; readonly label: string }[];
  /** What the error bars are, such as "95 % intervals over test items"; needed where a point has an interval. */
  readonly intervals?: string;
  readonly notes?: readonly string[];
  readonly colours?: Colours;
  readonly width?: number;
  readonly height?: number;
}

/** Pixels beside the plot, for the vertical axis and the legend. */
const MARGINS = 220;

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
  const room = (width - MARGINS) / Math.max(1, ticks?.length ?? 1) - 10;
  const placed = ticks?.map(({ at, label }) => ({ at, label: wrapText(label, room, SIZE.small).map(plain).join("<br>") })); // prettier-ignore
  const tickAxis: JsonObject =
    placed === undefined
      ? {}
      : { tickmode: "array", tickvals: placed.map(({ at }) => at), ticktext: placed.map(({ label }) => label) };
  return {
    data: lines.map((line, index) => {
      const shift = placed === undefined ? 0 : besideEachOther(lines, index);
      return trace(line, index, colours.get(line.name) ?? INK, { ...options, shift });
    }),
    layout: {
      ...frame({ title, width, height, notes: [...notes, ...explained] }),
      showlegend: true,
      xaxis: axis(xTitle, tickAxis, width - MARGINS),
      yaxis: axis(yTitle),
    },
  };
}

/** How far apart lines stand at one place of the axis, as a share of its length. */
const APART = 0.012;

/** How far a line's points are drawn from their place, so that the error bars of several lines do not hide each other. */
function besideEachOther(lines: readonly Line[], index: number): number {
  const places = lines.flatMap(({ points }) => points.map(({ x }) => x));
  const length = places.length === 0 ? 0 : Math.max(...places) - Math.min(...places);
  return (index - (lines.length - 1) / 2) * APART * length;
}

/** The numbers of a line. @param options.shift adds to the places at which its points are drawn */
function trace(
  { name, points }: Line,
  index: number,
  colour: string,
  { percent, shift, joined, ticks = [] }: LinesOptions & { readonly shift: number },
): JsonObject {
  const scale = percent === true ? 100 : 1;
  const side = (of: "low" | "high") =>
    points.map((point) => Math.abs((point[of] ?? point.value) - point.value) * scale);
  const labels = points.map(({ x }) => plain(ticks.find(({ at }) => at === x)?.label ?? String(x)));
  return {
    type: "scatter",
    mode: joined === false ? "markers" : "lines+markers",
    name: plain(name),
    x: points.map(({ x }) => x + shift),
    y: points.map(({ value }) => value * scale),
    ...(ticks.length === 0 ? {} : { text: labels, hovertemplate: `%{text}: %{y:.2f}<extra>${plain(name)}</extra>` }),
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
