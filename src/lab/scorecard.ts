import * as fs from "node:fs";
import * as path from "node:path";
import { placeOf, resultsRoot, runsRoot } from "../config/places";
import { writeFileAtomic } from "../core/files";
import { isFolder } from "../core/folders";
import { judgeBy, VERDICT_RULE, type Claim, type JudgedClaim } from "../eval/claims";
import type { WorldResults } from "../eval/effects";
import { exportFigure } from "../report/figure/export";
import { briefScorecard, countVerdicts, effectsTable, scorecardFigure, scorecardTable } from "../report/scorecard";
import { exportTable } from "../report/table/export";
import { toMarkdown } from "../report/table/markdown";
import type { ResultTable } from "../report/table/table";
import type { Experiment } from "./experiment";
import { differingSettings, keptFolder, readKept, worldOf, type Destination, type Kept } from "./kept";

/** Every claim with its verdict, from results alone: nothing is opened, asked or trained. */
export interface Scorecard {
  readonly judged: readonly JudgedClaim[];
  readonly table: ResultTable;
  /** A row per difference. */
  readonly effects: ResultTable;
  /** "12 reproduced, 3 not reproduced, …". */
  readonly counts: string;
}

/** The table's name in files. */
export const SCORECARD = "scorecard";

/** Where a scorecard lies. */
export function scorecardFolder(destination: Destination): string {
  return path.join(destination === "record" ? resultsRoot() : runsRoot(), SCORECARD);
}

/**
 * Judges claims by what was kept of their experiments under some profiles, a world each.
 * @param from where it was kept: the record, or one's own runs
 * @throws LabError for a file that is broken, or has changed since it was written
 */
export function scorecardOf(claims: readonly Claim[], profiles: readonly string[], from: Destination): Scorecard {
  const experiments = [...new Set(claims.map(({ experiment }) => experiment))];
  const kept = new Map(experiments.map((id) => [id, worldsKept(id, profiles, from)]));
  const judged = claims.map((claim) => judgeBy((kept.get(claim.experiment)?.kept ?? []).map(worldOf))(claim));
  const used = new Set([...kept.values()].flatMap((one) => one.profiles));
  const provenance = { profiles: [...used].join(" "), from: placeOf(from === "record" ? resultsRoot() : runsRoot()) };
  const leftOut = [...kept.values()].flatMap((one) => one.leftOut);
  const layout = { provenance, leftOut };
  return {
    judged,
    table: scorecardTable(judged, { ...layout, caption: "Scorecard: the paper's claims, and what came out here" }),
    effects: effectsTable(judged, { ...layout, caption: "Scorecard: every difference that a claim rests on" }),
    counts: countVerdicts(judged),
  };
}

/** What was kept of an experiment, a world for each profile, as a scorecard judges by it. */
export function worldsOf(experiment: string, profiles: readonly string[], from: Destination): WorldResults[] {
  return worldsKept(experiment, profiles, from).kept.map(worldOf);
}

/**
 * What each profile keeps of an experiment, where it may be pooled with the first: the same settings, in another world.
 * @param own the first, where it is not one that was kept
 */
function worldsKept(
  id: string,
  profiles: readonly string[],
  from: Destination,
  own?: Kept,
): { kept: Kept[]; profiles: string[]; leftOut: string[] } {
  const kept: Kept[] = own === undefined ? [] : [own];
  const used: string[] = [];
  const leftOut: string[] = [];
  for (const profile of profiles) {
    const folder = keptFolder(id, profile, from);
    const found = readKept(folder);
    if (found === undefined) continue;
    const [first] = kept;
    const keys = differingSettings(found.settings, first?.settings ?? found.settings).filter((key) => !key.startsWith("the ")); // prettier-ignore
    const same = kept.some((one) => worldOf(one).world === worldOf(found).world);
    if (keys.length > 0) leftOut.push(`Left out: ${placeOf(folder)}, made with other settings (${keys.join(", ")}).`);
    else if (same) leftOut.push(`Left out: ${placeOf(folder)}, of a world that stands in already.`);
    else {
      kept.push(found);
      used.push(profile);
    }
  }
  return { kept, profiles: used, leftOut };
}

/** An experiment's claims, judged by what a run shows and by the worlds that the record has beside it; `undefined` where there are none. */
export function verdictsOf({ id, title, claims = [] }: Experiment, own: Kept): ResultTable | undefined {
  if (claims.length === 0) return undefined;
  const { kept } = worldsKept(id, recordedProfiles(id), "record", own);
  const worlds = kept.map(worldOf);
  const judged = claims.map(judgeBy(worlds));
  const provenance = { experiment: id, worlds: String(worlds.length) };
  return scorecardTable(judged, { caption: `${title}: what the paper claims, and what came out here`, provenance, rule: false }); // prettier-ignore
}

/** The profiles that the record of an experiment has. */
function recordedProfiles(id: string): string[] {
  const folder = path.join(resultsRoot(), id);
  return isFolder(folder) ? fs.readdirSync(folder).sort() : [];
}

/** Writes tables, figure and a page that begins with the rule. @returns the files */
export async function exportScorecard(
  { judged, table, effects, counts }: Scorecard,
  folder: string,
): Promise<string[]> {
  const files = [
    ...exportTable(table, folder, SCORECARD),
    ...exportTable(briefScorecard(table), folder, "brief"),
    ...exportTable(effects, folder, "effects"),
  ];
  const figure = scorecardFigure(judged, "The paper's claims: effects here and in the paper");
  if (figure !== undefined) files.push(...(await exportFigure(figure, folder, "effects-plot")));
  const page = path.join(folder, "README.md");
  const plain = { ...table, notes: table.notes.filter((note) => note !== VERDICT_RULE) };
  const parts = ["# Scorecard", `${counts}.`, `**The rule.** ${VERDICT_RULE}`, toMarkdown(plain).trimEnd()];
  const drawn = figure === undefined ? [] : ["![effects here and in the paper](effects-plot.svg)"];
  writeFileAtomic(page, `${[...parts, ...drawn].join("\n\n")}\n`);
  return [...files, page];
}
