import { defineExperiment } from "../lab/experiment";
import { cotSft, rl } from "../lab/recipe";
import { sweepLines } from "../report/figures";
import { SIMILARITY, standardTable } from "../report/standard";
import { claimsOf } from "./claims";

/** How many chains the paper's stage 1 is trained on. The last stands for all that a profile curates, the others for their share. */
const COUNTS = [404, 804, 1199] as const;
const ALL = 1199;

/** Table 3b: does more of the teacher's chains help, or does the model fit their patterns? */
export const chainCount = defineExperiment({
  id: "chain-count",
  title: "Number of chains of thought",
  claim:
    "SS_rel on unseen classes rises with the number of chains, and ever less: 58.66, 62.06, 62.64 % with 404, 804, 1,199 (§5.3, Table 3b)",
  claims: claimsOf("chain-count"),
  published: [
    { table: "table3b", rows: Object.fromEntries(COUNTS.map((count) => [`cot-sft-${count}`, String(count)])) },
  ],
  methods(recipe) {
    return COUNTS.flatMap((count) => {
      const share = count === ALL ? undefined : count / ALL;
      const start = cotSft(recipe, recipe.base, `cot-sft-${count}`, share);
      return [
        { name: `cot-sft-${count}`, title: `CoT SFT, ${count} of ${ALL}`, model: start, thinking: true },
        {
          name: `tapo-${count}`,
          title: `CoT SFT + TAPO, ${count} of ${ALL}`,
          model: rl(recipe, start, {}, `tapo-${count}`),
          thinking: true,
        },
      ];
    });
  },
  ask: ["closed", "open"],
  metrics: ["accuracy", "similarity", "wellFormed", "seenNames"],
  compare: [
    ["tapo-1199", "tapo-404"],
    ["tapo-404", "cot-sft-404"],
    ["tapo-1199", "cot-sft-1199"],
    ["cot-sft-1199", "cot-sft-804"],
    ["cot-sft-804", "cot-sft-404"],
    ["cot-sft-1199", "cot-sft-404"],
  ],
  about: {
    ...{ setting: "open", metric: "similarity", split: "unseen", domain: "mean" },
    words: "in SS_rel on unseen classes, open world",
  },
  tables: [
    standardTable("Number of chains, accuracy in %", {
      more: [
        {
          group: "Open world, unseen items",
          setting: "open",
          metric: "seenNames",
          splits: ["unseen"],
          title: "a seen class named",
          key: "seen_names",
        },
      ],
      notes: [
        `The paper's 404, 804 and ${ALL} chains, as shares of all that the profile curates; the smaller sets are part of the larger, and each is trained on for as many epochs.`,
      ],
    }),
  ],
  figures: (["cot-sft", "tapo"] as const).map((stage) => ({
    name: stage,
    draw: ({ measurements }) =>
      sweepLines(measurements, {
        title: `SS_rel by the number of chains, ${stage === "tapo" ? "CoT SFT + TAPO" : "CoT SFT alone"}`,
        xTitle: `chains, of ${ALL}`,
        yTitle: "SS_rel in %",
        points: COUNTS.map((count) => ({ method: `${stage}-${count}`, x: count })),
        column: SIMILARITY,
      }),
  })),
});
