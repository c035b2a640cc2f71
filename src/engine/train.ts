import type * as tf from "@tensorflow/tfjs-core";
import { LabError, messageOf } from "../core/errors";
import { breathe, check, silent, type Progress, type ProgressTask } from "../core/progress";
import { AdamW, type AdamWOptions } from "./adamw";
import { listCheckpoints, loadCheckpoint, removeOlderCheckpoints } from "./checkpoint";
import { FlatLayout } from "./flat";
import { MetricsLog, type StepFigures } from "./metrics";
import { ResumePoint } from "./resumePoint";
import type { Schedule } from "./schedule";
import type { Runner } from "../workers/job";
import type { MicroBatch } from "./gradient";
import { accumulate, applyUpdate, type Fault, type Update } from "./update";

export { figuresSchema, parseStepFigures, type StepFigures } from "./metrics";

/** One optimiser step: its micro-batches, cut by the options alone; without any there is no update. */
export interface Step<M> {
  readonly microBatches: readonly MicroBatch<M>[];
  /** Figures to be logged, beside those of the losses. */
  readonly figures?: Readonly<Record<string, number>>;
}

/** What is trained. A step depends only on the parameters, the step number and `state()`: that is what makes it resumable. */
export interface TrainTask<M = unknown> {
  /** What learns: some or all of the parameters of the runner's model, under their names there. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** Who computes the gradients. */
  readonly runner: Runner<M>;
  /** Makes step number `step`, 0 ≤ step < steps. */
  next(step: number): Promise<Step<M>>;
  /** Figures measured after some steps, such as a validation loss. */
  measure?(step: number): Promise<Readonly<Record<string, number>> | undefined>;
  /** Steps that only make sense together, such as the updates of one rollout batch: a run resumes between batches. */
  readonly stepsPerBatch?: number;
  /** The task's own state, as JSON. */
  state?(): unknown;
  restore?(state: unknown): void;
}

export interface TrainOptions {
  readonly label: string;
  readonly steps: number;
  readonly schedule: Schedule;
  readonly optimizer: AdamWOptions;
  /**
   * What happens when a loss or a gradient is not finite: "stop" (the default), or "skip", which leaves the update out and
   * counts it in the figure `skippedUpdates` (the release's workers do that).
   */
  readonly nonFinite?: NonFinite | undefined;
  /** Where metrics.jsonl and the checkpoints go; without it nothing is written and nothing can resume. */
  readonly folder?: string | undefined;
  /** Steps between checkpoints, rounded up to whole batches; 50 by default. A run that is stopped saves one as well. */
  readonly checkpointEvery?: number | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each step with its figures, for live curves. */
  readonly onStep?: ((figures: StepFigures) => void) | undefined;
}

export const NON_FINITE = ["stop", "skip"] as const;
export type NonFinite = (typeof NON_FINITE)[number];

type StepUpdate = Omit<Update, "figures"> & {
  readonly shown?: Update["figures"];
  readonly skippedUpdates?: number;
};

/**
 * Runs a task to its end, from its newest checkpoint if `folder` holds one.
 * @returns the figures of every step, those made before an interruption included
 */
export async function train<M>(task: TrainTask<M>, options: TrainOptions): Promise<StepFigures[]> {
  const layout = new FlatLayout(task.parameters);
  const optimizer = new AdamW(layout, options.optimizer);
  const log = new MetricsLog(options.folder);
  let bar: ProgressTask | undefined;
  let point: ResumePoint | undefined;
  try {
    const from = resume(task, optimizer, options);
    log.keepBelow(from);
    point = resumePoint(task, optimizer, log, options, from);
    const before = log.all().map((figures) => ({ done: figures.step + 1, figures }));
    bar = (options.progress ?? silent).start(options.label, options.steps, before);
    for (let step = from; step < options.steps; step++) {
      check(options.signal);
      const started = performance.now();
      const made = await task.next(step);
      const rate = options.schedule(step);
      const sum = await accumulate(made.microBatches, task.runner, layout, options.signal);
      point.leave();
      const result = "fault" in sum ? sum : applyUpdate(sum, layout, optimizer, rate);
      const { shown, ...update } = updateOrStop(result, step, log, options);
      // A checkpoint is good when the step after it was: until then the one before it stays.
      if (options.folder !== undefined && update.loss !== undefined) removeOlderCheckpoints(options.folder);
      const measured = await task.measure?.(step);
      const seconds = (performance.now() - started) / 1000;
      const figures: StepFigures = {
        step,
        learningRate: rate,
        ...update,
        ...finiteOnly({ ...made.figures, ...shown }),
        ...measured,
        seconds,
      };
      log.add(figures);
      options.onStep?.(figures);
      bar.update(step + 1, figures);
      await point.reach(step + 1);
      await breathe();
    }
    return log.all();
  } catch (error) {
    if (options.signal?.aborted === true) await point?.keep();
    throw error;
  } finally {
    bar?.finish();
    log.close();
    optimizer.dispose();
  }
}

/** The last step's figures without its times: what a stage's record keeps, alike on every run. */
export function lastFigures(figures: readonly StepFigures[]): Record<string, number> {
  const entries = Object.entries(figures.at(-1) ?? {});
  return Object.fromEntries(entries.filter(([name]) => !name.toLowerCase().endsWith("seconds")));
}

function resume(task: Pick<TrainTask, "parameters" | "restore">, optimizer: AdamW, options: TrainOptions): number {
  if (options.folder === undefined) return 0;
  const saved = loadCheckpoint(options.folder, task.parameters, optimizer);
  if (saved === undefined) return 0;
  if (saved.step > options.steps) {
    throw new LabError(
      `holds a checkpoint of step ${saved.step}, but this training ends after ${options.steps}`,
      "Remove the checkpoint to train from the start.",
      { subject: options.folder },
    );
  }
  try {
    task.restore?.(saved.task);
  } catch (error) {
    throw new LabError(
      `holds a checkpoint of another task (${messageOf(error)})`,
      "Remove it to train from the start.",
      {
        subject: options.folder,
        cause: error,
      },
    );
  }
  return saved.step;
}

/** @throws LabError, before the weights are touched, when loss or gradients are not finite; counts it where that is allowed */
function updateOrStop(result: Update | Fault, step: number, log: MetricsLog, options: TrainOptions): StepUpdate {
  const before = log.all().at(-1)?.["skippedUpdates"] ?? 0;
  const count = (skipped: number) => (skipped === 0 ? {} : { skippedUpdates: skipped });
  if (!("fault" in result)) {
    const { figures, ...update } = result;
    return { ...update, shown: figures, ...count(before) };
  }
  if (options.nonFinite === "skip") return count(before + 1);
  const kept = options.folder !== undefined && listCheckpoints(options.folder).length > 0;
  throw new LabError(
    `step ${step}, ${result.fault}. The weights are still those of the step before`,
    `Lower the learning rate, or look at the examples named${kept ? "; the last good checkpoint is kept" : ""}. ` +
      '`nonFinite: "skip"` leaves such an update out, as the released code does.',
    { subject: options.label },
  );
}

function finiteOnly(figures: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
}

function resumePoint(
  task: Pick<TrainTask, "parameters" | "state" | "stepsPerBatch">,
  optimizer: AdamW,
  log: MetricsLog,
  options: TrainOptions,
  from: number,
): ResumePoint {
  return new ResumePoint({
    folder: options.folder,
    parameters: task.parameters,
    optimizer,
    state: () => task.state?.() ?? null,
    sync: () => {
      log.sync();
    },
    every: options.checkpointEvery ?? 50,
    stepsPerBatch: task.stepsPerBatch ?? 1,
    from,
  });
}
