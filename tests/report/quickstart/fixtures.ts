import * as fs from "node:fs";
import * as path from "node:path";
import type { ChainErrorRow } from "../../../src/analysis/chainErrors";
import { CHAIN_STAGES } from "../../../src/miniworld/chainMarks";
import type { TableScores } from "../../../src/eval/aggregate";
import type { QuickstartRow, QuickstartRowName } from "../../../src/experiments/quickstart";
import { saveQuickstart } from "../../../src/report/quickstart/store";

export const score = (value: number, half = 0.1) => ({ value, low: value - half, high: value + half, n: 10 });

/** One domain on the seen classes and one on the unseen ones, both of one score. */
export function scores(value: number): TableScores {
  const split = { domains: new Map([["bird", score(value)]]), average: score(value) };
  return { metric: "accuracy", seen: split, unseen: split, average: score(value) };
}

/** A method with one score everywhere; the encoder has none in the open world. */
export function row(name: QuickstartRowName, value: number): QuickstartRow {
  const isEncoder = name === "siglip";
  return {
    name,
    closed: scores(value),
    open: isEncoder ? null : scores(value),
    openSimilarity: null,
    wellFormed: isEncoder ? null : score(0.9),
    seenNames: null,
    checkpoint: isEncoder ? null : `key of ${name}`,
  };
}

export function chainRow(method: QuickstartRowName, right: number): ChainErrorRow {
  const tally = (count: number) =>
    Object.fromEntries(CHAIN_STAGES.map((stage) => [stage, stage === "right" ? count : 0]));
  const items = 10;
  return {
    method,
    split: "seen",
    items,
    counts: tally(right),
    shares: tally(right / items),
    analysisRight: 0,
    seenNames: 0,
  };
}

/** What `run quickstart` leaves in a report's folder; `config` is not a whole profile. */
export function writeReport(
  folder: string,
  rows: readonly QuickstartRow[],
  config: Readonly<Record<string, unknown>> = {},
  seed = 1,
): void {
  saveQuickstart(path.join(folder, "rows.json"), { rows, chainErrors: [] });
  const inputs = [{ path: "base", sha256: "00" }];
  const run = { seeds: { seed }, config, inputs, machine: { processor: "Recorded CPU" } };
  fs.writeFileSync(path.join(folder, "run.json"), JSON.stringify(run));
}
