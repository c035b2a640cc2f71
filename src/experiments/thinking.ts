import { defineExperiment } from "../lab/experiment";
import { cotSft, grpo, rl } from "../lab/recipe";
import { accuracyBars, rlCurves, STANDARD_COLUMNS, STANDARD_NOTE } from "../report/standard";

/** Rule-based RL straight from the base (Li et al., 2025), with and without a chain of thought, beside TAPO after CoT SFT. */
export const thinking = defineExperiment({
  id: "thinking",
  title: "RL with and without thinking",
  claim: "RL from the base helps (CLS-RL; No-Thinking RL), and less than TAPO after CoT SFT",
  methods(recipe) {
    const { base, profile } = recipe;
    const clsRl = rl(recipe, base, grpo(profile.rl), "cls-rl");
    const answersAlone = { ...grpo(profile.rl), thinking: false, formatWeight: 0 }; // the accuracy reward alone
    const noThinking = rl(recipe, base, answersAlone, "no-thinking-rl");
    return [
      { name: "base", title: "Base, direct", model: base, thinking: false },
      { name: "base-think", title: "Base, thinking", model: base, thinking: true },
      { name: "cls-rl", title: "CLS-RL", model: clsRl, thinking: true },
      { name: "no-thinking-rl", title: "No-Thinking RL", model: noThinking, thinking: false },
      {
        name: "tapo",
        title: "CoT SFT + TAPO",
        short: "TAPO",
        model: rl(recipe, cotSft(recipe), {}, "tapo"),
        thinking: true,
      },
    ];
  },
  ask: ["closed", "open"],
  metrics: ["accuracy", "similarity", "wellFormed"],
  compare: [
    ["cls-rl", "base-think"],
    ["no-thinking-rl", "base"],
    ["tapo", "cls-rl"],
  ],
  tables: [
    {
      name: "table",
      layout: () => ({
        caption: "RL with and without thinking, accuracy in %",
        columns: STANDARD_COLUMNS,
        notes: [STANDARD_NOTE],
      }),
    },
  ],
  figures: [
    { name: "open-world", draw: (results) => accuracyBars(results, "open") },
    { name: "rl-curves", draw: rlCurves },
  ],
});
