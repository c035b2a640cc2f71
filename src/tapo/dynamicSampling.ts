import { LabError } from "../core/errors";
import type { GroupFilter, TapoOptions } from "./options";

/**
 * Whether a group of rollouts can teach anything: Eq. 4's constraint 0 < correct < n₁ + n₂ ("paper"), or the
 * release's mean accuracy in (0.01, 0.99) ("released"); the two differ only for groups of 100 and more.
 * @param accuracies 1 or 0, one per rollout of the group
 */
export function isInformative(accuracies: readonly number[], filter: GroupFilter = "paper"): boolean {
  const correct = accuracies.reduce((sum, accuracy) => sum + accuracy, 0);
  if (filter === "paper") return correct > 0 && correct < accuracies.length;
  const mean = correct / accuracies.length;
  return mean > 0.01 && mean < 0.99;
}

export interface SamplingState {
  /** Informative groups found so far. */
  readonly informative: number;
  /** Groups that a step is due. */
  readonly wanted: number;
  /** How often the batch was topped up already. */
  readonly resamples: number;
}

/** "update": train on the groups found; "resample": draw further prompts; "skip": leave this step out. */
export type SamplingMove = "update" | "resample" | "skip";

/**
 * What dynamic sampling does next: top up until the step has its groups, at most `maxResample` times; then train on
 * the groups found, fewer than wanted if need be, and on none at all leave the step out.
 * @throws LabError instead of a skipped step with `whenExhausted: "error"`
 */
export function nextMove(
  state: SamplingState,
  options: Pick<TapoOptions, "maxResample" | "whenExhausted">,
): SamplingMove {
  if (state.informative >= state.wanted) return "update";
  if (state.resamples < options.maxResample) return "resample";
  if (state.informative > 0) return "update";
  if (options.whenExhausted === "skip") return "skip";
  throw new LabError(
    `after ${state.resamples} retries every group was answered all right or all wrong`,
    "The model has nothing to learn from these prompts: use harder or easier ones, or raise the temperature.",
  );
}
