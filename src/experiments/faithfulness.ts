import { CHAINS, defineExperiment, type Method } from "../lab/experiment";
import { baseThinkingRow, cotSftRow, dapoRow, noLookalikes, tapoRow } from "../lab/rows";
import { select } from "../eval/measurements";
import { groupedBars } from "../report/figure/bars";
import type { PlotlyFigure } from "../report/figure/figure";
import { explained } from "../report/figures";
import { originMarks } from "../report/notes";
import type { MeasuredColumn } from "../report/pivot";
import { chainLayout, type Results } from "../report/standard";
import { numberColumn, resultTable, textColumn, type Row } from "../report/table/table";

/** The analysis that is written for a model, and what a row with it is called. */
const WRITTEN = { own: "told what is there", lookalike: "told the look-alike" } as const;

const COLUMNS: readonly MeasuredColumn[] = [
  ["accuracy", "Answer right"],
  ["chain:described", "Answer as described"],
  ["chain:follows", "Answer follows from the chain"],
  ["chain:analysisRight", "Analysis right"],
].map(([metric = "", group = ""]) => ({ group, setting: "open", metric, domain: "items", splits: ["seen", "unseen"] }));

/** What "deploying knowledge" means: do chains go wrong in what they see, in what they know, or in what they make of it? */
export const faithfulness = defineExperiment({
  id: "faithfulness",
  title: "Faithfulness of the chains",
  claim:
    "Beyond the paper: training mends the use of what is seen and known (§5.4, H3), so that answers follow from their chains, and change when another analysis is written for the model",
  methods(recipe) {
    const rows = [baseThinkingRow(recipe), cotSftRow(recipe), dapoRow(recipe), tapoRow(recipe)];
    const told = (row: Method, analysis: keyof typeof WRITTEN): Method => ({
      ...row,
      name: `${row.name}-${analysis}`,
      title: `${row.title}, ${WRITTEN[analysis]}`,
      short: `${row.short ?? row.title}, ${WRITTEN[analysis]}`,
      strategy: { analysis },
      lacks: (dataset) => (dataset.describe === undefined ? "descriptions of its classes" : noLookalikes(dataset)),
    });
    return rows.flatMap((row) => [row, told(row, "own"), told(row, "lookalike")]);
  },
  ask: ["open"],
  metrics: ["accuracy", "wellFormed", CHAINS],
  compare: [
    ["cot-sft", "base-think"],
    ["tapo-own", "tapo"],
    ["tapo-own", "cot-sft-own"],
    ["tapo-own", "base-think-own"],
    ["tapo-lookalike", "cot-sft-lookalike"],
    ["tapo", "cot-sft"],
  ],
  tables: [
    {
      name: "table",
      layout: ({ chains }) =>
        chains?.use && {
          caption: "Faithfulness of the chains, open world, %",
          columns: COLUMNS,
          notes: [
            "Over all items, one seed, 95 % intervals over them. As described: of the chains whose analysis describes a class, those that answer with it; follows: of those in which one candidate fits best by their own words, those that answer with it. Told: the analysis was written for the model, and it went on from there; the look-alike is the class most easily taken for the picture's own, so that a chain that is used answers with that one, and is wrong.",
          ],
        },
    },
    { name: "chain-errors", layout: chainLayout },
  ],
  figures: [{ name: "told", draw: toldBars }],
});

/** A model's three rows by what their names end in. */
const ASKED = [
  { ending: "", key: "plain", title: "as it is" },
  { ending: "-own", key: "own", title: WRITTEN.own },
  { ending: "-lookalike", key: "lookalike", title: WRITTEN.lookalike },
] as const;

/** Right answers of each model as it is, and told either analysis, on seen and on unseen classes. */
function toldBars({ methods, drawn }: Results): PlotlyFigure | undefined {
  const names = new Set(methods.map(({ name }) => name));
  const models = methods.filter(({ name }) => names.has(`${name}-own`));
  if (models.length === 0) return undefined;
  const of = { setting: "open", metric: "accuracy", domain: "items" } as const;
  const title = "Right answers where the chain's analysis is written for the model";
  const table = resultTable({
    caption: title,
    columns: [
      textColumn("method", "Method"),
      ...ASKED.map((asked) => numberColumn(asked.key, asked.title, { percent: true })),
    ],
    rows: models.flatMap(({ name, title: called, mark }) =>
      (["seen", "unseen"] as const).map((split): Row => {
        const cells = ASKED.map(({ ending, key }) => {
          const [found] = select(drawn.measurements, { ...of, split, method: `${name}${ending}` });
          return [key, found === undefined ? null : { value: found.value, low: found.low, high: found.high }] as const;
        });
        const text = `${called}, ${split}`;
        return { method: mark === undefined ? text : { text, mark }, ...Object.fromEntries(cells) };
      }),
    ),
    marks: originMarks(models),
  });
  const values = ASKED.map(({ key }) => key);
  const options = { title, label: "method", values, yTitle: "right answers in %", width: 1000 };
  return groupedBars(table, { ...options, ...explained(drawn, "test items") });
}
