import type { ChainErrorRow } from "../../analysis/chainErrors";
import { CHAIN_STAGES } from "../../miniworld/chainMarks";
import type { Score } from "../../eval/intervals";
import type { QuickstartRow, QuickstartRowName } from "../../experiments/quickstart";
import { resultTable, type Cell, type Column, type Estimate, type ResultTable, type Row } from "../table/table";

/** How the rows of the quickstart are called. */
export const ROW_TITLES: Readonly<Record<QuickstartRowName, string>> = {
  base: "Base, direct",
  "base-think": "Base, thinking",
  "sft-labels": "SFT on labels",
  "cot-sft": "CoT SFT",
  dapo: "CoT SFT + DAPO",
  tapo: "CoT SFT + TAPO",
  siglip: "SigLIP-style encoder",
};

/** Where a shown row comes from: this run, an earlier run with the same settings, or results/. */
export type Origin = "run" | "earlier" | "record";

/** A row, and where its numbers come from. */
export interface ShownRow<T = QuickstartRow> {
  readonly row: T;
  readonly origin: Origin;
}

/** The marks of the rows that a run did not make itself. */
const MARKS: Readonly<Record<Exclude<Origin, "run">, { readonly mark: string; readonly meaning: string }>> = {
  record: { mark: "†", meaning: "from results/, not made in this run (--all makes every row)" },
  earlier: { mark: "‡", meaning: "made by an earlier run with the same settings" },
};

/** The last table of `npm start`: methods × (seen, unseen) × (closed, open), shares in [0, 1] with 95 % intervals. */
export function quickstartTable(rows: readonly ShownRow[], provenance: Readonly<Record<string, string>>): ResultTable {
  return resultTable({
    caption: "Quickstart: recognition in the mini-world, accuracy in %",
    columns: [{ key: "method", title: "Method", kind: "text" }, ...SCORE_COLUMNS],
    rows: rows.map(({ row, origin }) => ({
      method: markedTitle(row.name, origin),
      ...Object.fromEntries(Object.entries(scoresOf(row)).map(([key, score]) => [key, estimate(score)])),
    })),
    notes: [
      "Closed world: four options in shuffled order. Open world: text inclusion; SS_rel: relative semantic similarity (Eq. 5). Mean over the domains, one seed, 95 % intervals over test items.",
      ...choiceNote(rows.map(({ row }) => row)),
    ],
    marks: marksOf(rows),
    provenance,
  });
}

/** How often the released accuracy of the closed world counts another option than the truth as right. */
function choiceNote(rows: readonly QuickstartRow[]): string[] {
  const checked = rows.flatMap(({ name, choice }) => (choice === undefined ? [] : [{ name, choice }]));
  const [first] = checked;
  if (first === undefined) return [];
  const total = (count: "items" | "differ" | "wrongCounted"): number =>
    checked.reduce((sum, { choice }) => sum + choice[count], 0);
  const changed = checked.filter(({ choice }) => choice.differ > 0);
  const percent = (share: number | null): string => (share === null ? "–" : (100 * share).toFixed(1));
  const strict = changed.map(
    ({ name, choice }) => `${ROW_TITLES[name]} ${percent(choice.seen)} seen, ${percent(choice.unseen)} unseen`,
  );
  return [
    `Closed world, as released: right when the truth stands in the answer. Of ${total("items")} answers, ` +
      `${total("wrongCounted")} chose a wrong option and still count as right; by the option chosen, ` +
      `${total("differ")} count otherwise${strict.length === 0 ? "" : ` (${strict.join("; ")})`}. The truth stands ` +
      `inside another option in ${first.choice.nested} of ${first.choice.items} items.`,
  ];
}

/** Where the chains break: the first wrong step of every open-world answer. */
export function chainErrorTable(
  rows: readonly ShownRow<ChainErrorRow>[],
  provenance: Readonly<Record<string, string>>,
): ResultTable {
  return resultTable({
    caption: "First wrong step of the chains, open world, % of items",
    columns: [
      { key: "method", title: "Method", kind: "text" },
      { key: "split", title: "Classes", kind: "text" },
      { key: "items", title: "Items", kind: "number" },
      ...CHAIN_STAGES.map((stage): Column => ({ key: stage, title: stage, kind: "number", percent: true })),
      { key: "faithful", title: "faithful", kind: "number", percent: true },
      { key: "analysis_right", title: "analysis right", kind: "number", percent: true },
      { key: "seen_names", title: "names a seen class", kind: "number", percent: true },
    ],
    rows: rows.map(({ row, origin }): Row => ({
      method: markedTitle(row.method as QuickstartRowName, origin),
      split: row.split,
      items: row.items,
      ...row.shares,
      faithful:
        row.rightChains === undefined || (row.counts["right"] ?? 0) === 0
          ? null
          : row.rightChains / (row.counts["right"] ?? 1),
      analysis_right: row.analysisRight / Math.max(1, row.items),
      seen_names: row.seenNames / Math.max(1, row.items),
    })),
    notes: [
      "An item counts as right when its answer is right; else it counts where its chain first goes wrong. Faithful: of the right answers, % whose chain is right in every step.",
    ],
    marks: marksOf(rows),
    provenance,
  });
}

function markedTitle(name: QuickstartRowName, origin: Origin): Cell {
  const text = ROW_TITLES[name];
  return origin === "run" ? text : { text, mark: MARKS[origin].mark };
}

function marksOf(rows: readonly ShownRow<unknown>[]): Record<string, string> {
  const used = Object.entries(MARKS).filter(([origin]) => rows.some((row) => row.origin === origin));
  return Object.fromEntries(used.map(([, { mark, meaning }]) => [mark, meaning]));
}

/** A row's six scores, by column. */
export function scoresOf({ closed, open, openSimilarity }: QuickstartRow) {
  return {
    closed_seen: closed.seen?.average,
    closed_unseen: closed.unseen?.average,
    open_seen: open?.seen?.average,
    open_unseen: open?.unseen?.average,
    similarity_seen: openSimilarity?.seen?.average,
    similarity_unseen: openSimilarity?.unseen?.average,
  };
}
export type ScoreKey = keyof ReturnType<typeof scoresOf>;

/** The columns of the six scores. */
export const SCORE_COLUMNS: readonly Column[] = [
  ["closed", "Closed world"],
  ["open", "Open world, text inclusion"],
  ["similarity", "Open world, SS_rel"],
].flatMap(([key, group]) =>
  ["seen", "unseen"].map((split): Column => ({
    key: `${key ?? ""}_${split}`,
    title: split,
    kind: "number",
    percent: true,
    interval: "half-width",
    ...(group === undefined ? {} : { group }),
  })),
);

function estimate(score: Score | undefined): Estimate | null {
  return score === undefined ? null : { value: score.value, low: score.low, high: score.high };
}
