/**
 * How the time of a TAPO step grows with workers, rollouts, answer length, model width and classes, beside what the machine can
 * do, measured in the same run; see docs/performance.md. Usage: npm run bench -- scaling --help
 */
import { execFile } from "node:child_process";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { parserOf } from "../src/config/stored";
import { writeFileAtomic } from "../src/core/files";
import { WORD_SPECIAL_TOKENS } from "../src/model/qwen/tokenizerWords";
import { lineChart } from "../src/report/figure/lines";
import { renderSvg } from "../src/report/figure/render";
import { classesSchema } from "./lib/classes";
import { trainFlops } from "./lib/flops";
import type { Limits } from "./lib/limits";
import { describeMachine } from "./lib/machine";
import { benchConfig } from "./lib/miniModel";
import { count, counts, outputFolder, publish, readOptions, runMain } from "./lib/options";
import { oneThread, ourSteps, type StepPlan } from "./lib/plan";
import { PARTS, stepSchema, type Part } from "./lib/protocol";
import { RANDOM_STEP, tapoBatch } from "./lib/randomModel";
import { scalingTable, type Axis, type Point, type ScalingFigures } from "./lib/scalingTable";
import { takeTurns, withSides } from "./lib/side";
import { median, spread } from "./lib/statistics";

/** What the points of an axis have in common unless the axis changes it: a step of the mini model. */
const USUAL = {
  width: 128,
  newTokens: 96,
  vocabulary: 347,
  objective: "tapo",
  microBatchSize: 20,
  workers: 1,
} as const;

type RandomPlan = Extract<StepPlan, { kind: "random" }>;

async function axisOf(
  name: string,
  fixed: string,
  values: readonly number[],
  rounds: number,
  plan: (value: number) => Omit<RandomPlan, "kind">,
): Promise<Axis> {
  const points: Point[] = [];
  for (const at of values) {
    points.push(await pointOf(at, { kind: "random", ...plan(at) }, rounds));
    console.error(`${name} ${at}: ${(1000 * (points.at(-1)?.total.median ?? NaN)).toFixed(0)} ms`);
  }
  return { name, fixed, points };
}

/** A process of its own for each point, so that its memory is its own, too. */
function pointOf(at: number, plan: RandomPlan, rounds: number): Promise<Point> {
  return withSides([ourSteps(`at ${at}`, plan)], async (sides) => {
    const [reports = []] = await takeTurns(sides, { rounds, warmUp: 1 }, (side) =>
      side.ask({ command: "step" }, stepSchema),
    );
    const of = (part: Part): number[] => reports.map((report) => report[part]);
    return {
      at,
      total: spread(of("total")),
      parts: Object.fromEntries(PARTS.map((part) => [part, median(of(part))])) as Record<Part, number>,
      updateFlops: updateFlops(plan),
      memory: sides[0]?.memory(),
    };
  });
}

/** The language model and the embeddings learn, the tower is frozen. */
function updateFlops({ width, vocabulary, prompts, newTokens }: RandomPlan): number {
  const config = benchConfig({ width }, vocabulary + WORD_SPECIAL_TOKENS.length);
  return trainFlops(config, tapoBatch(prompts, newTokens, config), false);
}

const run = promisify(execFile);

async function child<T>(script: string, args: readonly string[], schema: z.ZodType<T>): Promise<T> {
  const file = path.join(__dirname, "ours", script);
  const { stdout } = await run(process.execPath, [file, ...args], { env: { ...process.env, ...oneThread() } });
  return parserOf(schema)(JSON.parse(stdout));
}

const limitsSchema: z.ZodType<Limits> = z.object({
  product: z.number(),
  narrowProduct: z.number(),
  copy: z.number(),
  addition: z.number(),
  narrowAddition: z.number(),
  dispatch: z.number(),
});

/** The limits of one process alone, and of each of as many as there are cores at the same time. */
async function limitsOf(cores: number): Promise<{ alone: Limits; together: Limits }> {
  const measure = (): Promise<Limits> => child("limits.js", [], limitsSchema);
  const alone = await measure();
  const all = await Promise.all(Array.from({ length: cores }, measure));
  const mean = (of: (limits: Limits) => number): number => all.reduce((sum, one) => sum + of(one), 0) / cores;
  const together = {
    product: mean((l) => l.product),
    narrowProduct: mean((l) => l.narrowProduct),
    copy: mean((l) => l.copy),
    addition: mean((l) => l.addition),
    narrowAddition: mean((l) => l.narrowAddition),
    dispatch: mean((l) => l.dispatch),
  };
  return { alone, together };
}

/** Doublings of a step's time over doublings of what is varied: along the diagonal it is proportional. */
function drawing(axes: readonly Axis[]): Promise<string> {
  const doublings = (from: number, to: number): number => Math.log2(to / from);
  const lines = axes.map(({ name, points }) => ({
    name,
    points: points.map(({ at, total }) => ({
      x: doublings(points[0]!.at, at),
      value: doublings(points[0]!.total.median, total.median),
    })),
  }));
  return renderSvg(
    lineChart(lines, {
      title: "How a step's time grows",
      xTitle: "doublings of what is varied",
      yTitle: "doublings of the time",
      notes: ["A line that rises as fast as it goes to the right is proportional."],
    }),
  );
}

async function main(): Promise<void> {
  const cores = os.availableParallelism();
  const usual = { workers: `1,${cores},${2 * cores}`, rollouts: "20,40,80,160,320", length: "32,64,128,256,512" };
  const options = readOptions(
    "Times TAPO steps of random models while one thing is varied, and measures the machine's limits.",
    {
      workers: { is: "worker processes", usual: usual.workers, quick: "1,all" },
      rollouts: { is: "rollouts of a step, tens", usual: usual.rollouts, quick: "20,40" },
      length: { is: "tokens of an answer", usual: usual.length, quick: "16,32" },
      width: { is: "width of the language model, 64 or more", usual: "64,128,256,512", quick: "64,128" },
      classes: { is: "classes of the mini-world", usual: "60,120,240,480,960", quick: "60" },
      rounds: { is: "steps that count at each point", usual: "3", quick: "1" },
    },
  );
  const rounds = count("rounds", options.rounds);
  const machine = await describeMachine();
  const limits = await limitsOf(cores);
  const prompts = (rollouts: number): number => Math.ceil(rollouts / RANDOM_STEP.rollouts);
  const axis = (
    name: "workers" | "rollouts" | "length" | "width",
    fixed: string,
    plan: (value: number) => Partial<RandomPlan> & Pick<RandomPlan, "prompts">,
  ): Promise<Axis> =>
    axisOf(name, fixed, counts(name, options[name]), rounds, (value) => ({ ...USUAL, ...plan(value) }));
  const many = options.quick ? 4 : 16;
  const axes = [
    await axis("workers", `${many * RANDOM_STEP.rollouts} rollouts of 96 tokens, width 128`, (workers) => ({
      workers,
      prompts: many,
    })),
    await axis("rollouts", "96 tokens, width 128, one worker", (rollouts) => ({ prompts: prompts(rollouts) })),
    await axis("length", "40 rollouts, width 128, one worker", (newTokens) => ({ newTokens, prompts: 4 })),
    await axis("width", "40 rollouts of 96 tokens, one worker", (width) => ({ width, prompts: 4 })),
  ];
  const classes: ScalingFigures["classes"][number][] = [];
  for (const many of counts("classes", options.classes)) {
    const costs = await child("classes.js", [`${many}`], classesSchema);
    const plan = { kind: "random", ...USUAL, vocabulary: costs.words, prompts: 4 } as const;
    classes.push({ ...costs, step: await pointOf(many, plan, rounds) });
    console.error(`classes ${many}: step ${(1000 * classes.at(-1)!.step.total.median).toFixed(0)} ms`);
  }
  const figures = { machine, rounds, limits, axes, classes };
  writeFileAtomic(path.join(outputFolder(options), "scaling.svg"), await drawing(axes));
  publish("scaling", options, figures, scalingTable(figures));
}

runMain(main);
