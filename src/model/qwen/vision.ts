import * as tf from "@tensorflow/tfjs-core";
import { activate } from "../tensor/activations";
import { attentionBlock, type AttentionWeights } from "../tensor/attention";
import { linear, type LinearWeights } from "../tensor/linear";
import { mlpBlock, type MlpWeights } from "../tensor/mlp";
import { normLayer, type NormWeights } from "../tensor/norm";
import type { QwenConfig, VisionActivation } from "./config";
import type { VisionPlan } from "./visionPlan";
import type { WeightReader } from "./weights";

interface VisionBlock {
  readonly attention: AttentionWeights;
  readonly mlp: MlpWeights;
  readonly windowed: boolean;
}

/** The vision tower's weights, by their role. */
export interface VisionWeights {
  /** [D, C, T, p, p] */
  readonly patchEmbedding: tf.Variable;
  readonly blocks: readonly VisionBlock[];
  readonly merger: { readonly norm: NormWeights; readonly inner: LinearWeights; readonly outer: LinearWeights };
  readonly activation: VisionActivation;
  readonly mergeUnit: number;
}

/** ε of all norms of the tower, fixed in the reference's code. */
const EPSILON = 1e-6;

export function visionWeights(reader: WeightReader, { vision, kind }: QwenConfig): VisionWeights {
  const gated = kind === "qwen2_5_vl";
  return {
    patchEmbedding: reader.get("visual.patch_embed.proj.weight"),
    blocks: Array.from({ length: vision.depth }, (_, index) => {
      const at = `visual.blocks.${index}`;
      return {
        attention: {
          norm: reader.norm(`${at}.norm1`),
          projections: [reader.linear(`${at}.attn.qkv`)],
          output: reader.linear(`${at}.attn.proj`),
        },
        mlp: {
          norm: reader.norm(`${at}.norm2`),
          ...(gated ? { gate: reader.linear(`${at}.mlp.gate_proj`) } : {}),
          up: reader.linear(`${at}.mlp.${gated ? "up_proj" : "fc1"}`),
          down: reader.linear(`${at}.mlp.${gated ? "down_proj" : "fc2"}`),
        },
        windowed: gated && !vision.fullAttentionBlocks.includes(index),
      };
    }),
    merger: {
      norm: reader.norm("visual.merger.ln_q"),
      inner: reader.linear("visual.merger.mlp.0"),
      outer: reader.linear("visual.merger.mlp.2"),
    },
    activation: vision.hiddenAct,
    mergeUnit: vision.spatialMergeSize ** 2,
  };
}

/**
 * The tower without its merger.
 * @param pixels [P, C·T·p²] normalised patches in merge order
 * @returns [P, D] hidden patches
 */
function encodePatches(pixels: tf.Tensor2D, plan: VisionPlan, weights: VisionWeights): tf.Tensor2D {
  const kernel = tf.reshape(weights.patchEmbedding, [weights.patchEmbedding.shape[0], pixels.shape[1]]);
  return weights.blocks.reduce(
    (hidden, block) => {
      const geometry = (block.windowed ? plan.windowed : undefined) ?? plan.full;
      const attended = attentionBlock(hidden, block.attention, geometry, EPSILON);
      return mlpBlock(attended, block.mlp, weights.activation, EPSILON);
    },
    linear(pixels, { weight: kernel }),
  );
}

/**
 * Tower and merger.
 * @param pixels [P, C·T·p²] normalised patches of all images
 * @returns [K, D] embeddings of the merged patches, image by image, K = P / m²
 */
export function imageEmbeddings(pixels: tf.Tensor2D, plan: VisionPlan, weights: VisionWeights): tf.Tensor2D {
  const patches = normLayer(encodePatches(pixels, plan, weights), weights.merger.norm, EPSILON);
  const [count, width] = patches.shape;
  const groups = tf.reshape<tf.Rank.R2>(patches, [count / weights.mergeUnit, width * weights.mergeUnit]);
  return linear(activate(linear(groups, weights.merger.inner), "gelu"), weights.merger.outer);
}
