/**
 * Times 1024 × 1024 float32 products and the gradient of a micro-batch in turns in this process, and writes the figures as JSON:
 * the child of bench/matmul-share.ts. Arguments: rows of the micro-batch, steps.
 */
import * as tf from "@tensorflow/tfjs-core";
import { requireTraining } from "../../src/core/backend";
import type { PreparedBatch, TrainableModel } from "../../src/model/contract";
import { LANGUAGE_ONLY, selectParameters } from "../../src/model/parameters";
import { forwardFlops, trainFlops } from "../lib/flops";
import { productSeconds, squareMatrices, SIDE } from "../lib/limits";
import { peakMib } from "../lib/machine";
import { timeOperations, type OperationTime } from "../lib/operationTimes";
import { count, runMain } from "../lib/options";
import { benchRows, withRandomModel, type RandomModel } from "../lib/randomModel";
import type { Share } from "../lib/share";
import { median, spread } from "../lib/statistics";

const WARM_UP = 3;
const ROWS_PER_PROMPT = 10;
/** As many as an answer of the mini profile has after stage 1. */
const COMPLETION_TOKENS = 62;
const IMAGE_SIDE = 84;

/** Seconds of `work`. */
function seconds(work: () => void): number {
  const started = performance.now();
  work();
  return (performance.now() - started) / 1000;
}

function trainPass(model: TrainableModel, batch: PreparedBatch): void {
  const variables = [...selectParameters(model.parameters, LANGUAGE_ONLY).values()];
  const loss = (): tf.Scalar => tf.neg(tf.sum(model.completionLogProbs(batch))).asScalar();
  const { value, grads } = tf.variableGrads(loss, variables);
  value.dataSync();
  tf.dispose([value, grads]);
}

function forwardPass(model: TrainableModel, batch: PreparedBatch): void {
  tf.tidy(() => tf.sum(model.completionLogProbs(batch)).dataSync());
}

function measure({ model, config }: RandomModel, rowCount: number, steps: number): Share {
  const prompts = Math.max(1, Math.round(rowCount / ROWS_PER_PROMPT));
  const { rows, shape } = benchRows(prompts, rowCount / prompts, COMPLETION_TOKENS, IMAGE_SIDE, config);
  const [a, b] = squareMatrices();
  const batch = model.prepare(rows);
  const times = { matmul: [] as number[], train: [] as number[], forward: [] as number[] };
  for (let step = 0; step < WARM_UP + steps; step++) {
    const matmul = Array.from({ length: 5 }, () => productSeconds(a, b));
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
  const flops = trainFlops(config, shape, false);
  const matmulRate = rate(2 * SIDE ** 3, times.matmul);
  const trainRate = rate(flops, times.train);
  const forwardRate = rate(forwardFlops(config, shape), times.forward);
  return {
    ...{ rows: rows.length, matmulRate, stepFlops: flops, step: spread(times.train), trainRate, forwardRate },
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

runMain(async () => {
  const [rows = "", steps = ""] = process.argv.slice(2);
  await requireTraining();
  const share = await withRandomModel({}, (random) =>
    Promise.resolve(measure(random, count("rows", rows), count("steps", steps))),
  );
  process.stdout.write(JSON.stringify(share));
});
