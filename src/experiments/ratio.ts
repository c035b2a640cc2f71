import { defineExperiment } from "../lab/experiment";
import { ablation, cotSft } from "../lab/recipe";
import { sweepLines } from "../report/figures";
import { SIMILARITY, standardTable } from "../report/standard";
import { claimsOf } from "./claims";

/** Rollouts of the anchor and of the positive, of ten as in the paper. */
const RATIOS = [10, 8, 5, 2, 0].map((anchor) => ({ anchor, name: `${anchor}:${10 - anchor}` }));

/** Table 3a: how many of the rollouts should be of the positive. */
export const ratio = defineExperiment({
  id: "ratio",
  title: "Anchor to positive ratio",
  claim:
    "Of ten rollouts, five of each are best: 61.29 % SS_rel on unseen classes, against 59.47 (10 : 0), 59.21 (8 : 2), 59.33 (2 : 8) and 59.39 (0 : 10) (§5.3, Table 3a)",
  claims: claimsOf("ratio"),
  published: [{ table: "table3a", over: "10:0", rows: Object.fromEntries(RATIOS.map(({ name }) => [name, name])) }],
  methods(recipe) {
    const { n1, n2 } = recipe.profile.rl;
    const row = ablation(recipe, cotSft(recipe));
    return RATIOS.map(({ anchor, name }) => {
      const own = Math.round(((n1 + n2) * anchor) / 10); // the nearest share that a group of another size has
      const [paper, here] = [`${anchor} : ${10 - anchor}`, `${own} : ${n1 + n2 - own}`];
      const title = paper === here ? paper : `${paper} (here ${here})`;
      return row(name, title, { n1: own, n2: n1 + n2 - own });
    });
  },
  ask: ["closed", "open"],
  metrics: ["accuracy", "similarity", "wellFormed"],
  compare: RATIOS.filter(({ name }) => name !== "5:5").map(({ name }) => ["5:5", name] as const),
  about: {
    ...{ setting: "open", metric: "similarity", split: "unseen", domain: "mean" },
    words: "in SS_rel on unseen classes, open world",
  },
  tables: [standardTable("Anchor : positive rollouts, accuracy in %")],
  figures: [
    {
      name: "ratio",
      draw: ({ drawn }) =>
        sweepLines(drawn, {
          title: "SS_rel by the share of anchor rollouts",
          xTitle: "anchor : positive",
          yTitle: "SS_rel in %",
          points: RATIOS.map(({ anchor, name }) => ({ method: name, x: anchor, label: name })),
          column: SIMILARITY,
        }),
    },
  ],
});
