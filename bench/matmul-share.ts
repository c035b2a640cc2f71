/**
 * What share of the machine's own matmul rate a training step reaches; see docs/performance.md. The rate and the step
 * are measured in turns in one process, a process for each thread count.
 * Usage: node .setup/bench-build/bench/matmul-share.js [--steps 20] [--threads 1,all] [--out results/bench]
 */
import { execFileSync } from "node:child_process";
import * as path from "node:path";
import { parseArgs } from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { requireTraining } from "../src/core/backend";
import { writeFileAtomic, writeJson } from "../src/core/files";
import { Random } from "../src/core/random";
import type { TrainableModel } from "../src/model/contract";
import { trainFlops, forwardFlops } from "./lib/flops";
import { describeMachine, machineLine, peakMib, type Machine } from "./lib/machine";
import { count, RESULTS, runMain, threadCounts } from "./lib/options";
import { benchRows, withRandomModel, type RandomModel } from "./lib/randomModel";
import { timeOperations, type OperationTime } from "./lib/operationTimes";
import { median, quantile } from "./lib/statistics";

const SIDE = 1024;
const ROWS = 64;
const COMPLETION_TOKENS = 62;
const IMAGE_SIDE = 84;
const WARM_UP = 3;

/** One thread count's figures. Rates in GFLOP/s, times in milliseconds, all medians. */
interface Share {
  readonly threads: number;
  readonly matmulRate: number;
  readonly stepFlops: number;
  readonly stepMs: number;
  readonly stepQuartilesMs: readonly [number, number];
  readonly trainRate: number;
  readonly forwardMs: number;
  readonly forwardRate: number;
  /** trainRate / matmulRate. */
  readonly share: number;
  readonly forwardShare: number;
  readonly peakMib: number;
  /** Calls and milliseconds a step, the longest first; measured over steps of their own. */
  readonly operations: readonly OperationTime[];
}

/** Seconds of one product of two 1024 × 1024 matrices. */
function matmulSeconds(a: tf.Tensor2D, b: tf.Tensor2D): number {
  const started = performance.now();
  const product = tf.matMul(a, b);
  const seconds = (performance.now() - started) / 1000; // the engine computes eagerly: the product is there
  product.dispose();
  return seconds;
}

/** Seconds of `work`, whose results are disposed of. */
function seconds(work: () => void): number {
  const started = performance.now();
  work();
  return (performance.now() - started) / 1000;
}

function trainPass(model: TrainableModel, batch: ReturnType<TrainableModel["prepare"]>): void {
  const variables = [...model.parameters.values()];
  const { value, grads } = tf.variableGrads(
    () => tf.neg(tf.sum(model.completionLogProbs(batch))).asScalar(),
    variables,
  );
  value.dataSync();
  tf.dispose([value, grads]);
}

function forwardPass(model: TrainableModel, batch: ReturnType<TrainableModel["prepare"]>): void {
  tf.tidy(() => tf.sum(model.completionLogProbs(batch)).dataSync());
}

function measure({ model, config }: RandomModel, threads: number, steps: number): Share {
  const { rows, shape } = benchRows(ROWS, COMPLETION_TOKENS, IMAGE_SIDE, config);
  const random = new Random("matmul-share");
  const noise = (): tf.Tensor2D =>
    tf.tensor2d(
      Float32Array.from({ length: SIDE * SIDE }, () => random.uniform(-1, 1)),
      [SIDE, SIDE],
    );
  const [a, b] = [noise(), noise()];
  const batch = model.prepare(rows);
  const times = { matmul: [] as number[], train: [] as number[], forward: [] as number[] };
  for (let step = 0; step < WARM_UP + steps; step++) {
    const matmul = Array.from({ length: 5 }, () => matmulSeconds(a, b));
    const train = seconds(() => {
      trainPass(model, batch);
    });
    const forward = seconds(() => {
      forwardPass(model, batch);
    });
    if (step < WARM_UP) continue;
    times.matmul.push(...matmul);
    times.train.push(train);
    times.forward.push(forward);
  }
  const peak = peakMib();
  const operations = operationsOfStep(steps, () => {
    trainPass(model, batch);
  });
  batch.dispose();
  tf.dispose([a, b]);
  const rate = (flops: number, list: readonly number[]): number => flops / median(list) / 1e9;
  const matmulRate = rate(2 * SIDE ** 3, times.matmul);
  const trainRate = rate(ROWS * trainFlops(config, shape), times.train);
  const forwardRate = rate(ROWS * forwardFlops(config, shape), times.forward);
  return {
    threads,
    matmulRate,
    stepFlops: ROWS * trainFlops(config, shape),
    stepMs: 1000 * median(times.train),
    stepQuartilesMs: [1000 * quantile(times.train, 0.25), 1000 * quantile(times.train, 0.75)],
    trainRate,
    forwardMs: 1000 * median(times.forward),
    forwardRate,
    share: trainRate / matmulRate,
    forwardShare: forwardRate / matmulRate,
    peakMib: peak,
    operations,
  };
}

function operationsOfStep(steps: number, step: () => void): OperationTime[] {
  const read = timeOperations();
  for (let i = 0; i < steps; i++) step();
  return read().map(({ name, calls, ms }) => ({ name, calls: calls / steps, ms: ms / steps }));
}

function table(machine: Machine, steps: number, shares: readonly Share[]): string {
  return [
    "# Share of the machine's own matmul rate",
    "",
    `${machineLine(machine)}.`,
    `Medians over ${steps} steps after ${WARM_UP} of warm-up, in turns with ${SIDE} × ${SIDE} products. ${ROWS} rows, mini size.`,
    "",
    "| threads | matmul, GFLOP/s | step, GFLOP | step, ms | quartiles | step, GFLOP/s | **share** | forward alone | peak memory, MiB |",
    "|---|---|---|---|---|---|---|---|---|",
    ...shares.map(
      (s) =>
        `| ${s.threads} | ${s.matmulRate.toFixed(0)} | ${(s.stepFlops / 1e9).toFixed(1)} | ${s.stepMs.toFixed(0)} | ` +
        `${s.stepQuartilesMs.map((q) => q.toFixed(0)).join("–")} | ${s.trainRate.toFixed(0)} | **${percent(s.share)}** | ` +
        `${percent(s.forwardShare)} | ${s.peakMib.toFixed(0)} |`,
    ),
    "",
    ...shares.flatMap(operationTable),
  ].join("\n");
}

/** The operations that take 2 % of the step or more; the rest of the step is JavaScript. */
function operationTable({ threads, stepMs, operations }: Share): string[] {
  const long = operations.filter(({ ms }) => ms >= 0.02 * stepMs);
  const others = operations.slice(long.length);
  const sum = (list: readonly OperationTime[], of: "calls" | "ms") => list.reduce((total, o) => total + o[of], 0);
  const rows = [...long, { name: "others", calls: sum(others, "calls"), ms: sum(others, "ms") }];
  return [
    `Where a step's time goes, ${threads} thread${threads === 1 ? "" : "s"}:`,
    "",
    "| operation | calls | ms | share of the step |",
    "|---|---|---|---|",
    ...rows.map(
      ({ name, calls, ms }) => `| ${name} | ${calls.toFixed(0)} | ${ms.toFixed(0)} | ${percent(ms / stepMs)} |`,
    ),
    "",
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

/** Measures in a process of its own: the engine reads its thread count once. */
function inChild(threads: number, steps: number): Share {
  const args = [__filename, "--child", "--steps", `${steps}`, "--threads", `${threads}`];
  const env = { ...process.env, TF_NUM_INTRAOP_THREADS: `${threads}`, TF_NUM_INTEROP_THREADS: "1" };
  const output = execFileSync(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
  return JSON.parse(output) as Share;
}

runMain(async () => {
  const { values } = parseArgs({
    options: {
      steps: { type: "string", default: "20" },
      threads: { type: "string", default: "1,all" },
      out: { type: "string", default: RESULTS },
      child: { type: "boolean", default: false },
    },
  });
  const steps = count("steps", values.steps);
  if (values.child) {
    await requireTraining();
    const share = await withRandomModel("mini", (random) =>
      Promise.resolve(measure(random, count("threads", values.threads), steps)),
    );
    process.stdout.write(JSON.stringify(share));
    return;
  }
  const machine = describeMachine();
  const shares = threadCounts(values.threads).map((threads) => inChild(threads, steps));
  const text = table(machine, steps, shares);
  writeJson(path.join(values.out, "matmul-share.json"), { machine, steps, warmUp: WARM_UP, shares });
  writeFileAtomic(path.join(values.out, "matmul-share.md"), text);
  console.log(text);
});
