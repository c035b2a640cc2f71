import { csvText } from "../../core/csv";
import type { StepFigures } from "../../engine/train";

/** What a training logged step by step, under the name by which a viewer lists it. */
export interface Curve {
  /** A path with forward slashes; unique among the curves that are shown together. */
  readonly run: string;
  readonly steps: readonly StepFigures[];
  /** When its first step began, in seconds since 1970. */
  readonly startedAt: number;
}

/** The names of a curve's figures in the order in which they first come up; without the step. */
export function figureNames(curves: readonly Curve[]): string[] {
  const names = new Set(curves.flatMap(({ steps }) => steps.flatMap((figures) => Object.keys(figures))));
  names.delete("step");
  return [...names];
}

/**
 * Curves as one table, RFC 4180: a row for each run and step, a column for each figure, with all digits; empty where a step has no such
 * figure or it is not a number.
 */
export function curvesCsv(curves: readonly Curve[]): string {
  const names = figureNames(curves);
  const cell = (value: number | undefined): string | undefined =>
    value === undefined || !Number.isFinite(value) ? undefined : String(value);
  const rows = curves.flatMap(({ run, steps }) =>
    steps.map((figures) => [run, String(figures.step), ...names.map((name) => cell(figures[name]))]),
  );
  return csvText([["run", "step", ...names], ...rows]);
}
