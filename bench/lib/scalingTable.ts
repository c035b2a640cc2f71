import type { ClassCosts } from "./classes";
import type { Limits } from "./limits";
import { machineLine, type Machine } from "./machine";
import { markdownTable, ms, withQuartiles } from "./markdown";
import type { Memory } from "./memory";
import { PARTS, type Part } from "./protocol";
import { bends, localExponents, straightLine, type Spread } from "./statistics";

/** A step at one point of an axis. */
export interface Point {
  readonly at: number;
  /** Seconds. */
  readonly total: Spread;
  readonly parts: Readonly<Record<Part, number>>;
  /** Operations of the products that the update needs (`trainFlops`). */
  readonly updateFlops: number;
  readonly memory: Memory | undefined;
}

/** One thing that is varied, all else being equal. */
export interface Axis {
  readonly name: string;
  /** What is held fixed, for the table. */
  readonly fixed: string;
  readonly points: readonly Point[];
}

export interface ScalingFigures {
  readonly machine: Machine;
  readonly rounds: number;
  readonly limits: { readonly alone: Limits; readonly together: Limits };
  readonly axes: readonly Axis[];
  readonly classes: readonly (ClassCosts & { readonly step: Point })[];
}

/** The tables of bench/scaling, in Markdown. */
export function scalingTable({ machine, rounds, limits, axes, classes }: ScalingFigures): string {
  return [
    "# How a step's time grows",
    "",
    `${machineLine(machine)}.`,
    `TAPO steps of random models, medians of ${rounds} after one of warm-up, in brackets the quartiles. Exponent: ln(t₂/t₁) ÷ ln(x₂/x₁) from the`,
    "line above: 0 where the time does not change, 1 where it is proportional. GFLOP/s: the products that an update needs, over its time.",
    "Memory: peak resident sets of all processes added up, MiB.",
    "",
    ...limitsTable(limits, machine.cores),
    ...axes.flatMap((axis) => axisTable(axis, machine.cores)),
    ...classesTable(classes),
  ].join("\n");
}

function limitsTable({ alone, together }: ScalingFigures["limits"], cores: number): string[] {
  const row = (name: string, of: (limits: Limits) => number, digits: number): string[] => [
    name,
    of(alone).toFixed(digits),
    of(together).toFixed(digits),
  ];
  return [
    "## The machine's limits",
    "",
    ...markdownTable(
      ["", "one process alone", `each of ${cores} at once`],
      [
        row("products of 1024 × 1024, GFLOP/s", (l) => l.product, 0),
        row("products of 1240 × 128 by 128 × 352, GFLOP/s", (l) => l.narrowProduct, 0),
        row("copy of 64 MiB, GB/s read and written", (l) => l.copy, 1),
        row("addition of 64 MiB, a new tensor, GB/s", (l) => l.addition, 1),
        row("addition of 1240 × 352, GB/s", (l) => l.narrowAddition, 1),
        row("an operation that computes nothing, µs", (l) => l.dispatch, 1),
      ],
    ),
    "",
  ];
}

function axisTable({ name, fixed, points }: Axis, cores: number): string[] {
  const x = points.map(({ at }) => at);
  const time = points.map(({ total }) => total.median);
  const exponents = localExponents(x, time);
  const rows = points.map(({ at, total, parts, updateFlops, memory }, i) => [
    name === "workers" && at > cores ? `${at} (more than cores)` : at,
    withQuartiles(total, ms),
    ...PARTS.slice(1).map((part) => ms(parts[part])),
    (updateFlops / parts.update / 1e9).toFixed(0),
    i === 0 ? "" : exponentOf(exponents[i - 1]),
    memory === undefined ? "–" : memory.peakMib.toFixed(0),
  ]);
  return [
    `## ${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`,
    "",
    `${fixed}.`,
    "",
    ...markdownTable(
      [name, "whole step, ms", "generation", "scoring", "update", "its GFLOP/s", "exponent", "memory"],
      rows,
    ),
    "",
    ...(name === "workers" || points.length < 3 ? [] : [summary(name, x, time), ""]),
  ];
}

/** Fixed cost, slope and bends in a sentence. */
function summary(name: string, x: readonly number[], time: readonly number[]): string {
  const { fixed, slope } = straightLine(x, time);
  const { growsFrom, steeperFrom } = bends(x, time);
  const grows =
    growsFrom === undefined ? "it stays mostly fixed cost throughout" : `it grows from ${name} ${growsFrom} on`;
  const steep =
    steeperFrom === undefined
      ? "nowhere faster than in proportion"
      : `faster than in proportion from ${steeperFrom} on`;
  return `A straight line: ${ms(fixed)} ms and ${(1000 * slope).toPrecision(3)} ms for each. Bends: ${grows}, ${steep}.`;
}

function classesTable(all: ScalingFigures["classes"]): string[] {
  if (all.length === 0) return [];
  const cell = (of: (costs: (typeof all)[number]) => number): ((i: number) => string) => {
    const exponents = localExponents(
      all.map(({ classes }) => classes),
      all.map(of),
    );
    return (i) => `${ms(of(all[i]!))}${i === 0 ? "" : ` (${exponentOf(exponents[i - 1])})`}`;
  };
  const columns = [
    cell(({ build }) => build),
    cell(({ mining }) => mining),
    cell(({ step }) => step.total.median),
    cell(({ asking }) => asking),
    cell(({ metrics }) => metrics),
    cell(({ similarity }) => similarity),
  ];
  return [
    "## Classes",
    "",
    "Milliseconds, in brackets the exponent. A step: 40 rollouts of 96 tokens with the world's vocabulary. Asking: 48 questions of at most",
    "48 tokens. Metrics and SS_rel: over an answer to every question.",
    "",
    ...markdownTable(
      ["classes", "words", "questions", "world", "triplets", "a step", "48 questions", "metrics", "SS_rel"],
      all.map(({ classes, words, questions }, i) => [classes, words, questions, ...columns.map((column) => column(i))]),
    ),
    "",
  ];
}

function exponentOf(value: number | undefined): string {
  return value === undefined ? "" : value.toFixed(2);
}
