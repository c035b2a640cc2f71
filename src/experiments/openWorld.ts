import { SS_RELATIVE, TEXT_INCLUSION } from "../eval/measurements";
import { defineExperiment } from "../lab/experiment";
import { furtherRows, modelRows, OWN_BASES, PRINTED_MODELS, PRINTED_ROWS } from "../lab/rows";
import { accuracyBars, byDomain, similarityBars } from "../report/standard";
import { claimsOf } from "./claims";

/** Tables 2 and 6: the bases and Fine-R1 at two sizes, naming what they see. Encoders only choose, and have no row. */
export const openWorld = defineExperiment({
  id: "open-world",
  title: "Open world",
  claim:
    "Fine-R1 names classes far better than the bases, unseen ones too: SS_rel 50.91 → 67.32 (3B), 51.05 → 74.80 (7B) (Table 2; text inclusion: Table 6)",
  claims: claimsOf("open-world"),
  published: (["table2", "table6"] as const).map((table) => ({
    table,
    over: OWN_BASES,
    rows: { ...PRINTED_MODELS, ...PRINTED_ROWS },
  })),
  models: ["qwen2", "larger"],
  methods: (recipe) => [...modelRows(recipe), ...furtherRows(recipe)],
  ask: ["open"],
  metrics: ["accuracy", "similarity", "exact", "wellFormed"],
  compare: [
    ["larger", "base"],
    ["larger-tapo", "larger"],
    ["larger-tapo", "tapo"],
    ["tapo", "base"], // last: what the headline tells
  ],
  tables: [
    {
      name: "table",
      layout: () => ({
        caption: "Open world: SS_rel and text inclusion in %",
        columns: [
          { ...SS_RELATIVE, group: "SS_rel", splits: ["seen", "unseen", "all"], key: "similarity" },
          { ...TEXT_INCLUSION, group: "Text inclusion", splits: ["seen", "unseen", "all"], key: "open" },
        ],
        notes: [
          "SS_rel: relative semantic similarity (Eq. 5). Text inclusion: the true name stands in the answer. Mean over the domains, one seed, 95 % intervals over test items; all: the mean of seen and unseen.",
        ],
      }),
    },
    {
      name: "similarity-domains",
      paper: false,
      layout: (dataset) => ({
        caption: "Open world by domain: SS_rel in %",
        columns: byDomain(dataset, SS_RELATIVE),
      }),
    },
    {
      name: "inclusion-domains",
      paper: false,
      layout: (dataset) => ({
        caption: "Open world by domain: text inclusion in %",
        columns: byDomain(dataset, TEXT_INCLUSION),
      }),
    },
  ],
  figures: [
    { name: "similarity", draw: similarityBars },
    { name: "open-world", draw: (results) => accuracyBars(results, "open") },
  ],
});
