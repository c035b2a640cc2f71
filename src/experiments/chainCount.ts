import { defineExperiment } from "../lab/experiment";
import { cotSft, rl, withMoreChains } from "../lab/recipe";
import { sweepLines } from "../report/figures";
import { SIMILARITY, standardTable } from "../report/standard";
import { claimsOf } from "./claims";

/**
 * How many chains the paper's stage 1 is trained on. 404 is its own set, one for a picture of each sub-category (§4.2); of the two larger ones it says
 * that more were constructed, and they are two and three times as large: here two and three pictures of each class.
 */
const COUNTS = [404, 804, 1199] as const;

/** Table 3b: does more of the teacher's chains help, or does the model fit their patterns? */
export const chainCount = defineExperiment({
  id: "chain-count",
  title: "Number of chains of thought",
  claim:
    "SS_rel on unseen classes rises with the number of chains, and ever less: 58.66, 62.06, 62.64 % with 404, 804, 1,199 (§5.3, Table 3b)",
  claims: claimsOf("chain-count"),
  lacks: (_, { cot }) => (cot.released === undefined ? undefined : "chains beyond the released ones"),
  published: [
    { table: "table3b", rows: Object.fromEntries(COUNTS.map((count) => [`cot-sft-${count}`, String(count)])) },
  ],
  methods(recipe) {
    const { released, imagesPerClass } = recipe.profile.cot;
    return (released === undefined ? COUNTS : []).flatMap((count, at) => {
      const own = withMoreChains(recipe, at + 1);
      const pictures = (at + 1) * imagesPerClass;
      const words = `chains of ${pictures} picture${pictures === 1 ? "" : "s"} a class`;
      const start = cotSft(own, recipe.base, `cot-sft-${count}`);
      return [
        { name: `cot-sft-${count}`, title: `CoT SFT, ${words}`, model: start, thinking: true },
        {
          name: `tapo-${count}`,
          title: `CoT SFT + TAPO, ${words}`,
          model: rl(own, start, {}, `tapo-${count}`),
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
        "Chains for one, two and three times as many pictures of each class as the profile has, beside the paper's 404, 804 and 1,199; the smaller sets are part of the larger, and each is trained on for as many epochs.",
      ],
    }),
  ],
  figures: (["cot-sft", "tapo"] as const).map((stage) => ({
    name: stage,
    draw: ({ drawn }) =>
      sweepLines(drawn, {
        title: `SS_rel by the number of chains, ${stage === "tapo" ? "CoT SFT + TAPO" : "CoT SFT alone"}`,
        xTitle: "the paper's number of chains; here those of one, two and three times as many pictures",
        yTitle: "SS_rel in %",
        points: COUNTS.map((count) => ({ method: `${stage}-${count}`, x: count })),
        column: SIMILARITY,
      }),
  })),
});
