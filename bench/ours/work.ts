import * as path from "node:path";
import { silent } from "../../src/core/progress";
import { readStored } from "../../src/config/stored";
import { rlExamples, rlInputsSchema } from "../../src/lab/kinds/training";
import { readTriplets } from "../../src/lab/kinds/data";
import { labOf } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { cotSft, dapo, rl, triplets } from "../../src/lab/recipe";
import { make } from "../../src/lab/make";
import type { TrainableModel } from "../../src/model/contract";
import { EVERYTHING, LANGUAGE_ONLY } from "../../src/model/parameters";
import { QwenModel } from "../../src/model/qwen/model";
import { DAPO, DEFAULTS, TAPO, type TapoOptions } from "../../src/tapo/options";
import type { TapoExample } from "../../src/tapo/rollouts";
import type { TapoRun } from "../../src/tapo/train";
import { ROOT } from "../lib/options";
import type { StepPlan } from "../lib/plan";
import { taskSchema, type BenchTask } from "../lib/protocol";
import { noisePicture, RANDOM_STEP, withRandomModel } from "../lib/randomModel";
import { benchExample, judgedByParity } from "../lib/taskExamples";
import type { Workers } from "./workers";

/** What `tapo` is called with, and what the other sides can be compared by. */
export interface TapoWork {
  readonly model: TrainableModel;
  readonly examples: readonly TapoExample[];
  readonly options: TapoOptions;
  readonly run: Pick<TapoRun, "microBatchSize" | "train">;
  /** log π of the task's probe; empty where no other side holds the model. */
  readonly probe: readonly number[];
}

type PlanOf<K extends StepPlan["kind"]> = Extract<StepPlan, { kind: K }>;

/** Makes what a plan says and hands it to `use`; models are disposed of afterwards. */
export async function withWork(
  plan: StepPlan,
  workers: Workers,
  use: (work: TapoWork) => Promise<void>,
): Promise<void> {
  if (plan.kind === "random") return withRandomWork(plan, workers, use);
  const work = plan.kind === "task" ? await taskWork(plan, workers) : await profileWork(plan, workers);
  try {
    await use(work);
  } finally {
    work.model.dispose();
  }
}

/** The task that TRL runs: every part of the model trained, no end token, one rollout batch per step. */
async function taskWork({ folder, objective, microBatchSize }: PlanOf<"task">, workers: Workers): Promise<TapoWork> {
  const task = readTask(path.join(folder, "task.json"));
  const options = { suppressTokens: task.suppressedTokens, ...workers };
  const model = await QwenModel.load(path.join(folder, "model"), options);
  const examples = task.prompts.map((prompt, index) =>
    benchExample(`${index}`, prompt.text, (image) => ({
      width: task.imageSide,
      height: task.imageSide,
      data: new Uint8Array(Buffer.from(prompt[image], "base64")),
    })),
  );
  const first = await examples[0]?.prompt("anchor");
  const [probe = []] = first === undefined ? [] : await model.logProbs([{ prompt: first, tokenIds: task.probe }]);
  return {
    model: judgedByParity(model),
    examples,
    options: fixedLength(objective, task.prompts.length, task.rollouts, task.newTokens),
    run: { microBatchSize, train: EVERYTHING },
    probe,
  };
}

export function readTask(file: string): BenchTask {
  return readStored(file, taskSchema, "task of the bench", "Remove .setup/bench and run `node bench/setup-peer.mjs`.");
}

/** Steps with as many prompts as there are examples, and nothing drawn twice. */
function fixedLength(
  objective: StepPlan["objective"],
  prompts: number,
  rollouts: number,
  maxNewTokens: number,
): TapoOptions {
  const [n1, n2] = objective === "tapo" ? [rollouts / 2, rollouts / 2] : [rollouts, 0];
  return {
    ...DEFAULTS,
    objective: objective === "tapo" ? TAPO : DAPO,
    ...{ n1, n2, maxNewTokens, promptsPerRollout: prompts, promptsPerUpdate: prompts },
    dynamicSampling: false, // TRL draws once in a step, too
    topP: 1,
    epochs: 1_000_000,
  };
}

/** Stage 1 and the triplets are made once and lie in a store of the bench's own. */
async function profileWork({ profile: name, objective }: PlanOf<"profile">, workers: Workers): Promise<TapoWork> {
  const profile = loadProfile(name);
  const lab = await labOf(profile, { progress: silent, store: path.join(ROOT, ".setup", "bench", "store") });
  const recipe = lab.recipe(profile.seed);
  const stage1 = cotSft(recipe);
  const mined = await make(lab, triplets(recipe));
  const { folder } = await make(lab, stage1);
  const changes = objective === "tapo" ? {} : dapo(profile.rl);
  const inputs = rlInputsSchema.parse(rl(recipe, stage1, changes, "bench").inputs);
  const { thinking, microBatchSize, train, ...options } = inputs;
  return {
    model: await QwenModel.load(path.join(folder, "model"), { ...workers }),
    examples: rlExamples(lab.dataset, readTriplets(lab.dataset, mined.folder), { ...options, thinking }),
    options: { ...options, epochs: 1_000_000 },
    run: { microBatchSize, train },
    probe: [],
  };
}

async function withRandomWork(
  { width, prompts, newTokens, vocabulary, objective, microBatchSize }: PlanOf<"random">,
  workers: Workers,
  use: (work: TapoWork) => Promise<void>,
): Promise<void> {
  const words = Array.from({ length: vocabulary }, (_, i) => `w${i}`);
  const question = (i: number): string => words.slice(i, i + RANDOM_STEP.questionWords).join(" ");
  await withRandomModel({ width, words, endless: true, ...workers }, async ({ model }) => {
    const examples = Array.from({ length: prompts }, (_, i) =>
      benchExample(`${i}`, question(i), (image) => noisePicture(RANDOM_STEP.pictureSide, `${i}/${image}`)),
    );
    await use({
      model: judgedByParity(model),
      examples,
      options: fixedLength(objective, prompts, RANDOM_STEP.rollouts, newTokens),
      run: { microBatchSize, train: LANGUAGE_ONLY },
      probe: [],
    });
  });
}
