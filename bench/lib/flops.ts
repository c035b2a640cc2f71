import type { QwenConfig, QwenTextConfig, QwenVisionConfig } from "../../src/model/qwen/config";

/** One row of a training batch: an image of `gridHeight` × `gridWidth` patches, the prompt it stands in, an answer. */
export interface RowShape {
  readonly gridHeight: number;
  readonly gridWidth: number;
  /** Tokens of the prompt, those of the image included. */
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/**
 * Floating-point operations of the matrix products that one forward pass of a row needs: 2·m·n·k a product, each
 * row with an image and a prompt of its own. Attention counts the pairs that the mask lets through (causal in the
 * language model, per window in the tower) and the head counts answer tokens only. Norms, activations, rotary
 * positions, softmax and the embedding look-up are left out, so the figure is a lower bound of the work.
 */
export function forwardFlops(config: QwenConfig, row: RowShape): number {
  return towerFlops(config, row.gridHeight, row.gridWidth) + languageFlops(config.text, row);
}

/** A forward and a backward pass: each product of the forward pass has two of its size in the backward pass. */
export function trainFlops(config: QwenConfig, row: RowShape): number {
  return 3 * forwardFlops(config, row);
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

function languageFlops(text: QwenTextConfig, row: RowShape): number {
  const tokens = row.promptTokens + row.completionTokens;
  const width = text.hiddenSize;
  const projections = 2 * width * width + 2 * width * text.kvHeads * text.headDim;
  const perLayer = 2 * tokens * (projections + 3 * width * text.intermediateSize);
  const attention = 4 * width * ((tokens * (tokens + 1)) / 2);
  const head = 2 * row.completionTokens * width * text.vocabSize;
  return text.layers * (perLayer + attention) + head;
}
