import { BENCHMARKS } from "../data/benchmarks/benchmark";
import { generalBenchmark, generalQuestions } from "../lab/analyses";
import { defineExperiment, type TableSpec } from "../lab/experiment";
import { baseRow, baseThinkingRow, cotSftRow, dapoRow, fineR1Row, furtherRows, labelSftRow } from "../lab/rows";
import {
  benchmarkKindLayout,
  benchmarkLayout,
  benchmarkNotes,
  kindColumns,
  NEED_COLUMNS,
  needBars,
} from "../report/general";
import { BASE, FINE_R1 } from "../report/published/printed";
import { claimsOf } from "./claims";

const NEEDS_LAYOUT = {
  caption: "General capability, right answers in %",
  columns: NEED_COLUMNS,
  notes: [
    "Questions in the forms that the base was taught. Recognition first: what is known of a pictured class, which the model names before it is asked (with or without thinking, as the row says), and whether it is of a certain name. One seed, 95 % intervals over questions.",
  ],
};

/** Table 7: what training for names does to everything else, and to questions that need the name first. */
export const general = defineExperiment({
  id: "general",
  title: "General capability",
  claim:
    "Fine-R1 answers more of the questions that need recognition first (ImageWikiQA 54.85 → 58.45 %) and keeps general ones (MMBench 79.30 → 79.55, SEED-Bench 73.74 → 73.99, MME 1591 → 1587; Table 7)",
  claims: claimsOf("general"),
  published: [
    {
      table: "table7",
      over: { tapo: "base", "fine-r1-3b": "qwen2.5-vl-3b" },
      rows: { base: BASE, "qwen2.5-vl-3b": BASE, tapo: FINE_R1, "fine-r1-3b": FINE_R1 },
    },
  ],
  lacks: (dataset, { benchmarks = [] }) =>
    dataset !== undefined && dataset.questions === undefined && benchmarks.length === 0
      ? "general questions"
      : undefined,
  methods: (recipe) => [
    baseRow(recipe),
    baseThinkingRow(recipe),
    labelSftRow(recipe),
    cotSftRow(recipe),
    dapoRow(recipe),
    fineR1Row(recipe),
    ...furtherRows(recipe),
  ],
  ask: [],
  metrics: [],
  analyses: [generalQuestions, ...BENCHMARKS.map(generalBenchmark)],
  compare: [
    ["sft-labels", "base"],
    ["cot-sft", "base-think"],
    ["dapo", "base-think"],
    ["tapo", "base-think"],
    ["tapo", "dapo"],
    ["tapo", "base"],
  ],
  about: {
    ...{ setting: "general", metric: "recognition", split: "all", domain: "items" },
    words: "on questions that need recognition first",
  },
  tables: [
    {
      name: "table",
      layout: ({ questions }, measurements) => (questions === undefined ? benchmarkLayout(measurements) : NEEDS_LAYOUT),
      notes: benchmarkNotes,
    },
    {
      name: "kinds",
      layout: ({ questions }) =>
        questions && {
          caption: "Right answers by kind of question, in %",
          columns: kindColumns(questions),
          notes: [
            "All questions of a kind alike, of seen and of unseen classes. Of the questions for yes or no half are to be answered yes, as chance has it.",
          ],
        },
    },
    {
      name: "benchmarks",
      layout: ({ questions }, measurements) => (questions === undefined ? undefined : benchmarkLayout(measurements)),
    },
    ...BENCHMARKS.map((name): TableSpec => ({
      name: `${name}-kinds`,
      layout: (_, measurements) => benchmarkKindLayout(name, measurements),
    })),
  ],
  figures: [{ name: "general", draw: needBars }],
});
