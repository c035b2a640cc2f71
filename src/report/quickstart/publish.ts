import { ROOT } from "../../config/load";
import { projectPath, recordFolder, reportFolder } from "../../config/places";
import type { Profile } from "../../lab/profile";
import { numericsRemark } from "../../verify/numerics/record";
import type { OpenRun, RunSpec } from "../../lab/provenance";
import { fileFacts, machineNow } from "../../store/facts";
import type { QuickstartResult } from "../../experiments/quickstart";
import { differingSettings, settingsOf, type Settings } from "../../lab/settings";
import { weightFiles } from "../../lab/training";
import { exportFigure } from "../figure/export";
import { exportTable } from "../table/export";
import type { ResultTable } from "../table/table";
import { compareRows, type Comparison } from "./compare";
import { accuracyFigure, rlFigure, sftFigure } from "./figures";
import { gather, type Gathered } from "./gather";
import { headline } from "./headline";
import { beginReport, finishReport, leftOutSentence, readReport, type StoredReport } from "./store";
import { chainErrorTable, quickstartTable } from "./tables";

/** The tables of a quickstart, and what they say. */
export interface QuickstartTables {
  readonly table: ResultTable;
  readonly chains: ResultTable;
  /** This run beside its record; `undefined` where nothing was recorded with these settings. */
  readonly comparison: Comparison | undefined;
  /** What came out, how it compares with the record, and what was left out, a sentence each. */
  readonly sentences: readonly string[];
}

/** A quickstart's tables, and the files that hold them. */
export interface Published extends QuickstartTables {
  readonly files: readonly string[];
}

/** Where a finished run is written: beside its work in runs/, or as the record in results/. */
export type Destination = "report" | "record";

const EXPERIMENT = "quickstart";

/** Where a quickstart's tables and figures go. */
export function quickstartFolder(profile: Profile, destination: Destination = "report"): string {
  return (destination === "record" ? recordFolder : reportFolder)(EXPERIMENT, profile.name);
}

/** What the run record of a quickstart says of its inputs. */
export function quickstartSpec(profile: Profile): RunSpec {
  const inputs = [profile.base, profile.dualEncoder].flatMap(weightFiles);
  const seeds = { seed: profile.seed };
  return { experiment: EXPERIMENT, profile: profile.name, config: portable(profile), seeds, inputs };
}

/** What decides a quickstart's numbers, by its profile as it is now. */
export function quickstartSettings(profile: Profile): Settings {
  const { config, inputs = [] } = quickstartSpec(profile);
  return settingsOf({ config, inputs: fileFacts(inputs, ROOT) });
}

/** The tables of a finished quickstart, without writing anything. */
export async function quickstartTables(profile: Profile, result: QuickstartResult): Promise<QuickstartTables> {
  const all = gatherFor(profile, result, quickstartSettings(profile), "report");
  return tablesOf(profile, result, all, await numericsRemark());
}

/**
 * Writes tables, figures and the run record of a finished quickstart. Rows that the run did not make, but an earlier one
 * with the same settings or the record in results/, are shown and marked.
 */
export async function publishQuickstart(
  profile: Profile,
  result: QuickstartResult,
  run: OpenRun,
  destination: Destination = "report",
): Promise<Published> {
  const folder = quickstartFolder(profile, destination);
  const settings = settingsOf({ config: run.spec.config, inputs: run.inputs });
  const all = gatherFor(profile, result, settings, destination);
  const tables = tablesOf(profile, result, all, await numericsRemark());
  const { table, chains, comparison } = tables;
  const files = [
    beginReport(folder, all.kept),
    ...exportTable(table, folder, "table"),
    ...exportTable(chains, folder, "chain-errors"),
    ...(comparison === undefined || destination === "record"
      ? []
      : exportTable(comparison.table, folder, "comparison")),
    ...(await exportFigure(accuracyFigure(table, "open"), folder, "open-world")),
    ...(await exportFigure(accuracyFigure(table, "closed"), folder, "closed-world")),
    ...(await exportFigure(sftFigure(result), folder, "sft-curves")),
    ...(await exportFigure(rlFigure(result), folder, "rl-curves")),
  ];
  return { ...tables, files: [...files, finishReport(folder, await run.finish(files))] };
}

interface Sources extends Gathered {
  readonly recorded: StoredReport | undefined;
  /** Reports that lie there and have other settings, with a sentence on each. */
  readonly leftOut: readonly string[];
}

/** The rows of this run, of earlier ones and of the record, as far as their settings are the same. */
function gatherFor(profile: Profile, result: QuickstartResult, settings: Settings, destination: Destination): Sources {
  const leftOut: string[] = [];
  const same = (report: StoredReport | undefined): StoredReport | undefined => {
    if (report === undefined) return undefined;
    const keys = differingSettings(settings, settingsOf(report.run));
    if (keys.length === 0) return report;
    leftOut.push(leftOutSentence(report, keys));
    return undefined;
  };
  const earlier = destination === "record" ? undefined : same(readReport(quickstartFolder(profile, "report")));
  const recorded = same(readReport(quickstartFolder(profile, "record")));
  const gathered = gather(result, earlier, recorded, destination === "record");
  return { ...gathered, recorded, leftOut };
}

function tablesOf(
  profile: Profile,
  result: QuickstartResult,
  all: Sources,
  remark: string | undefined,
): QuickstartTables {
  const { name, world, seed } = profile;
  const provenance = { experiment: EXPERIMENT, profile: name, world, seed: String(seed) };
  const { recorded } = all;
  const processors = { here: machineNow().processor, recorded: recorded?.run.machine.processor };
  const comparison = compareRows(result.rows, recorded?.rows ?? [], processors, provenance);
  const said = [headline(all.rows), comparison?.sentence, remark, ...all.leftOut];
  return {
    table: quickstartTable(all.rows, provenance),
    chains: chainErrorTable(all.chainErrors, provenance),
    comparison,
    sentences: said.flatMap((sentence) => sentence ?? []),
  };
}

/** The profile as its file states it: folders from the project's root, so that a record reads alike on every machine. */
function portable(profile: Profile): Profile {
  return { ...profile, base: projectPath(profile.base), dualEncoder: projectPath(profile.dualEncoder) };
}
