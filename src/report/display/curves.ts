import type { Progress, ProgressReport } from "../../core/progress";
import { type CurvesOptions, type Panel, trainingCurves } from "../figure/curves";
import type { PlotlyFigure } from "../figure/figure";
import { throttle } from "./live";

/** Curves that grow while training reports its figures: pass it as the `Progress` of a stage. */
export interface LiveCurves extends Progress {
  /** The curves so far: a panel per figure, a curve per task. */
  figure(): PlotlyFigure;
  /**
   * Replaces the live display by its final form, which pages without JupyterLab show too.
   * @param final what to show; default: the curves as they grew
   */
  settle(final?: PlotlyFigure): Promise<void>;
}

interface Line {
  readonly x: number[];
  readonly y: number[];
}

const EVERY = 1000;

/**
 * @param draw shows the panels while they grow, at most once a second
 * @param settle shows it for good
 * @param only the figures to draw, in this order; default: all that are reported
 */
export function growingCurves(
  options: CurvesOptions & { readonly only?: readonly string[] },
  draw: (panels: readonly Panel[]) => void,
  settle: (figure: PlotlyFigure) => Promise<void>,
  now: () => number = () => performance.now(),
): LiveCurves {
  const lines = new Map<string, Map<string, Line>>();
  const panels = (): Panel[] => panelsOf(lines, options.only);
  const figure = (): PlotlyFigure => trainingCurves(panels(), options);
  let settled = false;
  const display = throttle(
    () => {
      if (lines.size > 0 && !settled) draw(panels());
    },
    EVERY,
    now,
  );
  return {
    start: (label, _total, before = []) => {
      const add = ({ done, figures = {} }: ProgressReport): void => {
        for (const [name, value] of Object.entries(figures)) addPoint(lines, name, label, done, value);
      };
      before.forEach(add);
      if (before.length > 0) display.call();
      return {
        update: (done, figures) => {
          add({ done, ...(figures === undefined ? {} : { figures }) });
          display.call();
        },
        finish: () => {
          display.urge();
        },
      };
    },
    figure,
    settle: (final = figure()) => {
      settled = true;
      return settle(final);
    },
  };
}

function addPoint(lines: Map<string, Map<string, Line>>, panel: string, curve: string, x: number, y: number): void {
  const curves = lines.get(panel) ?? new Map<string, Line>();
  const line = curves.get(curve) ?? { x: [], y: [] };
  line.x.push(x);
  line.y.push(y);
  curves.set(curve, line);
  lines.set(panel, curves);
}

function panelsOf(lines: ReadonlyMap<string, ReadonlyMap<string, Line>>, only: readonly string[] | undefined): Panel[] {
  const titles = only?.filter((title) => lines.has(title)) ?? [...lines.keys()];
  return titles.map((title) => ({
    title,
    curves: [...(lines.get(title) ?? [])].map(([name, { x, y }]) => ({ name, x, y })),
  }));
}
