import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { requireUsable } from "../../core/finite";
import type { RgbImage } from "../../core/image";
import { silent, type Progress } from "../../core/progress";
import { runHere, type Replicable, type Runner } from "../../workers/job";
import type { ReplicaKind } from "../../workers/protocol";
import type {
  Completion,
  HiddenStateOptions,
  Opening,
  PreparedBatch,
  Prompt,
  SamplingOptions,
  Scored,
  TrainableModel,
} from "../contract";
import { requireAgreement } from "./agreement";
import { readCheckpointConfig, readWeights, writeCheckpoint, type Weight } from "./checkpoint";
import type { QwenConfig } from "./config";
import { pooledHiddenStates } from "./hiddenStates";
import {
  generateInPieces,
  scoreInPieces,
  statesInPieces,
  type PieceWorker,
  type SamplePiece,
  type StatesPiece,
} from "./pieces";
import { QWEN_IMAGE_PROCESSOR, type ImageProcessorConfig } from "./imageProcessor";
import { readImageProcessorConfig } from "./imageProcessorFiles";
import type { ResizeOrder } from "./imageProcessorResize";
import { memoryNeed, requireRoom } from "./memory";
import { qwenNetwork, type QwenNetwork } from "./network";
import { PromptEncoder } from "./promptEncoder";
import { sampleAll } from "./sampleAll";
import { scoreAll } from "./scoreAll";
import { layoutImages, type ImageBatch } from "./sequences";
import { scoreCompletions, scoringBatch, type ScoringBatch } from "./teacherForcing";
import { QwenTokenizer } from "./tokenizer";
import { initialValues, makeVariables, sizeOf, WeightReader, weightShapes } from "./weights";

/** What a model is made of. */
export interface QwenParts {
  readonly config: QwenConfig;
  /** Under their published names; the model owns them. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly tokenizer: QwenTokenizer;
  readonly processor: ImageProcessorConfig;
  /** Folder whose tokenizer and templates go along when the model is saved. */
  readonly companions: string;
}

/** Workers share its work where the model is not so large that each one's copy would be a burden. */
export interface QwenOptions extends Opening {
  /** What a large model will take is said to, before it is loaded; the error stream where absent. */
  readonly say?: ((sentence: string) => void) | undefined;
  /** Tokens never sampled, beside the tokenizer's special ones. */
  readonly suppressTokens?: readonly number[];
  /** Which Pillow's resizing pictures go through, of a loaded checkpoint; "pillow12" where absent. */
  readonly resizeOrder?: ResizeOrder | undefined;
}

/** Qwen2-VL and Qwen2.5-VL in this process: sampling, scoring, hidden states, gradients, checkpoints. */
export class QwenModel implements TrainableModel, PieceWorker, Replicable {
  readonly name: string;
  readonly runner: Runner<QwenModel>;
  readonly lanes: number;
  readonly config: QwenConfig;
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly tokenizer: QwenTokenizer;
  readonly processor: ImageProcessorConfig;
  readonly network: QwenNetwork;
  private readonly encoder: PromptEncoder;
  private readonly ends: ReadonlySet<number>;
  private readonly suppressed: readonly number[];

  constructor(
    private readonly parts: QwenParts,
    private readonly options: QwenOptions = {},
  ) {
    const { config, parameters, tokenizer, processor } = parts;
    this.name = path.basename(parts.companions);
    this.config = config;
    this.parameters = parameters;
    this.tokenizer = tokenizer;
    this.processor = processor;
    this.network = qwenNetwork(config, parameters);
    this.encoder = new PromptEncoder(config, tokenizer, processor);
    this.ends = new Set([tokenizer.special.eos, ...config.eosTokenIds]);
    const { vocabSize } = config.text;
    const withoutToken = Array.from({ length: vocabSize }, (_, id) => id).filter((id) => !tokenizer.has(id));
    const special = tokenizer.specialIds.filter((id) => !this.ends.has(id));
    const barred = new Set([...withoutToken, ...special, ...(options.suppressTokens ?? [])]);
    this.suppressed = [...barred].filter((id) => id < vocabSize);
    const { workers } = options;
    this.runner = workers === undefined || !mayBeCopied(parameters) ? runHere(this) : workers.runner(this);
    this.lanes = this.runner.lanes;
  }

  /** What a worker makes its copy from. */
  get replica(): QwenReplica {
    const { config, processor, companions } = this.parts;
    return { kind: QWEN, about: { config, processor, companions, suppressTokens: this.options.suppressTokens ?? [] } };
  }

  /**
   * Loads a checkpoint folder in the layout of the hub.
   * @throws LabError naming the file, when one is missing, damaged or does not fit the others, and before any weight is read when they do
   * not fit into memory
   */
  static load(folder: string, options: QwenOptions = {}): Promise<QwenModel> {
    return Promise.resolve().then(() => {
      const config = readCheckpointConfig(folder);
      const tokenizer = QwenTokenizer.load(folder);
      const settings = readImageProcessorConfig(folder) ?? QWEN_IMAGE_PROCESSOR;
      const processor = { ...settings, resizeOrder: options.resizeOrder };
      requireAgreement({ config, processor, tokenizer }, folder);
      const { trained, say = console.error, progress } = options;
      requireRoom(folder, config, trained, say);
      const parameters = loadParameters(folder, config, progress);
      return new QwenModel({ config, parameters, tokenizer, processor, companions: folder }, options);
    });
  }

  /**
   * A fresh model with random weights.
   * @param tokenizerFolder holds the tokenizer, its settings and the chat template
   */
  static initialise(
    config: QwenConfig,
    seed: number,
    tokenizerFolder: string,
    options: QwenOptions & { readonly deviation?: number } = {},
  ): QwenModel {
    const beside = { config, processor: QWEN_IMAGE_PROCESSOR, tokenizer: QwenTokenizer.load(tokenizerFolder) };
    requireAgreement(beside, tokenizerFolder);
    const weights = [...weightShapes(config)].map(([name, shape]) => ({
      name,
      shape,
      data: initialValues(name, shape, seed, options.deviation),
    }));
    return new QwenModel({ ...beside, parameters: makeVariables(weights), companions: tokenizerFolder }, options);
  }

  generate(prompts: readonly Prompt[], options: SamplingOptions): Promise<Completion[][]> {
    return generateInPieces(this.runner, prompts, options);
  }

  async samplePiece(piece: SamplePiece, signal?: AbortSignal): Promise<Completion[][]> {
    const { prompts, options, firstPrompt, firstSample } = piece;
    const sequences = this.encoder.encode(prompts, options.maxNewTokens);
    const { suppressed, ends } = this;
    const rollouts = await sampleAll(this.network, sequences, {
      ...options,
      ...{ suppressed, ends, signal, firstPrompt, firstSample },
    });
    return rollouts.map((group) =>
      group.map(({ tokens, finish }) => {
        const tokenIds = tokens.map(({ id }) => id);
        const text = this.tokenizer.decode(tokenIds);
        return { tokenIds, text, logProbs: tokens.map(({ logProb }) => logProb), finish };
      }),
    );
  }

  logProbs(items: readonly Scored[]): Promise<number[][]> {
    return scoreInPieces(this.runner, items);
  }

  scorePiece(items: readonly Scored[]): Promise<number[][]> {
    return scoreAll(this.network, this.encoder.encodeScored(items));
  }

  hiddenStates(prompts: readonly Prompt[], options: HiddenStateOptions): Promise<Float32Array[]> {
    return statesInPieces(this.runner, prompts, options);
  }

  statesPiece({ prompts, options }: StatesPiece): Promise<Float32Array[]> {
    return pooledHiddenStates(this.network, this.encoder.encode(prompts, 0), options);
  }

  prepare(items: readonly Scored[]): PreparedBatch {
    return scoringBatch(this.encoder.encodeScored(items), this.config);
  }

  completionLogProbs(batch: PreparedBatch): tf.Tensor2D {
    return scoreCompletions(this.network, batch as ScoringBatch);
  }

  /** The tower's input for these images, for `imageEmbeddings`. The caller frees it with `disposeImageBatch`. */
  prepareImages(images: readonly RgbImage[]): ImageBatch | undefined {
    return layoutImages(
      images.map((image) => this.encoder.images.get(image)),
      this.config,
    );
  }

  encodeCompletion(text: string): number[] {
    return [...this.tokenizer.encode(text), this.tokenizer.special.eos];
  }

  decode(tokenIds: readonly number[]): string {
    return this.tokenizer.decode(tokenIds);
  }

  save(folder: string): Promise<void> {
    const weights = [...this.parameters].map(([name, variable]) => ({
      name,
      shape: variable.shape,
      data: () => requireUsable(name, variable.dataSync<"float32">(), folder),
    }));
    return writeCheckpoint(folder, {
      config: this.config,
      weights,
      companions: this.parts.companions,
      imageProcessor: this.processor,
    });
  }

  dispose(): void {
    this.options.workers?.forget(this);
    tf.dispose([...this.parameters.values()]);
  }
}

/** The weights in the order of the model, whatever the order of the files. */
function loadParameters(folder: string, config: QwenConfig, progress: Progress = silent): Map<string, tf.Variable> {
  const shapes = weightShapes(config);
  const { weights } = memoryNeed(config);
  const task = (weights > COPY_BYTES ? progress : silent).start(`loading ${path.basename(folder)}`, shapes.size);
  function* watched(): Generator<Weight, void> {
    let done = 0;
    for (const weight of readWeights(folder, shapes)) {
      yield weight;
      task.update(++done);
    }
  }
  try {
    const made = new WeightReader(makeVariables(watched()));
    return new Map([...shapes.keys()].map((name) => [name, made.get(name)]));
  } finally {
    task.finish();
  }
}

/** Weights of more bytes are not copied to workers: such a model's products are large enough for threads. */
const COPY_BYTES = 2 ** 30;

function mayBeCopied(parameters: ReadonlyMap<string, tf.Variable>): boolean {
  return 4 * [...parameters.values()].reduce((sum, { size }) => sum + size, 0) <= COPY_BYTES;
}

/** What a worker makes a copy of a model from; its weights come through the shared memory. */
export interface QwenReplica {
  readonly kind: typeof QWEN;
  readonly about: Pick<QwenParts, "config" | "processor" | "companions"> & {
    readonly suppressTokens: readonly number[];
  };
}

const QWEN = "qwen";

export const qwenReplicas: ReplicaKind<QwenReplica["about"]> = {
  kind: QWEN,
  make: ({ config, processor, companions, suppressTokens }) => {
    const tokenizer = QwenTokenizer.load(companions);
    const blank = [...weightShapes(config)].map(([name, shape]) => ({
      name,
      shape,
      data: new Float32Array(sizeOf(shape)),
    }));
    const parameters = makeVariables(blank);
    return new QwenModel({ config, processor, companions, tokenizer, parameters }, { suppressTokens });
  },
};
