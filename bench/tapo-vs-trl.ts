/**
 * A training step here beside one of TRL's GRPOTrainer with the DAPO loss, in one run, in turns; see docs/performance.md.
 * Two sides are ours: TAPO, and DAPO, which does what TRL does. Usage: npm run bench -- tapo-vs-trl --help
 */
import * as os from "node:os";
import * as path from "node:path";
import { LabError } from "../src/core/errors";
import { describeMachine, machineLine, type Machine } from "./lib/machine";
import { markdownTable, ms, withQuartiles } from "./lib/markdown";
import type { Memory } from "./lib/memory";
import { count, publish, readOptions, ROOT, runMain } from "./lib/options";
import { ourSteps } from "./lib/plan";
import { PARTS, stepSchema, type Part, type StepReport } from "./lib/protocol";
import { takeTurns, withSides, type Side, type SideProgram } from "./lib/side";
import { median, pairedRatio, spread, type Spread } from "./lib/statistics";

const WARM_UP = 3;
/** The probe's log-probs may differ by this between the sides: all run the same weights in float32. */
const PROBE_TOLERANCE = 1e-3;
/** Rollouts in a backward pass of ours: the 20 of a step are cut alike however many workers share them. */
const MICRO_BATCH = 10;
/** TRL is the last. */
const SIDES = ["TAPO, here", "DAPO, here", "DAPO, TRL"] as const;

/** How much of the machine each side may have. */
interface Column {
  readonly name: string;
  readonly cores: number;
}

interface Figures {
  readonly side: string;
  /** Seconds, medians over the rounds. */
  readonly parts: Readonly<Record<Part, number>>;
  readonly total: Spread;
  /** Divided by TRL's of the same round; below 1 is faster. */
  readonly ratio: Spread;
  /** Medians divided by TRL's. */
  readonly partRatios: Readonly<Record<Part, number>>;
  readonly memory: Memory | undefined;
  /** Of every round. */
  readonly seconds: readonly number[];
}

interface Comparison {
  readonly size: string;
  readonly column: string;
  readonly cores: number;
  readonly parameters: number;
  readonly tokens: number;
  readonly versions: readonly string[];
  /** Largest difference of the probe's log-probs from TRL's. */
  readonly probeDifference: number;
  readonly sides: readonly Figures[];
}

function programs(size: string, { cores }: Column): SideProgram[] {
  const folder = path.join(ROOT, ".setup", "bench", size);
  const ours = { kind: "task", folder, microBatchSize: MICRO_BATCH, workers: cores } as const;
  const python = path.join(ROOT, ".setup", "bench-venv", "bin", "python");
  const script = path.join(ROOT, "bench", "peer", "trl_step.py");
  return [
    ourSteps(SIDES[0], { ...ours, objective: "tapo" }),
    ourSteps(SIDES[1], { ...ours, objective: "dapo" }),
    {
      name: SIDES[2],
      command: python,
      args: [script, "--task", folder],
      environment: { OMP_NUM_THREADS: `${cores}` },
    },
  ];
}

function compare(size: string, column: Column, rounds: number): Promise<Comparison> {
  return withSides(programs(size, column), async (sides) => {
    const probeDifference = sameModel(sides);
    const reports = await takeTurns(sides, { rounds, warmUp: WARM_UP }, (side) =>
      side.ask({ command: "step" }, stepSchema),
    );
    return {
      size,
      column: column.name,
      cores: column.cores,
      parameters: sides[0]!.ready.parameters,
      tokens: sameTokens(reports),
      versions: [...new Set(sides.map(({ ready }) => ready.ready))],
      probeDifference,
      sides: sides.map((side, i) => figures(side, reports[i]!, reports.at(-1)!)),
    };
  });
}

/** All sides must hold the same weights and read the prompt and its image alike. @returns the largest difference */
function sameModel(sides: readonly Side[]): number {
  const [trl, ...ours] = [...sides].reverse() as [Side, ...Side[]];
  const differences = ours.flatMap(({ name, ready }) => {
    if (ready.parameters !== trl.ready.parameters) {
      throw unfair(`"${name}" trains ${ready.parameters} parameters and TRL ${trl.ready.parameters}`);
    }
    return trl.ready.probe.map((value, i) => Math.abs(value - (ready.probe[i] ?? NaN)));
  });
  const largest = Math.max(...differences);
  if (!(largest <= PROBE_TOLERANCE)) throw unfair(`the probe's log-probs differ by ${largest}`);
  return largest;
}

function sameTokens(reports: readonly (readonly StepReport[])[]): number {
  const tokens = new Set(reports.flat().map((report) => report.tokens));
  if (tokens.size !== 1) throw unfair(`they sampled ${[...tokens].join(" and ")} tokens in a step`);
  return [...tokens][0]!;
}

function unfair(reason: string): LabError {
  return new LabError(`the sides do not do the same work: ${reason}`, "Remove .setup/bench and run this again.");
}

function figures(side: Side, reports: readonly StepReport[], trl: readonly StepReport[]): Figures {
  const of = (list: readonly StepReport[], part: Part): number[] => list.map((report) => report[part]);
  const byPart = (value: (part: Part) => number): Record<Part, number> =>
    Object.fromEntries(PARTS.map((part) => [part, value(part)])) as Record<Part, number>;
  return {
    side: side.name,
    parts: byPart((part) => median(of(reports, part))),
    total: spread(of(reports, "total")),
    ratio: pairedRatio(of(reports, "total"), of(trl, "total")),
    partRatios: byPart((part) => median(of(reports, part)) / median(of(trl, part))),
    memory: side.memory(),
    seconds: of(reports, "total"),
  };
}

function table(machine: Machine, rounds: number, comparisons: readonly Comparison[]): string {
  const rows = comparisons.flatMap(({ size, parameters, tokens, column, sides }) =>
    sides.map((f, i) => [
      i === 0 ? `${size} (${parameters.toLocaleString("en")}), ${tokens} tokens` : "",
      i === 0 ? column : "",
      f.side,
      withQuartiles(f.total, ms),
      ...PARTS.slice(1).map((part) => ms(f.parts[part])),
      i === sides.length - 1 ? "1" : `**${withQuartiles(f.ratio)}**`,
      i === sides.length - 1 ? "1" : f.partRatios.generation.toFixed(2),
      f.memory === undefined ? "–" : `${f.memory.peakMib.toFixed(0)} (${f.memory.processes})`,
    ]),
  );
  return [
    "# TAPO and DAPO here beside DAPO in TRL",
    "",
    `${machineLine(machine)}.`,
    `${comparisons[0]?.versions.join("; ") ?? ""}.`,
    `${rounds} rounds of steps in turns after ${WARM_UP} of warm-up. Milliseconds: medians, in brackets the quartiles. Ratio: to TRL's step of`,
    "the same round. Memory: peak resident sets added up, MiB (processes).",
    "",
    ...markdownTable(
      [
        "model, step",
        "cores",
        "side",
        "whole step",
        "generation",
        "scoring",
        "update",
        "ratio, step",
        "generation",
        "memory",
      ],
      rows,
    ),
    "",
  ].join("\n");
}

async function main(): Promise<void> {
  const options = readOptions("Times a TAPO and a DAPO step here beside a DAPO step of TRL, in turns.", {
    rounds: { is: "steps that count", usual: "12", quick: "2" },
    sizes: { is: "random models, of 0.6M and 2M", usual: "0.6M,2M", quick: "0.6M" },
    cores: { is: 'how much of the machine each side has: "one", "all"', usual: "one,all" },
  });
  const rounds = count("rounds", options.rounds);
  const cores = os.availableParallelism();
  const known: Readonly<Record<string, Column>> = {
    one: { name: "one each", cores: 1 },
    all: { name: `all (${cores}) each`, cores },
  };
  const machine = await describeMachine();
  const comparisons: Comparison[] = [];
  for (const name of options.cores.split(",")) {
    const column = known[name];
    if (column === undefined) throw new LabError(`"${name}" is neither "one" nor "all"`, "Repair --cores.");
    for (const size of options.sizes.split(",")) {
      const comparison = await compare(size, column, rounds);
      comparisons.push(comparison);
      const [tapo, dapo] = comparison.sides.map(({ ratio }) => ratio.median.toFixed(2));
      console.error(`${size}, cores ${column.name}: TAPO ${tapo ?? ""}, DAPO ${dapo ?? ""} of TRL's step`);
    }
  }
  const figuresOfAll = { machine, rounds, warmUp: WARM_UP, microBatch: MICRO_BATCH, comparisons };
  publish("tapo-vs-trl", options, figuresOfAll, table(machine, rounds, comparisons));
}

runMain(main);
