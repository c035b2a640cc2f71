import type { Negatives } from "../data/negatives";
import { defineExperiment } from "../lab/experiment";
import { ablation, cotSft, objective, sized, triplets } from "../lab/recipe";
import { sweepLines } from "../report/figures";
import { noLookalikes } from "../lab/rows";
import { accuracyBars, rlCurves, only, SIMILARITY, standardTable } from "../report/standard";
import { TAPO } from "../tapo/options";

/** Which picture is the negative. TAPO's are mined by the encoder ("hard"). */
const KINDS: readonly (readonly [Negatives, string])[] = [
  ["hardest", "Negative: the nearest class, as the dataset knows it"],
  ["random", "Negative: any other class"],
  ["same", "Negative: another picture of the class itself"],
  ["masked", "Negative: the anchor, partly hidden (PAPO)"],
];

/** γ of the sweep. The release's is the row "tapo", unless the profile gives that another. */
const GAMMAS = [0, TAPO.gamma, 0.1, 1];
const rowOf = (gamma: number): string => `gamma-${gamma}`;

/** Is it the look-alike class that helps, or any other picture, and how much of it? */
export const negatives = defineExperiment({
  id: "negatives",
  title: "Negatives and their weight",
  claim:
    "Beyond the paper: a picture of the most similar other class is the better negative (§4.3), and γ = 0.01 its weight (release)",
  methods(recipe) {
    const { rl: own } = recipe.profile;
    const start = cotSft(recipe);
    const row = ablation(recipe, start);
    const kinds = KINDS.map(([kind, title]) => ({ kind, title, changes: { triplets: triplets(recipe, kind) } }));
    const lacks = (kind: Negatives) => (kind === "hardest" ? noLookalikes : undefined);
    return [
      row("tapo", "TAPO: the class most alike, as mined"),
      ...kinds.map(({ kind, title, changes }) => ({ ...row(kind, title, changes), lacks: lacks(kind) })),
      row("tapo-sized", "TAPO, matched size", sized(recipe, start)),
      ...kinds.map(({ kind, title, changes }) => ({
        ...row(`${kind}-sized`, `${title}, matched size`, sized(recipe, start, changes)),
        lacks: lacks(kind),
      })),
      ...GAMMAS.filter((gamma) => gamma !== TAPO.gamma || gamma !== own.objective.gamma).map((gamma) =>
        row(rowOf(gamma), `TAPO, γ = ${gamma}`, objective(own, { gamma })),
      ),
    ];
  },
  ask: ["closed", "open"],
  metrics: ["accuracy", "similarity", "wellFormed", "seenNames"],
  compare: [
    ...KINDS.map(([kind]) => ["tapo", kind] as const),
    ...KINDS.map(([kind]) => ["tapo-sized", `${kind}-sized`] as const),
    ["tapo-sized", "tapo"],
    ["tapo", rowOf(0)],
  ],
  tables: [
    standardTable("Negatives and their weight, accuracy in %", {
      notes: [
        "Matched size: γ is such that, where the training begins, the gradient of the KL to these negatives is as long as the policy's.",
      ],
    }),
  ],
  figures: [
    {
      name: "gamma",
      draw: ({ methods, drawn }) =>
        sweepLines(drawn, {
          title: "SS_rel by the weight of the KL to the negative",
          xTitle: "γ",
          yTitle: "SS_rel in %",
          points: GAMMAS.map((gamma, x) => {
            const released = gamma === TAPO.gamma && methods.every(({ name }) => name !== rowOf(gamma));
            return { method: released ? "tapo" : rowOf(gamma), x, label: String(gamma) };
          }),
          column: SIMILARITY,
        }),
    },
    {
      name: "open-world",
      draw: (results) => accuracyBars(only(results, ["tapo", ...KINDS.map(([kind]) => kind)]), "open"),
    },
    {
      name: "open-world-sized",
      draw: (results) => accuracyBars(only(results, ["tapo-sized", ...KINDS.map(([kind]) => `${kind}-sized`)]), "open"),
    },
    {
      name: "rl-curves",
      draw: (results) => rlCurves(only(results, ["tapo-sized", ...KINDS.map(([kind]) => `${kind}-sized`)])),
    },
  ],
});
