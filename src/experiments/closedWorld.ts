import { CLOSED_ACCURACY } from "../eval/measurements";
import { defineExperiment } from "../lab/experiment";
import {
  encoderRows,
  furtherRows,
  modelRows,
  OWN_BASES,
  PRINTED_ENCODER_ROWS,
  PRINTED_MODELS,
  PRINTED_ROWS,
} from "../lab/rows";
import { accuracyBars, byDomain, closedNote } from "../report/standard";
import { claimsOf } from "./claims";

/** Table 1: encoders, bases asked directly and Fine-R1 at two sizes, choosing among four candidates. */
export const closedWorld = defineExperiment({
  id: "closed-world",
  title: "Closed world",
  claim:
    "Fine-R1, trained on open questions alone, is ahead of bases of its size (+7.73 points on seen classes, 7B) and of SigLIP-L (+3.38 seen, +5.16 unseen) (Table 1)",
  claims: claimsOf("closed-world"),
  published: [
    {
      table: "table1",
      over: OWN_BASES,
      rows: { ...PRINTED_MODELS, ...PRINTED_ROWS, ...PRINTED_ENCODER_ROWS, siglip: "SigLIP-L", clip: "CLIP-L" },
    },
  ],
  models: ["clip", "qwen2", "larger"],
  methods: (recipe) => [...encoderRows(recipe), ...modelRows(recipe), ...furtherRows(recipe, { encoders: true })],
  ask: ["closed"],
  metrics: ["accuracy", "choice", "nested", "wrongCounted", "differ"],
  compare: [
    ["larger", "base"],
    ["larger-tapo", "larger"],
    ["larger-tapo", "siglip"],
    ["larger-tapo", "tapo"],
    ["tapo", "siglip"],
    ["tapo", "base"], // last: what the headline tells
  ],
  tables: [
    {
      name: "table",
      layout: () => ({
        caption: "Closed world: accuracy in %",
        columns: [{ ...CLOSED_ACCURACY, group: "Accuracy", splits: ["seen", "unseen", "all"], key: "closed" }],
        notes: [
          "Four options in shuffled order, one template for the encoders. Mean over the domains, one seed, 95 % intervals over test items; all: the mean of seen and unseen.",
        ],
      }),
      notes: closedNote,
    },
    {
      name: "domains",
      paper: false,
      layout: (dataset) => ({
        caption: "Closed world by domain: accuracy in %",
        columns: byDomain(dataset, CLOSED_ACCURACY),
      }),
    },
  ],
  figures: [{ name: "closed-world", draw: (results) => accuracyBars(results, "closed") }],
});
