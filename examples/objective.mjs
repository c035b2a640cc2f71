// TAPO's objective (Eq. 4) on numbers small enough to follow: four rollouts of one question, three tokens each.
//
//   node examples/objective.mjs
import { loadBackend, tapo, tf } from "../dist/index.js";

await loadBackend();

// Two answers were right. Advantages are rewards, centred and scaled within their group; here all four are of one question.
const advantages = tf.tensor1d(tapo.groupAdvantages([1, 0, 1, 0], ["q", "q", "q", "q"]));

// log π of every token: under the policy that sampled it, and before a picture of another class, where it is less likely.
/** @type {[number, number]} */
const shape = [4, 3];
const oldLogProbs = tf.tensor2d([-0.9, -0.5, -0.1, -1.2, -0.4, -0.3, -0.7, -0.6, -0.2, -1.0, -0.8, -0.5], shape);
const negativeLogProbs = tf.tensor2d(
  oldLogProbs.dataSync().map((logProb) => logProb - 0.4),
  shape,
);
const mask = tf.tensor2d([1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1], shape); // the third answer has two tokens
const input = { oldLogProbs, negativeLogProbs, advantages, mask };

// At the first update the policy is still the one that sampled. The output's two tensors outlive the tidy.
const { loss, figures } = tf.tidy(() => tapo.tapoObjective({ ...input, logProbs: oldLogProbs }, tapo.TAPO));
console.log(tapo.readFigures(figures));

// Downhill, tokens of right answers become likelier, those of wrong ones less so; what is masked out does not move. The
// clone makes π_θ a tensor of its own: the gradient must not flow into π_old as well.
const descent = tf.tidy(() => {
  const gradient = tf.grad(
    (logProbs) => tapo.tapoObjective({ ...input, logProbs: tf.reshape(logProbs, shape) }, tapo.TAPO).loss,
  );
  return tf.neg(gradient(tf.clone(oldLogProbs))).arraySync();
});
console.log("−∂loss/∂log π, a row for each rollout:");
console.log(descent);
tf.dispose([loss, figures, ...Object.values(input)]);
