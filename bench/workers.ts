/**
 * A whole TAPO step of a profile, with its own settings, by as many workers as there are cores and by fewer; in one run, in
 * turns; see docs/performance.md. Usage: npm run bench -- workers --help
 */
import * as os from "node:os";
import { LabError } from "../src/core/errors";
import { describeMachine, machineLine, type Machine } from "./lib/machine";
import { markdownTable, ms, withQuartiles } from "./lib/markdown";
import type { Memory } from "./lib/memory";
import { count, counts, publish, readOptions, runMain } from "./lib/options";
import { ourSteps } from "./lib/plan";
import { PARTS, stepSchema, type Part, type StepReport } from "./lib/protocol";
import { startSide, takeTurns, withSides, type Side } from "./lib/side";
import { median, pairedRatio, spread, type Spread } from "./lib/statistics";

const WARM_UP = 2;

interface Row {
  readonly workers: number;
  /** Seconds. */
  readonly total: Spread;
  readonly parts: Readonly<Record<Part, number>>;
  /** To the first number of workers, which is 1 unless another is asked for. */
  readonly ratio: Spread;
  readonly memory: Memory | undefined;
  readonly seconds: readonly number[];
}

function rowOf(workers: number, side: Side, reports: readonly StepReport[], one: readonly StepReport[]): Row {
  const of = (list: readonly StepReport[], part: Part): number[] => list.map((report) => report[part]);
  return {
    workers,
    total: spread(of(reports, "total")),
    parts: Object.fromEntries(PARTS.map((part) => [part, median(of(reports, part))])) as Record<Part, number>,
    ratio: pairedRatio(of(reports, "total"), of(one, "total")),
    memory: side.memory(),
    seconds: of(reports, "total"),
  };
}

/** Every number of workers must have made the same step, to the bit. */
function sameBits(workers: readonly number[], reports: readonly (readonly StepReport[])[]): void {
  const [first = []] = reports;
  first.forEach(({ loss }, round) => {
    const other = reports.findIndex((list) => !Object.is(list[round]?.loss, loss));
    if (other < 0) return;
    throw new LabError(
      `in round ${round} the loss is ${loss ?? "none"} with ${workers[0] ?? 0} workers and ` +
        `${reports[other]?.[round]?.loss ?? "none"} with ${workers[other] ?? 0}`,
      "A result must not depend on the number of workers: this is a bug.",
    );
  });
}

/** 1, 2, 4, … and the number of cores, then twice as many. */
function usualWorkers(cores: number): number[] {
  const powers = Array.from({ length: Math.ceil(Math.log2(cores)) }, (_, i) => 2 ** i);
  return [...new Set([1, ...powers, cores, 2 * cores])];
}

function table(machine: Machine, profile: string, rounds: number, warmUp: number, rows: readonly Row[]): string {
  return [
    `# A TAPO step of the profile "${profile}" by several workers`,
    "",
    `${machineLine(machine)}.`,
    `${rounds} rounds of steps in turns after ${warmUp} of warm-up; every number of workers made the same step to the bit.`,
    "Milliseconds: medians, in brackets the quartiles. Ratio: to one worker in the same round. Speed-up: one worker ÷ this. Memory: peak",
    "resident sets of all processes added up, and in brackets what they hold after a step with shared pages counted once; MiB.",
    "",
    ...markdownTable(
      ["workers", "whole step", "generation", "scoring", "update", "ratio", "speed-up", "processes", "memory"],
      rows.map((row) => [
        `${row.workers}${row.workers > machine.cores ? " (more than cores)" : ""}`,
        withQuartiles(row.total, ms),
        ...PARTS.slice(1).map((part) => ms(row.parts[part])),
        `**${withQuartiles(row.ratio)}**`,
        (1 / row.ratio.median).toFixed(2),
        row.memory?.processes ?? "–",
        row.memory === undefined ? "–" : `${row.memory.peakMib.toFixed(0)} (${row.memory.proportionalMib.toFixed(0)})`,
      ]),
    ),
    "",
  ].join("\n");
}

runMain(async () => {
  const cores = os.availableParallelism();
  const options = readOptions("Times a profile's whole TAPO step with several numbers of workers, in turns.", {
    rounds: { is: "steps that count", usual: "8", quick: "1" },
    workers: { is: "numbers of workers", usual: usualWorkers(cores).join(","), quick: "1,all" },
    profile: { is: "whose stage 2 is timed", usual: "mini" },
  });
  const machine = await describeMachine();
  const rounds = count("rounds", options.rounds);
  const warmUp = options.quick ? 1 : WARM_UP;
  const workers = counts("workers", options.workers);
  const programs = workers.map((n) =>
    ourSteps(`${n} workers`, { kind: "profile", profile: options.profile, objective: "tapo", workers: n }),
  );
  await (await startSide(programs[0]!)).stop(); // makes stage 1 and the triplets, so that no side's memory has them
  const rows = await withSides(programs, async (sides) => {
    const reports = await takeTurns(sides, { rounds, warmUp }, (side) => side.ask({ command: "step" }, stepSchema));
    sameBits(workers, reports);
    return sides.map((side, i) => rowOf(workers[i]!, side, reports[i]!, reports[0]!));
  });
  publish(
    "workers",
    options,
    { machine, profile: options.profile, rounds, warmUp, rows },
    table(machine, options.profile, rounds, warmUp, rows),
  );
});
