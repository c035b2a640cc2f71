import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { LabError } from "../../core/errors";
import { requireUsable } from "../../core/finite";
import { breathe } from "../../core/progress";
import type { RgbImage } from "../../core/image";
import type {
  Completion,
  HiddenStateOptions,
  PreparedBatch,
  Prompt,
  SamplingOptions,
  Scored,
  TrainableModel,
} from "../contract";
import { passBytes, cutByCost, PASS_BYTES } from "./batches";
import { readCheckpointConfig, readWeights, writeCheckpoint } from "./checkpoint";
import type { QwenConfig } from "./config";
import { pooledHiddenStates } from "./hiddenStates";
import { QWEN_IMAGE_PROCESSOR, type ImageProcessorConfig } from "./imageProcessor";
import { readImageProcessorConfig } from "./imageProcessorFiles";
import type { ResizeOrder } from "./imageProcessorResize";
import { notFinite } from "./generate";
import { qwenNetwork, type QwenNetwork } from "./network";
import { PromptEncoder } from "./promptEncoder";
import { sampleAll } from "./sampleAll";
import { layoutImages, type ImageBatch } from "./sequences";
import { scoreCompletions, scoringBatch, type ScoredSequence, type ScoringBatch } from "./teacherForcing";
import { QwenTokenizer } from "./tokenizer";
import { initialValues, makeVariables, weightShapes } from "./weights";

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

export interface QwenOptions {
  /** Tokens never sampled, beside the tokenizer's special ones. */
  readonly suppressTokens?: readonly number[];
  /** Which Pillow's resizing pictures go through, of a loaded checkpoint; "pillow12" where absent. */
  readonly resizeOrder?: ResizeOrder | undefined;
}

/** Qwen2-VL and Qwen2.5-VL in this process: sampling, scoring, hidden states, gradients, checkpoints. */
export class QwenModel implements TrainableModel {
  readonly name: string;
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
    options: QwenOptions = {},
  ) {
    const { config, parameters, tokenizer, processor } = parts;
    requireAgreement(parts);
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
  }

  /**
   * Loads a checkpoint folder in the layout of the hub.
   * @throws LabError naming the file, when one is missing, damaged or does not fit the others
   */
  static load(folder: string, options: QwenOptions = {}): Promise<QwenModel> {
    return Promise.resolve().then(() => {
      const config = readCheckpointConfig(folder);
      const tokenizer = QwenTokenizer.load(folder);
      const settings = readImageProcessorConfig(folder) ?? QWEN_IMAGE_PROCESSOR;
      const processor = { ...settings, resizeOrder: options.resizeOrder };
      const parameters = makeVariables(readWeights(folder, weightShapes(config)));
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
    options: QwenOptions & { readonly processor?: ImageProcessorConfig } = {},
  ): QwenModel {
    const weights = [...weightShapes(config)].map(([name, shape]) => ({
      name,
      shape,
      data: initialValues(name, shape, seed),
    }));
    const parts = {
      config,
      parameters: makeVariables(weights),
      tokenizer: QwenTokenizer.load(tokenizerFolder),
      processor: options.processor ?? QWEN_IMAGE_PROCESSOR,
      companions: tokenizerFolder,
    };
    return new QwenModel(parts, options);
  }

  async generate(prompts: readonly Prompt[], options: SamplingOptions): Promise<Completion[][]> {
    const sequences = this.encoder.encode(prompts, options.maxNewTokens);
    const rollouts = await sampleAll(this.network, sequences, {
      ...options,
      suppressed: this.suppressed,
      ends: this.ends,
    });
    return rollouts.map((group) =>
      group.map(({ tokens, finish }) => {
        const tokenIds = tokens.map(({ id }) => id);
        const text = this.tokenizer.decode(tokenIds);
        return { tokenIds, text, logProbs: tokens.map(({ logProb }) => logProb), finish };
      }),
    );
  }

  async logProbs(items: readonly Scored[]): Promise<number[][]> {
    const sequences = this.encoder.encodeScored(items);
    const order = byLength(sequences);
    const out: number[][] = items.map(() => []);
    for (const run of cutByCost(order, (rows) => scoringBytes(rows, sequences, this.config), PASS_BYTES)) {
      const batch = scoringBatch(
        run.map((index) => sequences[index] as ScoredSequence),
        this.config,
      );
      const values = tf.tidy(() => scoreCompletions(this.network, batch).dataSync<"float32">());
      batch.dispose();
      run.forEach((index, row) => {
        const start = row * batch.width;
        const own = [...values.subarray(start, start + (sequences[index]?.completion.length ?? 0))];
        const bad = own.findIndex((value) => !Number.isFinite(value));
        if (bad >= 0) throw notFinite(own[bad] as number, `token ${bad} of answer ${index}`);
        out[index] = own;
      });
      await breathe();
    }
    return out;
  }

  hiddenStates(prompts: readonly Prompt[], options: HiddenStateOptions): Promise<Float32Array[]> {
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
    tf.dispose([...this.parameters.values()]);
  }
}

/** @throws LabError when the files of a checkpoint do not belong together */
function requireAgreement({ config, processor, tokenizer, companions }: QwenParts): void {
  const { vision, imageTokenId } = config;
  const pairs: readonly (readonly [what: string, config: number, other: number, file: string])[] = [
    ["patch_size", vision.patchSize, processor.patchSize, "the image processor"],
    ["merge size", vision.spatialMergeSize, processor.mergeSize, "the image processor"],
    ["temporal_patch_size", vision.temporalPatchSize, processor.temporalPatchSize, "the image processor"],
    ["image token", imageTokenId, tokenizer.special.image, "the tokenizer"],
  ];
  for (const [what, own, other, file] of pairs) {
    if (own === other) continue;
    throw new LabError(`the ${what} is ${own} in config.json and ${other} in ${file}`, "Use files of one checkpoint.", {
      subject: companions,
    });
  }
}

/** Indices by prompt, then by length of the completion, so that a run pads little and shares its prompts. */
function byLength(sequences: readonly ScoredSequence[]): number[] {
  const firstUse = new Map<unknown, number>();
  sequences.forEach(({ prompt }, index) => firstUse.set(prompt, firstUse.get(prompt) ?? index));
  return sequences
    .map((sequence, index) => ({ ...sequence, index }))
    .sort(
      (a, b) =>
        a.prompt.ids.length - b.prompt.ids.length ||
        (firstUse.get(a.prompt) ?? 0) - (firstUse.get(b.prompt) ?? 0) ||
        a.completion.length - b.completion.length,
    )
    .map(({ index }) => index);
}

function scoringBytes(rows: readonly number[], sequences: readonly ScoredSequence[], config: QwenConfig): number {
  const members = rows.map((index) => sequences[index] as ScoredSequence);
  const width = Math.max(...members.map(({ completion }) => completion.length));
  const tokens = Math.max(...members.map(({ prompt }) => prompt.ids.length)) + width;
  return passBytes(rows.length, tokens, rows.length * width, config);
}
