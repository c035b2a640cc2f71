import * as path from "node:path";
import { resultsRoot } from "../../config/places";
import { writeJson } from "../../core/files";
import type { Profile } from "../../experiments/profile";
import type { OpenRun } from "../../experiments/provenance";
import type { QuickstartResult } from "../../experiments/quickstart";
import { exportFigure } from "../figure/export";
import { exportTable } from "../table/export";
import type { ResultTable } from "../table/table";
import { accuracyFigure, rlFigure, sftFigure } from "./figures";
import { mergeRows, readQuickstart, saveQuickstart, type StoredQuickstart } from "./store";
import { chainErrorTable, quickstartTable } from "./tables";

/** What a quickstart leaves in results/. */
export interface Published extends QuickstartTables {
  readonly files: readonly string[];
}

/** The tables of a quickstart. */
export interface QuickstartTables {
  readonly table: ResultTable;
  readonly chains: ResultTable;
}

/** results/quickstart/<profile> */
export function quickstartFolder(profile: Profile): string {
  return path.join(resultsRoot(), "quickstart", profile.name);
}

/** The tables of a finished quickstart, without writing anything. Rows of earlier runs are in them, and are marked. */
export function quickstartTables(profile: Profile, result: QuickstartResult): QuickstartTables {
  return tablesOf(profile, result, mergeRows(readQuickstart(storeOf(profile)), result));
}

/** Writes tables, figures and the run record of a finished quickstart. Rows of earlier runs stay, and are marked. */
export async function publishQuickstart(profile: Profile, result: QuickstartResult, run: OpenRun): Promise<Published> {
  const folder = quickstartFolder(profile);
  const store = storeOf(profile);
  const all = mergeRows(readQuickstart(store), result);
  saveQuickstart(store, all);
  const { table, chains } = tablesOf(profile, result, all);
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

function storeOf(profile: Profile): string {
  return path.join(quickstartFolder(profile), "rows.json");
}

function tablesOf(profile: Profile, result: QuickstartResult, all: StoredQuickstart): QuickstartTables {
  const made = new Set(result.rows.map((row) => row.name));
  const provenance = {
    experiment: "quickstart",
    profile: profile.name,
    world: profile.world,
    seed: String(profile.seed),
  };
  const shown = all.rows.map((row) => ({ row, fromResults: !made.has(row.name) }));
  return { table: quickstartTable(shown, provenance), chains: chainErrorTable(all.chainErrors, provenance) };
}
