import { z } from "zod";
import { parserOf } from "../config/stored";
import { LabError } from "../core/errors";
import type { Progress } from "../core/progress";
import { Random } from "../core/random";
import { ADAMW_DEFAULTS } from "../engine/adamw";
import { constant } from "../engine/schedule";
import { train, type Step, type StepFigures, type TrainTask } from "../engine/train";
import type { TrainableModel, VisionLanguageModel } from "../model/contract";
import { LANGUAGE_ONLY, selectParameters, type TrainableParts } from "../model/parameters";
import { groupAdvantages } from "./advantages";
import type { TapoOptions } from "./options";
import { withMinedNegatives } from "./mining";
import { collectRollouts, type Rollout, type RolloutBatch, type TapoExample } from "./rollouts";
import { usesReference } from "./terms";
import { prepareUpdate, updateMicroBatches, type ScoredRollout } from "./update";

export interface TapoRun {
  readonly label: string;
  /** Rollouts in a backward pass; with a token mean over the batch the gradient is the same for any value. */
  readonly microBatchSize: number;
  /** Which parts learn; the language model alone by default, as in stage 1. */
  readonly train?: TrainableParts | undefined;
  /** π_ref; needed when the objective's `referenceKl` is not 0. */
  readonly reference?: VisionLanguageModel | undefined;
  readonly folder?: string | undefined;
  /** In optimiser steps. */
  readonly checkpointEvery?: number | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((figures: StepFigures) => void) | undefined;
}

/** Rollout batches of a run: epochs over all examples, the last batch rounded. */
export function rolloutBatches(
  examples: number,
  { epochs, promptsPerRollout }: Pick<TapoOptions, "epochs" | "promptsPerRollout">,
): number {
  return Math.max(1, Math.round((epochs * examples) / promptsPerRollout));
}

/** Optimiser steps of a run: several updates in each rollout batch. */
export function tapoSteps(examples: number, options: TapoOptions): number {
  return rolloutBatches(examples, options) * updatesPerBatch(options);
}

/**
 * Stage 2 (§4.3, Eq. 4): trains the model in place. DAPO and GRPO are the same run with other options.
 * @returns the figures of every step: reward, accuracy, the terms of the objective, …
 */
export async function tapo(
  model: TrainableModel,
  examples: readonly TapoExample[],
  options: TapoOptions,
  run: TapoRun,
): Promise<StepFigures[]> {
  checkInputs(examples, options, run);
  return train(tapoTask(model, examples, options, run), {
    ...run,
    steps: tapoSteps(examples.length, options),
    schedule: constant(options.learningRate),
    optimizer: { ...ADAMW_DEFAULTS, weightDecay: options.weightDecay, maxGradNorm: options.maxGradNorm },
    nonFinite: options.nonFinite,
    checkpointEvery: run.checkpointEvery ?? 10,
  });
}

const parseState = parserOf(z.strictObject({ drawn: z.int().min(0) }));

function tapoTask(
  model: TrainableModel,
  examples: readonly TapoExample[],
  options: TapoOptions,
  run: TapoRun,
): TrainTask<TrainableModel> {
  const order = trainingOrder(examples, options.seed);
  const perBatch = updatesPerBatch(options);
  let batch: RolloutBatch | undefined;
  let scored: ScoredRollout[] = [];
  return {
    parameters: selectParameters(model.parameters, run.train ?? LANGUAGE_ONLY),
    runner: model.runner,
    stepsPerBatch: perBatch,
    async next(step): Promise<Step<TrainableModel>> {
      const part = step % perBatch;
      const figures: Record<string, number> = {};
      if (part === 0 || batch === undefined) {
        const started = performance.now();
        const seed = rolloutSeed(options, step);
        batch = await collectRollouts(model, order.draw, options, seed, run.signal);
        const sampled = performance.now();
        const rollouts = await withMinedNegatives(model, batch.rollouts, examples, options, seed);
        scored = await score(model, rollouts, options, run.reference);
        figures["generationSeconds"] = (sampled - started) / 1000;
        figures["scoringSeconds"] = (performance.now() - sampled) / 1000;
      }
      Object.assign(figures, rolloutFigures(batch));
      const chosen = scored.filter((s) => Math.floor(s.rollout.group / options.promptsPerUpdate) === part);
      return { microBatches: updateMicroBatches(chosen, options, run.microBatchSize), figures };
    },
    state: () => ({ drawn: order.drawn() }),
    restore: (state) => {
      order.skipTo(parseState(state).drawn);
    },
  };
}

/** The seed of the rollouts that are drawn before a step. */
export function rolloutSeed({ seed }: Pick<TapoOptions, "seed">, step: number): number {
  return new Random(seed).fork(`rollouts ${step}`).uint32();
}

/** Attaches advantages and the log-probs that stay constant over the updates. */
export async function score(
  model: TrainableModel,
  rollouts: readonly Rollout[],
  options: TapoOptions,
  reference: VisionLanguageModel | undefined,
): Promise<ScoredRollout[]> {
  if (rollouts.length === 0) return [];
  const advantages = groupAdvantages(
    rollouts.map((r) => r.reward.overall),
    rollouts.map((r) => r.group),
    options.advantageEps,
  );
  // With one update per rollout batch the policy has not moved: π_old = π_θ, and the update's own pass provides it.
  return prepareUpdate(model, rollouts, advantages, options, { needsOld: updatesPerBatch(options) > 1, reference });
}

function rolloutFigures(batch: RolloutBatch): Record<string, number> {
  const { meanReward: reward, meanAccuracy: accuracy, meanLength: length, groups, sampledGroups, resamples } = batch;
  return { reward, accuracy, length, groups, sampledGroups, resamples };
}

/** Hands out the examples epoch after epoch, each epoch in an order of its own. */
export function trainingOrder(examples: readonly TapoExample[], seed: number) {
  let drawn = 0;
  const epochs = new Map<number, readonly TapoExample[]>();
  const at = (index: number): TapoExample => {
    const epoch = Math.floor(index / examples.length);
    let order = epochs.get(epoch);
    if (order === undefined) {
      order = new Random(seed).fork(`epoch ${epoch}`).shuffle(examples);
      epochs.clear();
      epochs.set(epoch, order);
    }
    return order[index % examples.length] as TapoExample;
  };
  return {
    draw: (count: number): TapoExample[] => Array.from({ length: count }, () => at(drawn++)),
    drawn: () => drawn,
    skipTo: (count: number) => {
      drawn = count;
    },
  };
}

function updatesPerBatch(options: TapoOptions): number {
  return options.promptsPerRollout / options.promptsPerUpdate;
}

export function checkInputs(
  examples: readonly TapoExample[],
  options: TapoOptions,
  run: Pick<TapoRun, "reference">,
): void {
  const { n1, n2, promptsPerRollout, promptsPerUpdate, objective } = options;
  if (examples.length === 0)
    throw new LabError("there are no questions to train on", "Check the dataset's training split.");
  if (n1 + n2 < 2) {
    throw new LabError(
      "n1 + n2 is below 2: a group of one answer has no advantage",
      "Sample at least two answers to a question.",
    );
  }
  if (promptsPerRollout % promptsPerUpdate !== 0) {
    throw new LabError(
      `promptsPerRollout (${promptsPerRollout}) is no multiple of promptsPerUpdate (${promptsPerUpdate})`,
      "Choose sizes that divide.",
    );
  }
  if (usesReference(objective) && run.reference === undefined) {
    throw new LabError(
      `referenceKl is ${objective.referenceKl}, but there is no reference model`,
      "Pass the model that training starts from as `reference`, or set referenceKl to 0.",
    );
  }
}
