import * as fs from "node:fs";
import * as path from "node:path";
import { parserOf } from "../../../src/config/stored";
import { readJsonl } from "../../../src/core/files";
import { measurementSchema, type Measurement } from "../../../src/eval/measurements";
import type { ChainJudge } from "../../../src/data/chains";
import { CHAIN_NOTE } from "../../../src/report/notes";
import { chainColumns, type MethodTitle, type TableLayout } from "../../../src/report/pivot";

/**
 * The numbers of results/quickstart/mini (commit 59b1fe9; seeds 1 to 5) as measurements, and what the tables of that commit
 * were in Markdown and CSV. Intervals of the chains' shares were not recorded: there the bounds are the value itself.
 */
export const recorded = (): Measurement[] =>
  readJsonl(path.join(__dirname, "measurements.jsonl"), parserOf(measurementSchema));

/** A table of that commit, such as "table.csv". */
export const recordedText = (name: string): string => fs.readFileSync(path.join(__dirname, name), "utf8");

/** A measurement of TAPO, of everything that `more` does not say. */
export const measured = (more: Partial<Measurement> = {}): Measurement => ({
  ...{ method: "tapo", seed: 1, dataset: "test", domain: "mean", split: "seen", setting: "open", metric: "accuracy" },
  ...{ value: 0.5, low: 0.4, high: 0.6, n: 100 },
  ...more,
});

export const METHODS: readonly MethodTitle[] = [
  { name: "base", title: "Base, direct" },
  { name: "base-think", title: "Base, thinking" },
  { name: "sft-labels", title: "SFT on labels" },
  { name: "cot-sft", title: "CoT SFT" },
  { name: "dapo", title: "CoT SFT + DAPO" },
  { name: "tapo", title: "CoT SFT + TAPO" },
  { name: "siglip", title: "SigLIP-style encoder" },
];

/** Of the tables of chains only the kinds of steps are read. */
const judge: ChainJudge = { steps: ["analysis", "candidates", "recall", "count", "last"], mark: () => undefined };

export const CHAIN_LAYOUT: TableLayout = {
  caption: "First wrong step of the chains, open world, % of items",
  methods: METHODS,
  splitRows: ["seen", "unseen"],
  columns: chainColumns(judge),
  notes: [CHAIN_NOTE],
};
