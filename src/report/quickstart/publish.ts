import * as path from "node:path";
import { ROOT } from "../../config/load";
import { writeJson } from "../../core/files";
import type { Profile } from "../../experiments/profile";
import type { OpenRun } from "../../experiments/provenance";
import type { QuickstartResult } from "../../experiments/quickstart";
import { exportFigure } from "../figure/export";
import { exportTable } from "../table/export";
import type { ResultTable } from "../table/table";
import { accuracyFigure, rlFigure, sftFigure } from "./figures";
import { mergeRows, readQuickstart, saveQuickstart } from "./store";
import { chainErrorTable, quickstartTable } from "./tables";

/** What a quickstart leaves in results/. */
export interface Published {
  readonly table: ResultTable;
  readonly chains: ResultTable;
  readonly files: readonly string[];
}

/** results/quickstart/<profile> */
export function quickstartFolder(profile: Profile): string {
  return path.join(ROOT, "results", "quickstart", profile.name);
}

/** Writes tables, figures and the run record of a finished quickstart. Rows of earlier runs stay, and are marked. */
export async function publishQuickstart(profile: Profile, result: QuickstartResult, run: OpenRun): Promise<Published> {
  const folder = quickstartFolder(profile);
  const store = path.join(folder, "rows.json");
  const all = mergeRows(readQuickstart(store), result);
  saveQuickstart(store, all);
  const made = new Set(result.rows.map((row) => row.name));
  const provenance = {
    experiment: "quickstart",
    profile: profile.name,
    world: profile.world,
    seed: String(profile.seed),
  };
  const shown = all.rows.map((row) => ({ row, fromResults: !made.has(row.name) }));
  const table = quickstartTable(shown, provenance);
  const chains = chainErrorTable(all.chainErrors, provenance);
  const files = [
    store,
    ...exportTable(table, folder, "table"),
    ...exportTable(chains, folder, "chain-errors"),
    ...(await exportFigure(accuracyFigure(table, "open"), folder, "open-world")),
    ...(await exportFigure(accuracyFigure(table, "closed"), folder, "closed-world")),
    ...(await exportFigure(sftFigure(result), folder, "sft-curves")),
    ...(await exportFigure(rlFigure(result), folder, "rl-curves")),
  ];
  const record = path.join(folder, "run.json");
  writeJson(record, await run.finish(files));
  return { table, chains, files: [...files, record] };
}
