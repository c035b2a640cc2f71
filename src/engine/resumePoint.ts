import type * as tf from "@tensorflow/tfjs-core";
import type { AdamW } from "./adamw";
import { saveCheckpoint, type TrainState } from "./checkpoint";

export interface ResumePointOptions {
  /** Where checkpoints go; without it none is written. */
  readonly folder: string | undefined;
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly optimizer: AdamW;
  /** The task's own state, as JSON. */
  readonly state: () => unknown;
  /** Puts the figures of the steps done on disk; called before a checkpoint counts on them. */
  readonly sync: () => void;
  /** Steps between checkpoints; rounded up to whole batches. */
  readonly every: number;
  /** Steps that only make sense together: a run goes on between batches, never within one. */
  readonly stepsPerBatch: number;
  /** Steps done when the run began. */
  readonly from: number;
}

/** Nobody who stops a run waits longer than this for its checkpoint. */
const LONGEST_STOP_SECONDS = 1;

/** The newest place that a training run could go on from; saved every few steps, and when the run is stopped. */
export class ResumePoint {
  private readonly every: number;
  private place: TrainState;
  private saved: number;
  private left = false;
  private saveSeconds = 0;

  constructor(private readonly options: ResumePointOptions) {
    const { every, stepsPerBatch, from } = options;
    this.every = Math.ceil(every / stepsPerBatch) * stepsPerBatch;
    this.place = { step: from, task: options.state() };
    this.saved = from;
  }

  /** To be called before an update: the parameters are about to leave the place. */
  leave(): void {
    this.left = true;
  }

  /** To be called when so many steps are done, their figures logged. */
  async reach(step: number): Promise<void> {
    if (step % this.options.stepsPerBatch !== 0) return;
    this.place = { step, task: this.options.state() };
    this.left = false;
    if (step % this.every === 0) await this.save();
  }

  /** Saves the place of a run that is being stopped, where that is possible and takes no longer than a second. */
  async keep(): Promise<void> {
    if (!this.left && this.place.step > this.saved && this.saveSeconds <= LONGEST_STOP_SECONDS) await this.save();
  }

  private async save(): Promise<void> {
    const { folder, parameters, optimizer, sync } = this.options;
    if (folder === undefined) return;
    const began = performance.now();
    sync();
    await saveCheckpoint(folder, parameters, optimizer, this.place);
    this.saved = this.place.step;
    this.saveSeconds = (performance.now() - began) / 1000;
  }
}
