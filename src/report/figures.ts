import { layerSetting } from "../analysis/separability";
import type { StepFigures } from "../engine/metrics";
import { select, type Measurement } from "../eval/measurements";
import { intervalsOf, seedsNote, type Drawn } from "./drawn";
import { groupedBars, type BarsOptions } from "./figure/bars";
import { trainingCurves, type CurvesOptions } from "./figure/curves";
import type { PlotlyFigure } from "./figure/figure";
import { lineChart, type Line, type LinesOptions } from "./figure/lines";
import { colour, type Colours } from "./figure/style";
import { measurementIn, methodTable, pivotColumns, type MeasuredColumn, type MethodTitle } from "./pivot";

/** Figures of measurements and of training. Tables of the same numbers are made by `pivot.ts`. */

const ITEMS = "test items";

/**
 * A colour for each method, under its name (as in the progress of a stage) and its title, so that a method looks alike in every
 * figure whoever stands beside it. Give all methods of the experiment in one order: the palette goes by it.
 */
export function methodColours(methods: readonly MethodTitle[]): Colours {
  return Object.fromEntries(
    methods.flatMap(({ name, title }, index) => [name, title].map((called) => [called, colour(index)])),
  );
}

export interface MethodBars extends Pick<BarsOptions, "title" | "yTitle" | "chance" | "colours"> {
  readonly methods: readonly MethodTitle[];
  /** The metric, with a shade of bars for each of its splits. */
  readonly column: MeasuredColumn;
  readonly marks?: Readonly<Record<string, string>>;
}

/** Bars of one metric, a group of them per method: seen beside unseen. A method that was not measured has none. */
export function methodBars(drawn: Drawn, options: MethodBars): PlotlyFigure {
  const { methods, column, marks = {}, colours = methodColours(methods), ...bars } = options;
  const table = methodTable(drawn.measurements, { caption: bars.title, methods, columns: [column], marks });
  const values = pivotColumns([column]).map((pivot) => pivot.column.key);
  return groupedBars(table, { ...bars, label: "method", values, colours, ...explained(drawn, ITEMS) });
}

/** Whose numbers a figure draws, and what its error bars are. @param over what one seed's intervals are over */
export function explained(drawn: Drawn, over: string): Required<Pick<BarsOptions, "notes" | "intervals">> {
  return { notes: seedsNote(drawn), intervals: intervalsOf(drawn, over) };
}

/** One training run: what it logged, step by step. */
export interface TrainingRun {
  readonly title: string;
  /** From its first step on; drawn as steps 1, 2, … */
  readonly steps: readonly StepFigures[];
  /** Figures that are zero by its objective and not by measurement: they are not drawn. */
  readonly without?: readonly string[];
}

/** A panel of curves: one figure of the log. */
export interface FigurePanel {
  readonly title: string;
  readonly figure: string;
}

/** Training curves, a panel per figure and a curve per run; a figure that no run logged has no panel. */
export function runCurves(
  runs: readonly TrainingRun[],
  panels: readonly FigurePanel[],
  options: CurvesOptions,
): PlotlyFigure {
  const drawn = panels.map(({ title, figure }) => {
    const logged = runs.filter(
      ({ steps, without = [] }) => !without.includes(figure) && steps.some((step) => step[figure] !== undefined),
    );
    return {
      title,
      curves: logged.map((run) => ({ name: run.title, y: run.steps.map((step) => step[figure] ?? NaN) })),
    };
  });
  return trainingCurves(
    drawn.filter(({ curves }) => curves.length > 0),
    options,
  );
}

/** Options of lines less those that follow from what is drawn. */
type Explained<Given extends keyof LinesOptions> = Omit<LinesOptions, "notes" | "intervals" | Given>;

/** The layers that were measured, from 1 on. */
export function measuredLayers(all: readonly Measurement[]): number[] {
  const settings = new Set(all.map(({ setting }) => setting));
  const layers: number[] = [];
  for (let layer = 1; settings.has(layerSetting(layer)); layer++) layers.push(layer);
  return layers;
}

/** A metric of states after each layer, over all items, a line per method; `undefined` where no layer was measured. */
export function layerLines(
  drawn: Drawn,
  {
    methods,
    metric,
    over,
    ...lines
  }: Explained<"xTitle"> & Pick<MethodBars, "methods"> & { metric: string; over: string },
): PlotlyFigure | undefined {
  const all = drawn.measurements;
  const layers = measuredLayers(all);
  const where = { metric, split: "all", domain: "items" } as const;
  const measured = methods.map(({ name, title }): Line => {
    const points = layers.flatMap((x) =>
      select(all, { ...where, method: name, setting: layerSetting(x) }).map(({ value, low, high }) => {
        return low < high ? { x, value, low, high } : { x, value };
      }),
    );
    return { name: title, points };
  });
  const known = measured.filter(({ points }) => points.length > 0);
  const ticks = layers.map((at) => ({ at, label: String(at) }));
  if (known.length === 0) return undefined;
  return lineChart(known, { ...lines, ...explained(drawn, over), xTitle: "after layer", ticks });
}

export interface SweepOptions extends Explained<"ticks" | "percent"> {
  /** The methods of the sweep: where each stands on the horizontal axis, and what stands under it. */
  readonly points: readonly SweptMethod[];
  /** The metric, with a line for each of its splits. */
  readonly column: MeasuredColumn;
  /** What the points' marks mean. */
  readonly marks?: Readonly<Record<string, string>>;
}

/** A method of a sweep. */
export interface SweptMethod {
  readonly method: string;
  readonly x: number;
  /** Default: the number. */
  readonly label?: string;
  readonly mark?: string;
}

/** A metric over a number that the methods differ in, such as the share of positives, a line per split. */
export function sweepLines(drawn: Drawn, options: SweepOptions): PlotlyFigure {
  const { points, column, marks = {}, ...lines } = options;
  const { notes, intervals } = explained(drawn, ITEMS);
  const used = Object.entries(marks).filter(([mark]) => points.some((point) => point.mark === mark));
  const measured = pivotColumns([column]).map((pivot): Line => {
    const found = points.flatMap(({ method, x }) => {
      const one = measurementIn(select(drawn.measurements, { method }), pivot);
      return one === undefined ? [] : [{ x, value: one.value, low: one.low, high: one.high }];
    });
    return { name: pivot.column.title, points: found.sort((a, b) => a.x - b.x) };
  });
  return lineChart(measured, {
    ...lines,
    notes: [...notes, ...used.map(([mark, meaning]) => `${mark} ${meaning}`)],
    intervals,
    percent: column.percent ?? true,
    ticks: points.map(({ x, label, mark = "" }) => ({ at: x, label: `${label ?? x}${mark}` })),
  });
}
