import { NEGATIVES, type Negatives } from "../data/negatives";
import { gradientShares } from "../lab/analyses";
import { defineExperiment } from "../lab/experiment";
import { cotSft, rl, triplets } from "../lab/recipe";
import { noLookalikes } from "../lab/rows";
import { groupedBars } from "../report/figure/bars";
import { seedsNote } from "../report/drawn";
import { methodTable, type MeasuredColumn } from "../report/pivot";
import { TERM_CHOICES, termSetting, WHOLE, type TermChoice } from "../tapo/shares";

const TITLES: Readonly<Record<Negatives, string>> = {
  hard: "Mined by the encoder",
  hardest: "The world's nearest class",
  random: "Another class",
  same: "The same class",
  masked: "The masked picture (PAPO)",
};

/** Every term but the policy's own, to which they are compared. */
const TERMS = TERM_CHOICES.filter(({ term }) => term !== "policy");
const ESTIMATORS =
  "Eq. 4's divergence by the estimator as printed and as released; the negative's distribution is a constant, as in the release, or has a gradient of its own (live).";

const EXACT = { domain: "items", splits: ["all"], show: "value" } as const;
const ALL_TERMS = { ...EXACT, setting: WHOLE, title: "all terms", key: "all_terms" } as const;

/** Beyond the paper (13b): how much each term of Eq. 4 has to say where stage 2 begins, by what the negative shows. */
export const shares = defineExperiment({
  id: "shares",
  title: "Each term's share of the gradient",
  claim:
    "The divergence from the negative (γ = 0.01) shapes the gradient beside the policy's own term (Eq. 4); the paper reports no size",
  methods(recipe) {
    const start = cotSft(recipe);
    return NEGATIVES.map((negatives) => ({
      name: negatives,
      title: TITLES[negatives],
      model: rl(recipe, start, { triplets: triplets(recipe, negatives) }, negatives),
      thinking: true,
      lacks: negatives === "hardest" ? noLookalikes : undefined,
    }));
  },
  ask: [],
  metrics: [],
  analyses: [gradientShares],
  compare: NEGATIVES.filter((name) => name !== "hard").map((name) => ["hard", name] as const),
  tables: [
    {
      name: "table",
      layout: () => ({
        caption: "Norm of each term's gradient at its weight, in % of the policy term's",
        columns: [...columnsOf("share"), { ...ALL_TERMS, metric: "share" }],
        notes: [
          "By what the negative of a triplet shows. First update of stage 2, from CoT SFT, on the same rollouts in every row.",
          ESTIMATORS,
        ],
      }),
    },
    {
      name: "cosines",
      layout: () => ({
        caption: "Cosine with the policy term's gradient",
        columns: [...columnsOf("cosine"), { ...ALL_TERMS, metric: "cosine", percent: false }],
        notes: [ESTIMATORS],
      }),
    },
    {
      name: "matching-weights",
      layout: () => ({
        caption: "Weight at which a term's gradient is as long as the policy term's",
        columns: columnsOf("matched"),
        notes: [ESTIMATORS],
      }),
    },
  ],
  figures: [
    {
      name: "shares",
      draw: ({ methods, drawn }) => {
        if (drawn.measurements.length === 0) return undefined;
        const columns = columnsOf(
          "share",
          TERMS.filter(({ term }) => term === "klNegative"),
        ).map((column) => ({ ...column, percent: false }));
        const table = methodTable(drawn.measurements, {
          caption: "",
          methods: methods.map(({ name, title }) => ({ name, title })),
          columns,
        });
        const values = table.columns.filter(({ kind }) => kind === "number").map(({ key }) => key);
        const title = "Divergence from the negative beside the policy term";
        return groupedBars(table, {
          title,
          label: "method",
          values,
          yTitle: "norm over the policy gradient's",
          log: true,
          notes: seedsNote(drawn),
        });
      },
    },
  ],
});

/** A column per term, those of the divergence by their estimator. */
function columnsOf(metric: "share" | "cosine" | "matched", choices: readonly TermChoice[] = TERMS): MeasuredColumn[] {
  return choices.map((choice) => {
    const { term, klEstimator, negativeGradient } = choice;
    const live = negativeGradient === true ? "live" : "constant";
    const of = { ...EXACT, setting: termSetting(choice), metric, percent: metric === "share", ...(metric === "matched" ? { digits: 6 } : {}) }; // prettier-ignore
    if (klEstimator !== undefined) return { ...of, group: `D_KL[π ‖ π_neg], ${NAMES[klEstimator]}`, title: live };
    return { ...of, title: term === "entropy" ? "H[π]" : `H[π_neg], ${live}` };
  });
}

const NAMES = { paper: "as printed", released: "as released" } as const;
