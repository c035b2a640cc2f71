import { LabError } from "../core/errors";
import type { Progress } from "../core/progress";
import { Random } from "../core/random";
import { ADAMW_DEFAULTS } from "../engine/adamw";
import { cosine } from "../engine/schedule";
import { train, type StepFigures, type TrainTask } from "../engine/train";
import type { Prompt, Scored, TrainableModel } from "../model/contract";
import { selectParameters } from "../model/parameters";
import { countTokens, tokenMeanBatches, type NamedItem } from "./batches";
import type { SftOptions } from "./options";

/** A question and the answer to imitate. The prompt is made when it is needed, since it holds an image. */
export interface SftExample {
  readonly id: string;
  prompt(): Promise<Prompt>;
  readonly completion: string;
}

export interface SftRun {
  readonly label: string;
  readonly folder?: string | undefined;
  readonly checkpointEvery?: number | undefined;
  /** Examples whose loss is measured after every epoch. */
  readonly validation?: readonly SftExample[] | undefined;
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onStep?: ((figures: StepFigures) => void) | undefined;
}

/** Fine-tunes the model in place on the examples. @returns the figures of every step: loss, gradNorm, tokens, … */
export async function sft(
  model: TrainableModel,
  examples: readonly SftExample[],
  options: SftOptions,
  run: SftRun,
): Promise<StepFigures[]> {
  if (examples.length === 0)
    throw new LabError("there are no examples to train on", "Check the records that this stage reads.");
  const perEpoch = Math.ceil(examples.length / options.batchSize);
  const steps = perEpoch * options.epochs;
  return train(sftTask(model, examples, options, run.validation ?? []), {
    ...run,
    steps,
    schedule: cosine(options.learningRate, steps, Math.min(options.warmupSteps, steps)),
    optimizer: { ...ADAMW_DEFAULTS, weightDecay: options.weightDecay, maxGradNorm: options.maxGradNorm },
    nonFinite: options.nonFinite,
  });
}

function sftTask(
  model: TrainableModel,
  examples: readonly SftExample[],
  options: SftOptions,
  validation: readonly SftExample[],
): TrainTask<TrainableModel> {
  const perEpoch = Math.ceil(examples.length / options.batchSize);
  return {
    parameters: selectParameters(model.parameters, options.train),
    runner: model.runner,
    async next(step) {
      const order = new Random(options.seed).fork(`epoch ${Math.floor(step / perEpoch)}`).shuffle(examples);
      const start = (step % perEpoch) * options.batchSize;
      const items = await encode(model, order.slice(start, start + options.batchSize));
      return {
        microBatches: tokenMeanBatches(items, options.microBatchSize),
        figures: { tokens: countTokens(items) },
      };
    },
    async measure(step) {
      if (validation.length === 0 || (step + 1) % perEpoch !== 0) return undefined;
      return { validationLoss: await meanLoss(model, await encode(model, validation)) };
    },
  };
}

/** Mean negative log-likelihood per token. */
async function meanLoss(model: TrainableModel, items: readonly Scored[]): Promise<number> {
  const scores = (await model.logProbs(items)).flat();
  return -scores.reduce((a, b) => a + b, 0) / scores.length;
}

async function encode(model: TrainableModel, examples: readonly SftExample[]): Promise<NamedItem[]> {
  return Promise.all(
    examples.map(async (e) => ({
      id: e.id,
      prompt: await e.prompt(),
      tokenIds: model.encodeCompletion(e.completion),
    })),
  );
}
