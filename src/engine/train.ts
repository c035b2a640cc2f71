import * as fs from "node:fs";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { JsonlFile, writeFileAtomic } from "../core/files";
import { breathe, check, silent, type Progress } from "../core/progress";
import { AdamW, type AdamWOptions } from "./adamw";
import { loadCheckpoint, removeCheckpoints, saveCheckpoint } from "./checkpoint";
import { FlatLayout } from "./flat";
import type { Schedule } from "./schedule";

/** A part of a step small enough for one backward pass. The losses of a step's micro-batches add up to the step's loss. */
export interface MicroBatch {
  /** Builds the differentiable loss; called once, on the gradient tape. */
  loss(): tf.Scalar;
  dispose(): void;
}

/** One optimiser step: its micro-batches, made one after the other; without any there is no update. */
export interface Step {
  readonly microBatches: Iterable<MicroBatch>;
  /** Figures to be logged, read after the update: losses may add to them. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** What is trained. A step depends only on the parameters, the step number and `state()`: that is what makes it resumable. */
export interface TrainTask {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** Makes step number `step`, 0 ≤ step < steps. */
  next(step: number): Promise<Step>;
  /** Figures measured after some steps, such as a validation loss. */
  measure?(step: number): Promise<Readonly<Record<string, number>> | undefined>;
  /** The task's own state, as JSON. */
  state?(): unknown;
  restore?(state: unknown): void;
}

export interface TrainOptions {
  readonly label: string;
  readonly steps: number;
  readonly schedule: Schedule;
  readonly optimizer: AdamWOptions;
  /** Where metrics.jsonl and the checkpoints go; without it nothing is written and nothing can resume. */
  readonly folder?: string | undefined;
  /** Steps between checkpoints; 50 by default. */
  readonly checkpointEvery?: number | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each step with its figures, for live curves. */
  readonly onStep?: ((figures: StepFigures) => void) | undefined;
}

export type StepFigures = Readonly<Record<string, number>> & { readonly step: number };

/**
 * Runs a task to its end, from its newest checkpoint if `folder` holds one.
 * @returns the figures of every step, those made before an interruption included
 */
export async function train(task: TrainTask, options: TrainOptions): Promise<StepFigures[]> {
  const layout = new FlatLayout(task.parameters);
  const optimizer = new AdamW(layout, options.optimizer);
  const bar = (options.progress ?? silent).start(options.label, options.steps);
  const log = new MetricsLog(options.folder);
  try {
    const from = resume(task, optimizer, options);
    log.keepBelow(from);
    for (let step = from; step < options.steps; step++) {
      check(options.signal);
      const started = performance.now();
      const made = await task.next(step);
      const rate = options.schedule(step);
      const update = applyStep(made.microBatches, layout, optimizer, rate);
      const measured = await task.measure?.(step);
      const seconds = (performance.now() - started) / 1000;
      const figures: StepFigures = { step, learningRate: rate, ...update, ...made.figures, ...measured, seconds };
      log.add(figures);
      options.onStep?.(figures);
      bar.update(step + 1, figures);
      if (options.folder !== undefined && (step + 1) % (options.checkpointEvery ?? 50) === 0) {
        await saveCheckpoint(options.folder, task.parameters, optimizer, {
          step: step + 1,
          task: task.state?.() ?? null,
        });
      }
      await breathe();
    }
    return log.all();
  } finally {
    bar.finish();
    log.close();
    optimizer.dispose();
  }
}

/** The last step's figures without its times: what a stage's record keeps, alike on every run. */
export function lastFigures(figures: readonly StepFigures[]): Record<string, number> {
  const entries = Object.entries(figures.at(-1) ?? {});
  return Object.fromEntries(entries.filter(([name]) => !name.toLowerCase().endsWith("seconds")));
}

/** Removes the checkpoints of a run whose result has been saved elsewhere; the metrics stay. */
export function finishTraining(folder: string): void {
  removeCheckpoints(folder);
}

function resume(task: TrainTask, optimizer: AdamW, options: TrainOptions): number {
  if (options.folder === undefined) return 0;
  const saved = loadCheckpoint(options.folder, task.parameters, optimizer);
  if (saved === undefined) return 0;
  task.restore?.(saved.task);
  return saved.step;
}

/** Accumulates the gradients of the micro-batches and makes one update. @returns nothing where there are none */
function applyStep(
  microBatches: Iterable<MicroBatch>,
  layout: FlatLayout,
  optimizer: AdamW,
  rate: number,
): { loss?: number; gradNorm?: number } {
  const variables = [...layout.parameters.values()];
  const nameOf = new Map([...layout.parameters].map(([name, variable]) => [variable.name, name]));
  let total: tf.Tensor1D[] | undefined;
  let loss = 0;
  for (const batch of microBatches) {
    let flat: tf.Tensor1D[];
    try {
      const { value, grads } = tf.variableGrads(() => batch.loss(), variables);
      loss += value.dataSync()[0] ?? 0;
      const named = Object.fromEntries(Object.entries(grads).map(([name, grad]) => [nameOf.get(name) ?? name, grad]));
      flat = layout.flatten(named);
      tf.dispose([value, grads]);
    } finally {
      batch.dispose();
    }
    if (total === undefined) total = flat;
    else {
      const before = total;
      total = before.map((t, i) => t.add(flat[i] as tf.Tensor1D));
      tf.dispose([before, flat]);
    }
  }
  if (total === undefined) return {};
  return { loss, gradNorm: optimizer.update(total, rate) };
}

/** metrics.jsonl: one line a step; lines beyond the checkpoint that a run resumes from are dropped. */
class MetricsLog {
  private readonly file: string | undefined;
  private kept: StepFigures[] = [];
  private open: JsonlFile<StepFigures> | undefined;

  constructor(folder: string | undefined) {
    this.file = folder === undefined ? undefined : path.join(folder, "metrics.jsonl");
  }

  keepBelow(step: number): void {
    if (this.file === undefined) return;
    if (fs.existsSync(this.file)) {
      const before = JsonlFile.open(this.file, (value) => value as StepFigures);
      before.close();
      this.kept = before.existing.filter((line) => line.step < step);
      writeFileAtomic(this.file, this.kept.map((line) => `${JSON.stringify(line)}\n`).join(""));
    }
    this.open = JsonlFile.open(this.file, (value) => value as StepFigures);
  }

  add(figures: StepFigures): void {
    this.kept.push(figures);
    this.open?.append(figures);
  }

  all(): StepFigures[] {
    return this.kept;
  }

  close(): void {
    this.open?.close();
  }
}
