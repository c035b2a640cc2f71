import { pictureProbe, STATES, taxonomy } from "../lab/analyses";
import { defineExperiment } from "../lab/experiment";
import { trainingSteps } from "../lab/rows";
import { BASE, FINE_R1 } from "../report/published/printed";
import { claimsOf } from "./claims";

const SPLITS = ["seen", "unseen", "all"] as const;
const TEST = { show: "value", overSeeds: false } as const;
const KINSHIP = { group: "Similarity", setting: STATES, domain: "items", percent: false } as const;

/** Table 4 (§5.4): whether training changes what a model sees (H1) or knows (H2). */
export const knowledge = defineExperiment({
  id: "knowledge",
  title: "Visual cues and knowledge",
  claim:
    "Fine-R1 neither extracts better visual cues (H1: probe 84.26 → 85.00 %) nor knows more of taxonomy (H2: Δ 0.0088 → 0.0531, t = −0.3872, p = 0.6993; Table 4)",
  claims: claimsOf("knowledge"),
  published: [{ table: "table4", over: "base", rows: { base: BASE, tapo: FINE_R1 } }],
  methods: trainingSteps,
  ask: [],
  metrics: [],
  analyses: [pictureProbe, taxonomy],
  compare: [
    ["tapo", "cot-sft"],
    ["tapo", "dapo"],
    ["tapo", "base"],
  ],
  about: { setting: STATES, metric: "probeBest", split: "all", domain: "mean", words: "in a linear probe of pictures" },
  tables: [
    {
      name: "table",
      layout: () => ({
        caption: "Linear probing of pictures, and similarity within genera less that across them",
        columns: [
          { group: "Probe, best epoch", setting: STATES, metric: "probeBest", splits: SPLITS, key: "best" },
          { ...KINSHIP, metric: "kinship", title: "Δ", key: "delta" },
          { ...KINSHIP, metric: "kinshipT", title: "t", key: "t", ...TEST },
          { ...KINSHIP, metric: "kinshipP", title: "p", key: "p", positive: true, ...TEST },
        ],
        notes: [
          "Probe: Adam, batches of 512, 1e-4, 500 epochs, on the mean of the picture's tokens after the last layer, for each domain's classes; the best epoch is chosen on the test pictures, as in the paper. Seen classes train it with their training pictures, unseen ones, which have none, with test pictures of other folds.",
          "Δ: cosine with one species of the genus less the mean of four of other genera, interval over species. t and p: against the base, species by species; the paper does not say which test it made, and its t counts the base less Fine-R1.",
        ],
      }),
    },
    {
      name: "checks",
      layout: () => ({
        caption: "The same probe where no epoch is chosen, and the other test of Δ",
        columns: [
          { group: "Probe, last epoch", setting: STATES, metric: "probeLast", splits: SPLITS, key: "last" },
          { ...KINSHIP, metric: "kinshipTIndependent", title: "t", key: "t_independent", ...TEST },
          { ...KINSHIP, metric: "kinshipPIndependent", title: "p", key: "p_independent", positive: true, ...TEST },
        ],
        notes: ["t and p: against the base, as of two lists of species that have nothing to do with each other."],
      }),
    },
  ],
  figures: [],
});
