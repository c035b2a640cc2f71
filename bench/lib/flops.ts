import type { QwenConfig, QwenTextConfig, QwenVisionConfig } from "../../src/model/qwen/config";

/** Rows of a batch: `prompts` of them, each with an image of `gridHeight` × `gridWidth` patches, and as many answers to each. */
export interface BatchShape {
  readonly gridHeight: number;
  readonly gridWidth: number;
  readonly prompts: number;
  readonly rowsPerPrompt: number;
  /** Tokens of a prompt, those of the image included. */
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/**
 * Floating-point operations of the matrix products that a forward pass needs: 2·m·n·k for each product. What the answers to a prompt
 * share, its image and its tokens but the last, counts once. Attention counts the pairs that the mask lets through (causal in the
 * language model, per window in the tower) and the head counts answer tokens only. Norms, activations, rotary positions, softmax and
 * the embedding look-up are left out, so that the figure is a lower bound of the work.
 */
export function forwardFlops(config: QwenConfig, batch: BatchShape): number {
  return batch.prompts * towerFlops(config, batch.gridHeight, batch.gridWidth) + languageFlops(config.text, batch);
}

/**
 * A forward and a backward pass over what learns: each of its products has two of its size in the backward pass.
 * @param tower whether it learns, too; a frozen one has a forward pass only
 */
export function trainFlops(config: QwenConfig, batch: BatchShape, tower: boolean): number {
  const vision = batch.prompts * towerFlops(config, batch.gridHeight, batch.gridWidth);
  return (tower ? 3 : 1) * vision + 3 * languageFlops(config.text, batch);
}

function towerFlops(config: QwenConfig, gridHeight: number, gridWidth: number): number {
  const { vision } = config;
  const patches = gridHeight * gridWidth;
  const width = vision.embedDim;
  const gates = config.kind === "qwen2_5_vl" ? 3 : 2;
  const perBlock = 2 * patches * (4 * width * width + gates * width * vision.mlpWidth);
  const embedding = 2 * patches * vision.inChannels * vision.temporalPatchSize * vision.patchSize ** 2 * width;
  let pairs = 0;
  for (let block = 0; block < vision.depth; block++) {
    pairs += vision.fullAttentionBlocks.includes(block) ? patches ** 2 : windowPairs(vision, gridHeight, gridWidth);
  }
  const wide = width * vision.spatialMergeSize ** 2;
  const merger = 2 * (patches / vision.spatialMergeSize ** 2) * (wide * wide + wide * vision.outHiddenSize);
  return embedding + vision.depth * perBlock + 4 * width * pairs + merger;
}

/** Pairs of patches within one window, summed over the windows; those at the right and lower edge may be smaller. */
function windowPairs(vision: QwenVisionConfig, gridHeight: number, gridWidth: number): number {
  const side = Math.floor(vision.windowSize / vision.patchSize / vision.spatialMergeSize) * vision.spatialMergeSize;
  const pieces = (length: number): number[] =>
    Array.from({ length: Math.ceil(length / side) }, (_, i) => Math.min(side, length - i * side));
  const squares = (length: number): number => pieces(length).reduce((total, piece) => total + piece ** 2, 0);
  return squares(gridHeight) * squares(gridWidth);
}

function languageFlops(text: QwenTextConfig, batch: BatchShape): number {
  const { prompts, rowsPerPrompt, promptTokens, completionTokens } = batch;
  const rows = prompts * rowsPerPrompt;
  const shared = promptTokens - 1; // the last one is fed with each answer
  const tokens = prompts * shared + rows * completionTokens;
  const causal = (n: number): number => (n * (n + 1)) / 2;
  const pairs = prompts * causal(shared) + rows * (completionTokens * shared + causal(completionTokens));
  const width = text.hiddenSize;
  const projections = 2 * width * width + 2 * width * text.kvHeads * text.headDim;
  const perLayer = 2 * tokens * (projections + 3 * width * text.intermediateSize);
  const head = 2 * rows * completionTokens * width * text.vocabSize;
  return text.layers * (perLayer + 4 * width * pairs) + head;
}
