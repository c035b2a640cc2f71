import { defineExperiment } from "../lab/experiment";
import { ablation, cotSft, objective } from "../lab/recipe";
import type { RlProfile } from "../lab/profile";
import { accuracyBars, only, rlCurves, standardTable } from "../report/standard";

/**
 * The rows that differ from TAPO in a reading, and make as many updates. The estimator last, which a run's closing sentence tells: it decides
 * most what a term weighs (`shares`).
 */
const ONE_UPDATE = ["condition", "gradient", "entropies", "mean", "estimator"] as const;

/**
 * Where the paper and its release differ (docs/paper-index.md, numbers in brackets): does it matter? TAPO with one option at a time read
 * the other way than the profile reads it.
 */
export const options = defineExperiment({
  id: "options",
  title: "Readings of the paper",
  claim: "Beyond the paper: where its text and its release differ, the reading does not decide whether TAPO works",
  methods(recipe) {
    const { rl: own } = recipe.profile;
    const { objective: terms } = own;
    const row = ablation(recipe, cotSft(recipe));
    const condition = own.updateCondition === "anchor" ? "rolloutImage" : "anchor";
    const klEstimator = terms.klEstimator === "paper" ? "released" : "paper";
    const entropies = terms.entropies === "raised" ? "lowered" : "raised";
    const tokenMean = terms.tokenMean === "batch" ? "microBatch" : "batch";
    const negativeGradient = !terms.negativeGradient;
    const updates = severalUpdates(own);
    return [
      row("tapo", "TAPO"),
      row("condition", `[1] updated under the ${condition === "anchor" ? condition : "image that made it"}`, {
        updateCondition: condition,
      }),
      row(
        "estimator",
        `[2] KL as ${klEstimator === "paper" ? "printed" : klEstimator}`,
        objective(own, { klEstimator }),
      ),
      row(
        "gradient",
        `[3] π_neg ${negativeGradient ? "learns, too" : "is constant"}`,
        objective(own, { negativeGradient }),
      ),
      row("entropies", `[4] entropies ${entropies}`, objective(own, { entropies })),
      row("mean", `[6] token mean: ${tokenMean}`, objective(own, { tokenMean })),
      // with one update per batch every ratio is 1, and no clip acts
      row("updates", "TAPO, several updates per batch", updates),
      row("dual", "[10] the same without dual clip", { ...updates, ...objective(own, { clipDual: null }) }),
    ];
  },
  ask: ["closed", "open"],
  metrics: ["accuracy", "similarity", "wellFormed", "seenNames"],
  compare: [["dual", "updates"], ["updates", "tapo"], ...ONE_UPDATE.map((name) => [name, "tapo"] as const)],
  tables: [
    standardTable("Readings of the paper, accuracy in %", {
      notes: [
        "Numbers in brackets: docs/paper-index.md. A row differs from TAPO in the option that it names; the dual clip from the row above it, since it cannot act where the policy has not moved since the rollouts.",
      ],
    }),
  ],
  figures: [
    { name: "open-world", draw: (results) => accuracyBars(results, "open") },
    { name: "rl-curves", draw: (results) => rlCurves(only(results, ["tapo", ...ONE_UPDATE])) },
  ],
});

/** Two updates of half the prompts from each batch of rollouts, where they can be halved; the paper has three (384 prompts, 128 each). */
function severalUpdates({ promptsPerRollout }: RlProfile): Pick<RlProfile, "promptsPerUpdate"> {
  return { promptsPerUpdate: promptsPerRollout % 2 === 0 ? promptsPerRollout / 2 : promptsPerRollout };
}
