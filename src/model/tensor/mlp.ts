import * as tf from "@tensorflow/tfjs-core";
import { differentiable, type LazyGradients } from "./differentiable";
import { affineGradients, affineInputs, affineMap, type LinearWeights } from "./linear";
import { normBackward, normInputs, normWeightGradients, normalise, scaleUnit, type NormWeights } from "./norm";
import { ops } from "./ops";
import { ACTIVATIONS, type Activation } from "./activations";

/** A gated MLP (SwiGLU): down(silu(gate(x)) ∘ up(x)); or a plain one: down(act(up(x))), without a gate. */
export interface MlpWeights {
  readonly norm: NormWeights;
  readonly gate?: LinearWeights;
  readonly up: LinearWeights;
  readonly down: LinearWeights;
}

/**
 * A pre-norm MLP block with its residual, x + mlp(norm(x)), as one node of the tape.
 * @param x [M, D]
 */
export function mlpBlock(x: tf.Tensor2D, weights: MlpWeights, activation: Activation, epsilon: number): tf.Tensor2D {
  const { gate, up, down } = weights;
  const centred = weights.norm.bias !== undefined;
  return differentiable<tf.Tensor2D>({
    inputs: {
      ...normInputs(weights.norm),
      ...(gate === undefined ? {} : affineInputs("gate", gate)),
      ...affineInputs("up", up),
      ...affineInputs("down", down),
      x,
    },
    forward: (save) => {
      const o = ops();
      const kept = normalise(x, centred, epsilon);
      const normed = scaleUnit(kept.unit, weights.norm);
      const u = affineMap(normed, up.weight, up.bias);
      const acted = gate === undefined ? u : affineMap(normed, gate.weight, gate.bias);
      const s = ACTIVATIONS[activation].inner(acted);
      const silu = o.mul(acted, s);
      save(gate === undefined ? [kept.unit, kept.inverse, acted, s] : [kept.unit, kept.inverse, acted, s, u]);
      const hidden = gate === undefined ? silu : o.mul(silu, u);
      return o.add(affineMap(hidden, down.weight, down.bias), x) as tf.Tensor2D;
    },
    backward: ([dy], saved) => {
      if (dy === undefined) throw new Error("mlpBlock: no gradient");
      return gradients(dy, saved, weights, activation);
    },
  });
}

function gradients(dy: tf.Tensor, saved: tf.Tensor[], weights: MlpWeights, activation: Activation): LazyGradients {
  const [unit, inverse, acted, s, u] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor | undefined];
  const { gate, up, down } = weights;
  const o = ops();
  const shared = tf.tidy(() => {
    const dHidden = o.matMul(dy, down.weight);
    const value = o.mul(acted, s);
    const slope = ACTIVATIONS[activation].slope(acted, s, value);
    if (gate === undefined || u === undefined) {
      const dUp = o.mul(dHidden, slope);
      return { hidden: value, dUp, dGate: undefined, dNormed: o.matMul(dUp, up.weight) };
    }
    const dUp = o.mul(dHidden, value);
    const dActed = o.mul(dHidden, u);
    dHidden.dispose();
    const dGate = o.mul(dActed, slope);
    tf.dispose([dActed, slope]);
    const dNormed = o.add(o.matMul(dUp, up.weight), o.matMul(dGate, gate.weight));
    return { hidden: o.mul(value, u), dUp, dGate, dNormed };
  });
  const { dGate, dUp, dNormed, hidden } = shared;
  const normed = (): tf.Tensor => scaleUnit(unit, weights.norm);
  return {
    ...normWeightGradients(dNormed, unit),
    ...(dGate === undefined ? {} : affineGradients("gate", dGate, normed)),
    ...affineGradients("up", dUp, normed),
    ...affineGradients("down", dy, () => hidden),
    x: () => {
      const dx = normBackward(dNormed, { unit, inverse }, weights.norm.weight, weights.norm.bias !== undefined);
      const sum = o.add(dx, dy);
      tf.dispose([dNormed, dUp, hidden, ...(dGate === undefined ? [] : [dGate])]);
      return sum;
    },
  };
}
