import { defineExperiment, type Method } from "../lab/experiment";
import { cotSft, dapo, rl } from "../lab/recipe";
import { accuracyBars, rlCurves, SIMILARITY_OF_BOTH, similarityBars, standardTable } from "../report/standard";
import { claimsOf } from "./claims";

/** Table 3c: the same training from a base of another architecture. */
export const crossModel = defineExperiment({
  id: "cross-model",
  title: "Cross-model evaluation",
  claim: "TAPO is ahead of DAPO from Qwen2-VL-2B too: zero-shot 48.84, CoT SFT + DAPO 62.32, + TAPO 64.65 (Table 3c)",
  claims: claimsOf("cross-model"),
  // no `published`: the paper does not say what the averages of Table 3c are of
  models: ["qwen2"],
  methods(recipe): Method[] {
    const { profile, models } = recipe;
    const { qwen2 } = models;
    if (qwen2 === undefined) return [];
    const start = cotSft(recipe, qwen2, "qwen2-cot-sft");
    const onTop = (short: string) => ({ short, title: `CoT SFT + ${short}`, thinking: true });
    return [
      { name: "qwen2", title: "Zero-shot", model: qwen2, thinking: false },
      { ...onTop("DAPO"), name: "qwen2-dapo", model: rl(recipe, start, dapo(profile.rl), "qwen2-dapo") },
      { ...onTop("TAPO"), name: "qwen2-tapo", model: rl(recipe, start, {}, "qwen2-tapo") },
    ];
  },
  ask: ["closed", "open"],
  metrics: ["accuracy", "similarity", "wellFormed"],
  compare: [
    ["qwen2-dapo", "qwen2"],
    ["qwen2-tapo", "qwen2"],
    ["qwen2-tapo", "qwen2-dapo"],
  ],
  about: {
    ...{ setting: "open", metric: "similarity", split: "all", domain: "mean" },
    words: "in SS_rel, open world",
  },
  tables: [standardTable("Qwen2-VL architecture, accuracy in %", { more: [SIMILARITY_OF_BOTH] })],
  figures: [
    { name: "similarity", draw: similarityBars },
    { name: "open-world", draw: (results) => accuracyBars(results, "open") },
    { name: "rl-curves", draw: rlCurves },
  ],
});
