import type { JsonObject, PlotlyFigure } from "./figure";
import { textWidth } from "./textWidth";
import { type Colours, INK, LOG_AXIS, SIZE, axis, coloursOf, faint, frame, plain } from "./style";

export interface DrawnCurve {
  readonly name: string;
  /** Steps; default 1, 2, 3, … */
  readonly x?: readonly number[];
  /** Values; `NaN` leaves a gap. */
  readonly y: readonly number[];
}

export interface Panel {
  readonly title: string;
  readonly curves: readonly DrawnCurve[];
}

export interface CurvesOptions {
  readonly title: string;
  readonly xTitle?: string;
  readonly notes?: readonly string[];
  /** Weight in [0, 1) of the past in the smoothed line; the raw line stays behind it, faint. Default 0: raw lines only. */
  readonly smoothing?: number;
  /** Colours of curves by name; curves that are not named here get the palette's others. */
  readonly colours?: Colours;
  /** Panels side by side; default 2 where there are several. */
  readonly columns?: number;
  /** Pixels of one panel, with the gap to the next. */
  readonly panelSize?: { readonly width: number; readonly height: number };
}

/** Pixels around all panels, and between two of them, for titles and tick labels. */
const MARGINS = { x: 88, y: 107 };
const BETWEEN = { x: 84, y: 66 };

/** Training curves: one panel per quantity; curves of the same name share colour and legend over all panels. */
export function trainingCurves(panels: readonly Panel[], options: CurvesOptions): PlotlyFigure {
  const { smoothing = 0, notes = [] } = options;
  const columns = Math.min(options.columns ?? 2, Math.max(1, panels.length));
  const rows = Math.ceil(panels.length / columns);
  const size = options.panelSize ?? defaultSize(panels.length);
  const names = [...new Set(panels.flatMap((panel) => panel.curves.map((curve) => curve.name)))];
  const colours = coloursOf(names, options.colours);
  const legend = 60 + Math.max(0, ...names.map((name) => textWidth(name, SIZE.small)));
  const plot = { width: size.width * columns, height: size.height * rows };
  const base = frame({
    title: options.title,
    width: Math.round(plot.width + legend + MARGINS.x),
    height: plot.height + MARGINS.y,
    notes: [
      ...notes,
      ...(smoothing > 0 ? [`Thin: as measured. Thick: exponential moving average, weight ${smoothing}.`] : []),
    ],
  });
  const axes = panels.map((panel, index) =>
    panelAxes(panel, index, { columns, rows, plot, xTitle: options.xTitle ?? "training step" }),
  );
  const data = panels.flatMap((panel, index) =>
    panel.curves.flatMap((curve) => {
      const first = panels.findIndex((other) => other.curves.some(({ name }) => name === curve.name)) === index;
      return traces(curve, {
        index,
        colour: colours.get(curve.name) ?? INK,
        first,
        smoothing,
      });
    }),
  );
  const merged = Object.fromEntries(axes.flatMap((pair) => Object.entries(pair)));
  return { data, layout: { ...base, showlegend: true, hovermode: "x unified", ...merged } };
}

function defaultSize(panels: number): { width: number; height: number } {
  return panels > 1 ? { width: 340, height: 230 } : { width: 520, height: 300 };
}

/** Exponential moving average without the bias of its start (as Adam corrects its moments); `NaN` is passed over. */
export function smooth(values: readonly number[], weight: number): number[] {
  let mean = 0;
  let mass = 0;
  return values.map((value) => {
    if (Number.isNaN(value)) return NaN;
    mean = weight * mean + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return mean / mass;
  });
}

interface Place {
  readonly columns: number;
  readonly rows: number;
  readonly plot: { readonly width: number; readonly height: number };
  readonly xTitle: string;
}

function panelAxes(panel: Panel, index: number, { columns, rows, plot, xTitle }: Place): JsonObject {
  const suffix = index === 0 ? "" : String(index + 1);
  const gap = { x: BETWEEN.x / plot.width, y: BETWEEN.y / plot.height };
  const span = { x: (1 - gap.x * (columns - 1)) / columns, y: (1 - gap.y * (rows - 1)) / rows };
  const left = (index % columns) * (span.x + gap.x);
  const top = 1 - Math.floor(index / columns) * (span.y + gap.y);
  const [across, up] = [
    { domain: [left, Math.min(1, left + span.x)], anchor: `y${suffix}` },
    { domain: [Math.max(0, top - span.y), top], anchor: `x${suffix}` },
  ];
  return {
    [`xaxis${suffix}`]: axis(xTitle, across, span.x * plot.width),
    [`yaxis${suffix}`]: axis(panel.title, farApart(panel) ? { ...up, ...LOG_AXIS } : up, span.y * plot.height + BETWEEN.y / 2), // prettier-ignore
  };
}

/** How many times the usual size of one curve may be that of another before the smaller is a line at the bottom. */
const FAR = 30;

/** Whether a panel's curves are of so different sizes that only a logarithmic axis shows them all. */
function farApart({ curves }: Panel): boolean {
  const sizes = curves.map(({ y }) => y.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b));
  if (sizes.some((sorted) => (sorted[0] ?? 0) <= 0)) return false;
  const medians = sizes.map((sorted) => sorted[Math.floor(sorted.length / 2)] ?? 0);
  return Math.max(...medians) > FAR * Math.min(...medians);
}

interface Look {
  readonly index: number;
  readonly colour: string;
  readonly first: boolean;
  readonly smoothing: number;
}

function traces(curve: DrawnCurve, look: Look): JsonObject[] {
  const x = curve.x ?? curve.y.map((_, index) => index + 1);
  const suffix = look.index === 0 ? "" : String(look.index + 1);
  const shared = {
    type: "scatter",
    mode: "lines",
    x: [...x],
    xaxis: `x${suffix}`,
    yaxis: `y${suffix}`,
    name: plain(curve.name),
    legendgroup: curve.name,
  };
  const quiet = { showlegend: false, hoverinfo: "skip" };
  const out: JsonObject[] = [];
  if (look.smoothing > 0) {
    out.push({ ...shared, ...quiet, y: gaps(curve.y), line: { width: 1, color: faint(look.colour, 0.35) } });
  }
  const y = gaps(look.smoothing > 0 ? smooth(curve.y, look.smoothing) : curve.y);
  const isolated = curve.y.length === 1 ? { mode: "lines+markers", marker: { size: SIZE.small / 2 } } : {};
  return [...out, { ...shared, ...isolated, y, showlegend: look.first, line: { width: 2, color: look.colour } }];
}

function gaps(values: readonly number[]): (number | null)[] {
  return values.map((value) => (Number.isFinite(value) ? value : null));
}
