import { defineExperiment } from "../lab/experiment";
import { baseRow, baseThinkingRow, cotSftRow, dapoRow, labelSftRow, row, tapoRow } from "../lab/rows";
import {
  accuracyBars,
  chainLayout,
  closedNote,
  rlCurves,
  sftCurves,
  STANDARD_COLUMNS,
  standardNote,
} from "../report/standard";

/** The main job: CoT SFT → TAPO, beside the base, SFT on names, DAPO and the SigLIP-style encoder. */
export const quickstart = defineExperiment({
  id: "quickstart",
  title: "Quickstart",
  claim: "CoT SFT and then TAPO recognise unseen classes better than CoT SFT, than DAPO and than the base",
  methods: (recipe) => [
    baseRow(recipe),
    baseThinkingRow(recipe),
    labelSftRow(recipe),
    cotSftRow(recipe),
    dapoRow(recipe),
    tapoRow(recipe),
    ...row("siglip", "SigLIP-style encoder", recipe.encoder),
  ],
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
      layout: (dataset) => ({
        caption: "Quickstart: recognition, accuracy in %",
        columns: STANDARD_COLUMNS,
        notes: [standardNote(dataset)],
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
