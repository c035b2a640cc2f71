import * as tf from "@tensorflow/tfjs-core";
import { settled } from "../../core/backend";
import { requireWithin } from "../../core/limits";
import { Random } from "../../core/random";
import type { LinearWeights } from "../tensor/linear";
import type { NormWeights } from "../tensor/norm";
import type { QwenConfig } from "./config";

/** Standard deviation of fresh weights: transformers' `initializer_range`. */
const INITIAL_DEVIATION = 0.02;

/**
 * Published names and shapes of all weights, in the order of the model: what every loader asks for before it allocates.
 * @param subject where the config stands, for the error
 * @throws LabError when they are more numbers than the bound allows
 */
export function weightShapes(config: QwenConfig, subject = "config.json"): Map<string, readonly number[]> {
  const shapes = shapesOf(config);
  const numbers = [...shapes.values()].reduce((total, shape) => total + sizeOf(shape), 0);
  requireWithin("FINE_R1_MAX_PARAMETERS", numbers, `its config asks for ${numbers} weights`, subject);
  return shapes;
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

function shapesOf(config: QwenConfig): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  addVision(shapes, config);
  const {
    hiddenSize: d,
    intermediateSize,
    heads,
    kvHeads,
    headDim,
    vocabSize,
    layers,
    tieWordEmbeddings,
  } = config.text;
  shapes.set("model.embed_tokens.weight", [vocabSize, d]);
  for (let layer = 0; layer < layers; layer++) {
    const at = `model.layers.${layer}`;
    for (const [name, width] of [
      ["q", heads * headDim],
      ["k", kvHeads * headDim],
      ["v", kvHeads * headDim],
    ] as const) {
      addLinear(shapes, `${at}.self_attn.${name}_proj`, width, d, true);
    }
    addLinear(shapes, `${at}.self_attn.o_proj`, d, heads * headDim, false);
    addLinear(shapes, `${at}.mlp.gate_proj`, intermediateSize, d, false);
    addLinear(shapes, `${at}.mlp.up_proj`, intermediateSize, d, false);
    addLinear(shapes, `${at}.mlp.down_proj`, d, intermediateSize, false);
    shapes.set(`${at}.input_layernorm.weight`, [d]);
    shapes.set(`${at}.post_attention_layernorm.weight`, [d]);
  }
  shapes.set("model.norm.weight", [d]);
  if (!tieWordEmbeddings) shapes.set("lm_head.weight", [vocabSize, d]);
  return shapes;
}

function addVision(shapes: Map<string, readonly number[]>, { vision, kind }: QwenConfig): void {
  const { embedDim: d, mlpWidth, patchSize, temporalPatchSize, inChannels, spatialMergeSize, outHiddenSize } = vision;
  const gated = kind === "qwen2_5_vl";
  const addNorm = (name: string): void => {
    shapes.set(`${name}.weight`, [d]);
    if (!gated) shapes.set(`${name}.bias`, [d]);
  };
  shapes.set("visual.patch_embed.proj.weight", [d, inChannels, temporalPatchSize, patchSize, patchSize]);
  for (let block = 0; block < vision.depth; block++) {
    const at = `visual.blocks.${block}`;
    addNorm(`${at}.norm1`);
    addNorm(`${at}.norm2`);
    addLinear(shapes, `${at}.attn.qkv`, 3 * d, d, true);
    addLinear(shapes, `${at}.attn.proj`, d, d, true);
    for (const name of gated ? ["gate_proj", "up_proj"] : ["fc1"])
      addLinear(shapes, `${at}.mlp.${name}`, mlpWidth, d, true);
    addLinear(shapes, `${at}.mlp.${gated ? "down_proj" : "fc2"}`, d, mlpWidth, true);
  }
  const merged = d * spatialMergeSize ** 2;
  addNorm("visual.merger.ln_q");
  addLinear(shapes, "visual.merger.mlp.0", merged, merged, true);
  addLinear(shapes, "visual.merger.mlp.2", outHiddenSize, merged, true);
}

function addLinear(
  shapes: Map<string, readonly number[]>,
  name: string,
  out: number,
  input: number,
  bias: boolean,
): void {
  shapes.set(`${name}.weight`, [out, input]);
  if (bias) shapes.set(`${name}.bias`, [out]);
}

/**
 * Fresh values as transformers draws them: matrices normal (with deviation 0.02 there), biases 0, norm weights 1. Each weight
 * has a stream of its own, so its values depend on the seed, its name and its shape alone.
 */
export function initialValues(
  name: string,
  shape: readonly number[],
  seed: number,
  deviation = INITIAL_DEVIATION,
): Float32Array {
  const values = new Float32Array(shape.reduce((product, side) => product * side, 1));
  if (name.endsWith(".bias")) return values;
  if (shape.length === 1) return values.fill(1);
  const random = new Random(seed).fork(name);
  for (let i = 0; i < values.length; i++) values[i] = random.normal(0, deviation);
  return values;
}

/**
 * Variables under their published names; their own `name`s are numbers, since those are unique in a process. Where the source fails, those
 * made before are freed.
 */
export function makeVariables(
  weights: Iterable<{ readonly name: string; readonly shape: readonly number[]; readonly data: Float32Array }>,
): Map<string, tf.Variable> {
  const variables = new Map<string, tf.Variable>();
  try {
    for (const { name, shape, data } of weights) {
      const value = settled(tf.tensor(data, [...shape]));
      const variable = tf.variable(value);
      value.dispose();
      variables.set(name, variable);
    }
    return variables;
  } catch (error) {
    tf.dispose([...variables.values()]);
    throw error;
  }
}

/** Looks weights up by name, as the blocks want them. */
export class WeightReader {
  constructor(private readonly parameters: ReadonlyMap<string, tf.Variable>) {}

  get(name: string): tf.Variable {
    const found = this.parameters.get(name);
    if (found === undefined) throw new RangeError(`no weight "${name}"`);
    return found;
  }

  /** `<name>.weight`, and `<name>.bias` where there is one. */
  linear(name: string): LinearWeights {
    const weight = this.get(`${name}.weight`);
    const bias = this.parameters.get(`${name}.bias`);
    return bias === undefined ? { weight } : { weight, bias };
  }

  norm(name: string): NormWeights {
    return this.linear(name);
  }
}
