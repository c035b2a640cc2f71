import { defineExperiment } from "../lab/experiment";
import { cotSft, dapo, labelSft, rl } from "../lab/recipe";
import {
  accuracyBars,
  chainLayout,
  closedNote,
  rlCurves,
  sftCurves,
  STANDARD_COLUMNS,
  STANDARD_NOTE,
} from "../report/standard";

/** The main job: CoT SFT → TAPO, beside the base, SFT on names, DAPO and the SigLIP-style encoder. */
export const quickstart = defineExperiment({
  id: "quickstart",
  title: "Quickstart",
  claim: "CoT SFT and then TAPO recognise unseen classes better than CoT SFT, than DAPO and than the base",
  methods(recipe) {
    const { base, encoder, profile } = recipe;
    const start = cotSft(recipe);
    const onTop = (short: string) => ({ short, title: `CoT SFT + ${short}` });
    return [
      { name: "base", title: "Base, direct", model: base, thinking: false },
      { name: "base-think", title: "Base, thinking", model: base, thinking: true },
      { name: "sft-labels", title: "SFT on labels", model: labelSft(recipe), thinking: false },
      { name: "cot-sft", title: "CoT SFT", model: start, thinking: true },
      { ...onTop("DAPO"), name: "dapo", model: rl(recipe, start, dapo(profile.rl), "dapo"), thinking: true },
      { ...onTop("TAPO"), name: "tapo", model: rl(recipe, start, {}, "tapo"), thinking: true },
      { name: "siglip", title: "SigLIP-style encoder", model: encoder, thinking: false },
    ];
  },
  usual: ["cot-sft", "tapo"],
  ask: ["closed", "open"],
  metrics: [
    "accuracy",
    "choice",
    "similarity",
    "exact",
    "wellFormed",
    "seenNames",
    "nested",
    "wrongCounted",
    "differ",
    "chains",
  ],
  compare: [
    ["dapo", "cot-sft"],
    ["tapo", "cot-sft"],
    ["tapo", "dapo"],
  ],
  tables: [
    {
      name: "table",
      layout: () => ({
        caption: "Quickstart: recognition, accuracy in %",
        columns: STANDARD_COLUMNS,
        notes: [STANDARD_NOTE],
      }),
      notes: closedNote,
    },
    { name: "chain-errors", layout: chainLayout },
  ],
  figures: [
    { name: "open-world", draw: (results) => accuracyBars(results, "open") },
    { name: "closed-world", draw: (results) => accuracyBars(results, "closed") },
    { name: "sft-curves", draw: sftCurves },
    { name: "rl-curves", draw: rlCurves },
  ],
});
