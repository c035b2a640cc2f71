import * as path from "node:path";
import type * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { parserOf } from "../../config/stored";
import { required } from "../../core/errors";
import { inLanes } from "../../core/lanes";
import { writeFolderAtomic, writeJson } from "../../core/files";
import { writeSafetensors } from "../../core/safetensors";
import { loadPools } from "../pools";
import type { MiniWorld } from "../types";
import { CHECKPOINTS, readParameters } from "../../engine/checkpoint";
import { figuresSchema, lastFigures, type StepFigures } from "../../engine/train";
import { toHfGenerationConfig } from "../../model/qwen/configWriter";
import { QWEN_IMAGE_PROCESSOR } from "../../model/qwen/imageProcessor";
import { toHfImageProcessor } from "../../model/qwen/imageProcessorFiles";
import { QwenModel } from "../../model/qwen/model";
import { writeWordTokenizer } from "../../model/qwen/tokenizerWords";
import { MiniDualEncoder } from "../../model/siglip/dualEncoder";
import { toJson } from "../../store/key";
import { makeOnce, type Finished, type StoreContext } from "../../store/store";
import { miniConfig } from "./architecture";
import { ENCODERS, type BaseConfig, type DualEncoderStage, type EncoderName } from "./config";
import { teachCurriculum } from "./curriculum";
import { teachDualEncoder } from "./dualEncoder";
import { teachTower } from "./tower";

/** What a base is built from, and where the work goes. */
export interface BaseWork extends StoreContext {
  readonly world: MiniWorld;
  readonly config: BaseConfig;
}

/** The folders that a build leaves: checkpoints in the layout of the hub. */
export interface BuiltBase {
  readonly base: string;
  readonly encoders: ReadonlyMap<EncoderName, string>;
  readonly seconds: Readonly<Record<string, number>>;
}

interface Stage {
  readonly last: Readonly<Record<string, number>>;
}

const stageSchema: z.ZodType<Stage> = z.strictObject({ last: figuresSchema });

/** Runs every stage that has not been run, as many side by side as there are workers. */
export async function buildBase(work: BaseWork): Promise<BuiltBase> {
  const made = new Map<string, Finished<Stage>>();
  const of = (name: string): Finished<Stage> =>
    required(made.get(name), () => new RangeError(`buildBase: the stage ${name} was not made`));
  const [tower, text] = [
    { key: "tower", needs: [], run: towerStage },
    { key: "text", needs: [], run: textStage },
  ] as const;
  const encoders = ENCODERS.flatMap((name) => {
    const stage = work.config.encoders[name];
    if (stage === null) return [];
    return [{ key: name, needs: [tower], run: (own: BaseWork) => encoderStage(own, name, stage, of("tower")) }];
  });
  const joint = {
    key: "joint",
    needs: [tower, text],
    run: (own: BaseWork) => jointStage(own, of("tower"), of("text")),
  };
  const lanes = { lanes: work.workers?.size ?? 1, signal: work.signal };
  await inLanes([tower, text, joint, ...encoders], lanes, async ({ key, run }, signal) => {
    made.set(key, await run({ ...work, signal }));
  });
  return {
    base: path.join(of("joint").folder, "model"),
    encoders: new Map(encoders.map(({ key }) => [key, path.join(of(key).folder, "model")])),
    seconds: Object.fromEntries([...made].map(([name, { seconds }]) => [name, seconds])),
  };
}

/** A stage that trains. A kind whose code computes something else from now on gets a version of its own. */
function teachingStage(
  work: BaseWork,
  kind: string,
  inputs: unknown,
  run: (folder: string, watched: BaseWork) => Promise<Stage>,
): Promise<Finished<Stage>> {
  return makeOnce(
    work,
    { kind, version: 1, inputs: toJson(inputs) },
    {
      run: (folder, signal) => run(folder, { ...work, signal }),
      parse: parserOf(stageSchema),
      scraps: [CHECKPOINTS],
    },
  );
}

function towerStage(work: BaseWork): Promise<Finished<Stage>> {
  const { world, config } = work;
  const inputs = { ...startOf(work), stage: config.tower };
  return teachingStage(work, "tower", inputs, async (folder, watched) => {
    await loadPictures(watched);
    return taught(await freshModel(watched, folder), async (model) => {
      const visual = towerOf(model.parameters);
      const { tower, seed } = config;
      const figures = await teachTower(model.config, visual, world, tower, seed, run(watched, "tower", folder));
      saveWeights(folder, visual);
      return figures;
    });
  });
}

function textStage(work: BaseWork): Promise<Finished<Stage>> {
  const { world, config } = work;
  const inputs = { ...startOf(work), stage: config.text };
  return teachingStage(work, "text", inputs, async (folder, watched) =>
    taught(await freshModel(watched, folder), async (model) => {
      const figures = await teachCurriculum(model, world, config, "text", run(watched, "text", folder));
      saveWeights(folder, textOf(model.parameters));
      return figures;
    }),
  );
}

function jointStage(work: BaseWork, tower: Finished<Stage>, text: Finished<Stage>): Promise<Finished<Stage>> {
  const { world, config } = work;
  const { joint: stage, weakLabels, seed } = config;
  const inputs = { tower: tower.key, text: text.key, seed, stage, weakLabels };
  return teachingStage(work, "joint", inputs, async (folder, watched) => {
    await loadPictures(watched);
    return taught(await freshModel(watched, folder), async (model) => {
      loadWeights(tower, towerOf(model.parameters));
      loadWeights(text, textOf(model.parameters));
      const figures = await teachCurriculum(model, world, config, "joint", run(watched, "joint", folder));
      await model.save(path.join(folder, "model"));
      return figures;
    });
  });
}

function encoderStage(
  work: BaseWork,
  name: EncoderName,
  stage: DualEncoderStage,
  tower: Finished<Stage>,
): Promise<Finished<Stage>> {
  const { world, config } = work;
  const { weakLabels, seed } = config;
  const { wrongRate, siblingShare } = weakLabels;
  const lesson = { name, seed, stage, weakLabels };
  const inputs = { tower: tower.key, name, seed, stage, wrongRate: wrongRate.encoder, siblingShare };
  return teachingStage(work, "dual-encoder", inputs, async (folder, watched) => {
    await loadPictures(watched);
    const blank = path.join(folder, "blank");
    const architecture = { ...config.model, layers: stage.textLayers };
    const qwen = miniConfig(architecture, await writeBlank(watched, blank));
    const fresh = MiniDualEncoder.initialise(qwen, stage.width, blank, config.seed, config.deviation, work.workers);
    return taught(fresh, async (encoder) => {
      loadWeights(tower, towerOf(encoder.parameters));
      const figures = await teachDualEncoder(encoder, world, lesson, run(watched, name, folder));
      await encoder.save(path.join(folder, "model"));
      return figures;
    });
  });
}

/** What every first stage depends on. */
function startOf({ world, config }: BaseWork) {
  return { world: world.fingerprint, seed: config.seed, deviation: config.deviation, model: config.model };
}

/** A fresh model over the world's vocabulary; its tokenizer is written to `folder/blank`. */
async function freshModel(work: BaseWork, folder: string): Promise<QwenModel> {
  const { config } = work;
  const blank = path.join(folder, "blank");
  const qwen = miniConfig(config.model, await writeBlank(work, blank));
  return QwenModel.initialise(qwen, config.seed, blank, { deviation: config.deviation, workers: work.workers });
}

/** Writes the files that go beside the weights. @returns the size of the vocabulary */
async function writeBlank(work: BaseWork, blank: string): Promise<number> {
  let size = 0;
  await writeFolderAtomic(blank, (folder) => {
    size = writeWordTokenizer(folder, work.world.vocabulary());
    writeJson(path.join(folder, "generation_config.json"), toHfGenerationConfig(miniConfig(work.config.model, size)));
    writeJson(path.join(folder, "preprocessor_config.json"), toHfImageProcessor(QWEN_IMAGE_PROCESSOR));
  });
  return size;
}

function loadPictures(work: BaseWork): Promise<void> {
  return loadPools(work.world, {
    folder: path.join(work.store, "pictures"),
    progress: work.progress,
    ...(work.signal === undefined ? {} : { signal: work.signal }),
  });
}

/** Teaches a model, and frees it whatever comes of that. */
async function taught<M extends { dispose(): void }>(
  model: M,
  teach: (model: M) => Promise<readonly StepFigures[]>,
): Promise<Stage> {
  try {
    return { last: lastFigures(await teach(model)) };
  } finally {
    model.dispose();
  }
}

function run({ progress, workers, signal }: BaseWork, label: string, folder: string) {
  return { label, folder, progress, workers, ...(signal === undefined ? {} : { signal }) };
}

function saveWeights(folder: string, parameters: ReadonlyMap<string, tf.Variable>): void {
  writeSafetensors(
    path.join(folder, "weights.safetensors"),
    [...parameters].map(([name, v]) => ({ name, shape: v.shape, data: v.dataSync<"float32">() })),
  );
}

/** Reads the weights that an earlier stage trained; they are those of `parameters`, no more and no fewer. */
function loadWeights(stage: Finished<Stage>, parameters: ReadonlyMap<string, tf.Variable>): void {
  readParameters(path.join(stage.folder, "weights.safetensors"), parameters);
}

/** The part of the weights that the first stage trains: the vision tower. */
function towerOf(parameters: ReadonlyMap<string, tf.Variable>): Map<string, tf.Variable> {
  return new Map([...parameters].filter(([name]) => name.startsWith("visual.")));
}

/** The part that the text stage trains: all but the tower. */
function textOf(parameters: ReadonlyMap<string, tf.Variable>): Map<string, tf.Variable> {
  return new Map([...parameters].filter(([name]) => !name.startsWith("visual.")));
}
