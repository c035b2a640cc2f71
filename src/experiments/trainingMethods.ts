import { defineExperiment } from "../lab/experiment";
import { grpo, rl } from "../lab/recipe";
import { baseRow, labelSftRow, tapoRow } from "../lab/rows";
import { accuracyBars, rlCurves, standardTable } from "../report/standard";
import { claimsOf } from "./claims";

/** Fig. 3a: SFT on names and rule-based RL straight from the base (Li et al., 2025), with and without a chain of thought, beside Fine-R1. */
export const trainingMethods = defineExperiment({
  id: "training-methods",
  title: "Training methods",
  claim:
    "SFT gains on seen classes (+3.98 points) and loses on unseen ones (−6.12); CLS-RL loses on both (−5.92, −0.81), No-Thinking RL gains less than SFT on seen (+3.43) and loses less on unseen ones (−0.58); CoT SFT + TAPO is ahead of SFT on seen (+7.56) and of No-Thinking RL on unseen classes (+10.05) (Fig. 3a)",
  claims: claimsOf("training-methods"),
  published: [
    {
      table: "figure3a",
      over: "base",
      rows: {
        base: "Zero-shot",
        "sft-labels": "SFT",
        "cls-rl": "CLS-RL",
        "no-thinking-rl": "No-Thinking-RL",
        tapo: "CoT SFT + TAPO",
      },
    },
  ],
  methods(recipe) {
    const { base, profile } = recipe;
    const clsRl = rl(recipe, base, grpo(profile.rl), "cls-rl");
    const answersAlone = { ...grpo(profile.rl), thinking: false, formatWeight: 0 }; // the accuracy reward alone
    const noThinking = rl(recipe, base, answersAlone, "no-thinking-rl");
    return [
      baseRow(recipe, "Zero-shot"),
      labelSftRow(recipe),
      { name: "cls-rl", title: "CLS-RL", model: clsRl, thinking: true },
      { name: "no-thinking-rl", title: "No-Thinking RL", model: noThinking, thinking: false },
      tapoRow(recipe),
    ];
  },
  ask: ["closed", "open"],
  metrics: ["accuracy", "similarity", "wellFormed"],
  compare: [
    ["sft-labels", "base"],
    ["cls-rl", "base"],
    ["no-thinking-rl", "base"],
    ["no-thinking-rl", "sft-labels"],
    ["tapo", "sft-labels"],
    ["cls-rl", "sft-labels"],
    ["tapo", "cls-rl"],
    ["tapo", "no-thinking-rl"],
  ],
  about: {
    ...{ setting: "closed", metric: "accuracy", split: "unseen", domain: "mean" },
    words: "on unseen classes, closed world",
  },
  tables: [standardTable("Training methods, accuracy in %")],
  figures: [
    { name: "closed-world", draw: (results) => accuracyBars(results, "closed") },
    { name: "open-world", draw: (results) => accuracyBars(results, "open") },
    { name: "rl-curves", draw: rlCurves },
  ],
});
