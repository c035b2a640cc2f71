import type { Progress } from "../../core/progress";
import { Random } from "../../core/random";
import { drawExercises } from "../curriculum/mixture";
import { type Exercise, exercisePrompt } from "../curriculum/exercises";
import type { MiniWorld } from "../types";
import { ADAMW_DEFAULTS } from "../../engine/adamw";
import { linear, oneCycle } from "../../engine/schedule";
import type { MicroBatch } from "../../engine/gradient";
import { train, type StepFigures } from "../../engine/train";
import type { Scored, TrainableModel } from "../../model/contract";
import { EVERYTHING, LANGUAGE_ONLY, selectParameters } from "../../model/parameters";
import { tokenMeanBatches } from "../../sft/batches";
import type { BaseConfig } from "./config";

export interface BaseRun {
  readonly label: string;
  readonly folder: string;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** Teaches the exercises of a stage, drawn anew for every step, in place. Loss: Σ weight · token mean of each part. */
export async function teachCurriculum(
  model: TrainableModel,
  world: MiniWorld,
  config: BaseConfig,
  name: "text" | "joint",
  run: BaseRun,
): Promise<StepFigures[]> {
  const stage = config[name];
  const settings = { ...stage.settings, weakLabels: config.weakLabels };
  const parts = stage.towerRate === 0 ? LANGUAGE_ONLY : EVERYTHING;
  const schedule = stage.schedule === "oneCycle" ? oneCycle : linear;
  return train(
    {
      parameters: selectParameters(model.parameters, parts),
      runner: model.runner,
      async next(step) {
        const random = new Random(config.seed).fork(`${run.label} ${step}`);
        const batches: MicroBatch<TrainableModel>[][] = [];
        for (const part of stage.parts) {
          const exercises = drawExercises(world, part.mixture, part.count, random, settings);
          const items = await Promise.all(exercises.map((exercise) => scored(model, exercise)));
          batches.push(tokenMeanBatches(items, stage.microBatchSize, part.weight));
        }
        return { microBatches: batches.flat() };
      },
    },
    {
      ...run,
      steps: stage.steps,
      schedule: schedule(stage.learningRate, stage.steps),
      optimizer: {
        ...ADAMW_DEFAULTS,
        weightDecay: stage.weightDecay,
        rateOf: (name) => (name.startsWith("visual.") ? stage.towerRate : 1),
      },
      checkpointEvery: 200,
    },
  );
}

async function scored(model: TrainableModel, exercise: Exercise): Promise<Scored> {
  return { prompt: await exercisePrompt(exercise), tokenIds: model.encodeCompletion(exercise.completion) };
}
