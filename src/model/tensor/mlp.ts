import * as tf from "@tensorflow/tfjs-core";
import { ACTIVATIONS, type Activation } from "./activations";
import { differentiable, taping, type LazyGradients } from "./differentiable";
import { fused } from "./fused";
import { affineGradients, affineMap, type LinearWeights } from "./linear";
import { normBackward, normalise, scaleUnit, type NormGradients, type Normalised, type NormWeights } from "./norm";

/** A gated MLP (SwiGLU): down(silu(gate(x)) ∘ up(x)); or a plain one: down(act(up(x))), without a gate. */
export interface MlpWeights {
  readonly norm: NormWeights;
  readonly gate?: LinearWeights;
  readonly up: LinearWeights;
  readonly down: LinearWeights;
}

interface Block {
  readonly weights: MlpWeights;
  readonly activation: Activation;
  readonly epsilon: number;
}

/** What the forward pass leaves: x̂ and 1/σ, what is activated [M, F], its s (`ACTIVATIONS`), and up(x), where gated. */
interface Kept extends Normalised<tf.Tensor> {
  readonly acted: tf.Tensor;
  readonly s: tf.Tensor;
  readonly up: tf.Tensor;
}

const KEPT = ["unit", "inverse", "acted", "s", "up"] as const;

const forward = fused<Block & { x: tf.Tensor }, Kept & { y: tf.Tensor }>((o, { x, weights, activation, epsilon }) => {
  const kept = normalise(o, x, weights.norm, epsilon);
  const normed = scaleUnit(o, kept.unit, weights.norm);
  const up = affineMap(o, normed, weights.up);
  const acted = weights.gate === undefined ? up : affineMap(o, normed, weights.gate);
  const s = ACTIVATIONS[activation].inner(o, acted);
  const value = o.mul(acted, s);
  const hidden = weights.gate === undefined ? value : o.mul(value, up);
  return { y: o.add(affineMap(o, hidden, weights.down), x), ...kept, acted, s, up };
});

/** Gradients of the block's input and its norm, and what those of its maps are made of. */
interface Gradients extends NormGradients<tf.Tensor> {
  readonly normed: tf.Tensor;
  readonly hidden: tf.Tensor;
  readonly dUp: tf.Tensor;
  readonly dGate: tf.Tensor;
}

const backward = fused<Block & { dy: tf.Tensor; kept: Kept }, Gradients>((o, { dy, kept, weights, activation }) => {
  const { acted, s, up, unit } = kept;
  const dHidden = o.matMul(dy, weights.down.weight);
  const value = o.mul(acted, s);
  const slope = ACTIVATIONS[activation].slope(o, acted, s, value);
  const { gate } = weights;
  const dUp = o.mul(dHidden, gate ? value : slope);
  const dGate = gate ? o.mul(o.mul(dHidden, up), slope) : dUp;
  const throughUp = o.matMul(dUp, weights.up.weight);
  const dNormed = gate ? o.add(throughUp, o.matMul(dGate, gate.weight)) : throughUp;
  const { dx, ...norms } = normBackward(o, dNormed, kept, weights.norm);
  const hidden = gate ? o.mul(value, up) : value;
  return { dx: o.add(dx, dy), ...norms, normed: scaleUnit(o, unit, weights.norm), hidden, dUp, dGate };
});

/**
 * A pre-norm MLP block with its residual, x + mlp(norm(x)), as one node of the tape.
 * @param x [M, D]
 */
export function mlpBlock(x: tf.Tensor2D, weights: MlpWeights, activation: Activation, epsilon: number): tf.Tensor2D {
  const block = { weights, activation, epsilon };
  return differentiable({
    inputs: { weights, x },
    forward: () => {
      const { y, ...kept } = forward({ ...block, x }, taping() ? ["y", ...KEPT] : ["y"]);
      return { value: y as tf.Tensor2D, kept };
    },
    backward: (dy, kept) => gradients(dy, kept, block),
  });
}

function gradients(dy: tf.Tensor, kept: Kept, block: Block): LazyGradients {
  const made = backward({ ...block, dy, kept }, [
    ...(["dx", "dNorm", "dNormBias", "normed", "hidden", "dUp"] as const),
    ...(block.weights.gate === undefined ? [] : (["dGate"] as const)),
  ]);
  return {
    "weights.norm.weight": () => made.dNorm,
    "weights.norm.bias": () => made.dNormBias,
    ...affineGradients("weights.gate", made.dGate, made.normed),
    ...affineGradients("weights.up", made.dUp, made.normed),
    ...affineGradients("weights.down", dy, made.hidden),
    x: () => {
      tf.dispose([made.normed, made.hidden, made.dUp, made.dGate]);
      return made.dx;
    },
  };
}
