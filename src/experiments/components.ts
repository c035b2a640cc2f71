import { defineExperiment } from "../lab/experiment";
import { ablation, anchorOnly, cotSft, matched, withoutNegative } from "../lab/recipe";
import { baseRow, baseThinkingRow, cotSftRow, dapoRow } from "../lab/rows";
import { accuracyBars, rlCurves, SIMILARITY_OF_BOTH, similarityPoints, standardTable } from "../report/standard";
import { claimsOf } from "./claims";

/** Fig. 3c: what each part of the training adds. */
export const components = defineExperiment({
  id: "components",
  title: "Key components",
  claim:
    "CoT SFT adds 13.30 points of SS_rel, DAPO another 1.60; intra-class and inter-class augmentation each do more than DAPO, and both together most, 67.32 % (§5.3, Fig. 3c)",
  claims: claimsOf("components"),
  published: [
    {
      table: "figure3c",
      over: "base",
      rows: {
        base: "Zero-shot",
        "cot-sft": "CoT SFT",
        dapo: "CoT SFT + DAPO",
        intra: "CoT SFT + DAPO + intra-class",
        inter: "CoT SFT + DAPO + inter-class",
        tapo: "CoT SFT + TAPO",
      },
    },
  ],
  seeds: 10, // the differences between its rows are small
  methods(recipe) {
    const { profile } = recipe;
    const start = cotSft(recipe);
    const row = ablation(recipe, start);
    const onTop = (name: string, short: string, changes?: Parameters<typeof row>[2]) => ({
      ...row(name, `CoT SFT + ${short}`, changes),
      short,
    });
    return [
      baseRow(recipe),
      baseThinkingRow(recipe),
      cotSftRow(recipe),
      dapoRow(recipe),
      onTop("intra", "DAPO, intra-class", withoutNegative(profile.rl)), // n₁ and n₂ of TAPO, and no other term
      onTop("inter", "DAPO, inter-class", anchorOnly(profile.rl)), // every term of TAPO, and rollouts of the anchor alone
      onTop("tapo", "both (TAPO)"),
      onTop("tapo-matched", "both, matched weights", matched(recipe, start)),
    ];
  },
  ask: ["closed", "open"],
  metrics: ["accuracy", "similarity", "wellFormed", "seenNames"],
  compare: [
    ["cot-sft", "base"],
    ["dapo", "cot-sft"],
    ["intra", "dapo"],
    ["inter", "dapo"],
    ["tapo-matched", "dapo"],
    ["tapo", "intra"],
    ["tapo", "inter"],
    ["tapo", "dapo"],
  ],
  about: {
    ...{ setting: "open", metric: "similarity", split: "all", domain: "mean" },
    words: "in SS_rel, open world",
  },
  tables: [
    standardTable("Key components, accuracy in %", {
      more: [SIMILARITY_OF_BOTH],
      notes: [
        "Intra-class: rollouts of anchor and positive. Inter-class: the KL to the negative with its two entropies. Matched weights: instead of the release's, those of the profile, at which all terms are alike in size (in `mini` 0.3 times those at which each has a gradient as long as the policy's, by docs/mini-world.md); where it names none, the KL's alone, whole.",
      ],
    }),
  ],
  figures: [
    { name: "similarity", draw: similarityPoints },
    { name: "open-world", draw: (results) => accuracyBars(results, "open") },
    { name: "rl-curves", draw: rlCurves },
  ],
});
