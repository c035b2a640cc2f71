import { LabError } from "../core/errors";

/**
 * Â of Eq. 4, one per rollout: (r − mean) / (std + ε) over all n₁ + n₂ rollouts of its group, std with ddof 1, as the
 * release computes it (`compute_dapo_outcome_advantage`). A group whose rewards are all alike gets zeros.
 *
 * @param rewards r, one per rollout, [N]
 * @param groups the group (prompt) of each rollout, [N]
 * @returns [N], in the order of the rollouts
 * @throws LabError when a group has one rollout only: it has no spread
 */
export function groupAdvantages(
  rewards: readonly number[],
  groups: readonly (string | number)[],
  eps = 1e-6,
): Float32Array {
  if (rewards.length !== groups.length) {
    throw new RangeError(`groupAdvantages: ${rewards.length} rewards but ${groups.length} groups`);
  }
  const members = new Map<string | number, number[]>();
  groups.forEach((group, i) => {
    const list = members.get(group);
    if (list === undefined) members.set(group, [i]);
    else list.push(i);
  });
  const out = new Float32Array(rewards.length);
  for (const [group, indices] of members) {
    const { mean, std } = spread(indices.map((i) => rewards[i] as number));
    if (Number.isNaN(std)) {
      throw new LabError(
        "a group with one rollout has no advantage",
        "Draw at least two rollouts per prompt (n1 + n2 ≥ 2), and keep a group together.",
        { subject: `group ${group}` },
      );
    }
    for (const i of indices) out[i] = ((rewards[i] as number) - mean) / (std + eps);
  }
  return out;
}

/** Mean and standard deviation (ddof 1, NaN for one value). Equal values have a standard deviation of exactly 0. */
function spread(values: readonly number[]): { mean: number; std: number } {
  const first = values[0] as number;
  if (values.length > 1 && values.every((v) => v === first)) return { mean: first, std: 0 };
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const squares = values.reduce((a, v) => a + (v - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / (values.length - 1)) };
}
