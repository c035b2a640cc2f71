import { defineExperiment } from "../lab/experiment";
import { baseRow, baseThinkingRow, cotSftRow, tapoRow } from "../lab/rows";
import { colour, type Colours } from "../report/figure/style";
import { accuracyBars, type Results } from "../report/standard";

const ORDERS = { shuffled: "options shuffled", released: "the right one first" } as const;

/** In the released benchmark the right option always stands first [17]. Who gains by that? */
export const optionOrder = defineExperiment({
  id: "option-order",
  title: "Order of the options",
  claim:
    "Beyond the paper: a model that favours the first option gains where the right one always stands first, as in the released benchmark",
  methods(recipe) {
    const rows = [baseRow(recipe), baseThinkingRow(recipe), cotSftRow(recipe), tapoRow(recipe)];
    return rows.flatMap((row) => [
      {
        ...row,
        title: `${row.title}, ${ORDERS.shuffled}`,
        short: `${row.title}, shuffled`,
        asking: { optionOrder: "shuffled" as const },
      },
      {
        ...row,
        name: `${row.name}-released`,
        title: `${row.title}, ${ORDERS.released}`,
        short: `${row.title}, right one first`,
        asking: { optionOrder: "released" as const },
      },
    ]);
  },
  ask: ["closed"],
  metrics: ["accuracy", "choice", "firstPosition", "truthFirst", "option"],
  compare: [
    ["base-released", "base"],
    ["base-think-released", "base-think"],
    ["cot-sft-released", "cot-sft"],
    ["tapo-released", "tapo"],
  ],
  tables: [
    {
      name: "table",
      layout: () => ({
        caption: "Order of the options, closed world, %",
        columns: [
          { group: "Accuracy", setting: "closed", metric: "accuracy", splits: ["seen", "unseen"], key: "closed" },
          ...(["firstPosition", "truthFirst"] as const).map((metric) => ({
            group: metric === "truthFirst" ? "The first is right" : "The first was chosen",
            setting: "closed" as const,
            metric,
            splits: ["all" as const],
            domain: "items",
            title: "all items",
          })),
        ],
        notes: [
          "One seed, 95 % intervals over test items. Where the options are shuffled, a model chooses the first more often than the first is right by as much as it favours the first place.",
        ],
      }),
    },
  ],
  figures: [
    {
      name: "closed-world",
      draw: (results) => accuracyBars({ ...results, colours: modelColours(results.methods) }, "closed"),
    },
  ],
});

/** A colour for each model, the same in both orders. */
function modelColours(methods: Results["methods"]): Colours {
  const modelOf = (name: string): string => name.replace(/-(?:released|shuffled)$/u, "");
  const models = [...new Set(methods.map(({ name }) => modelOf(name)))];
  return Object.fromEntries(
    methods.flatMap(({ name, title }) => {
      const own = colour(models.indexOf(modelOf(name)));
      return [name, title].map((called) => [called, own]);
    }),
  );
}
