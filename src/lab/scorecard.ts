import * as fs from "node:fs";
import * as path from "node:path";
import { configFiles } from "../config/names";
import { placeOf, resultsRoot, runsRoot } from "../config/places";
import { isSlug } from "../config/slug";
import { LabError, messageOf } from "../core/errors";
import { writeFileAtomic } from "../core/files";
import { isFolder } from "../core/folders";
import { groupBy } from "../core/groups";
import { didYouMean } from "../core/similar";
import { VERDICT_RULE, type Claim, type JudgedClaim } from "../eval/claims";
import type { WorldResults } from "../eval/effects";
import { judgeOver, type PooledClaim } from "../eval/worlds";
import { isMiniWorld } from "../miniworld";
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

/** The figure's. */
const PLOT = "effects-plot";

/** Where a scorecard lies: the record has one, and one's own lie apart by the profiles that they are asked for. */
export function scorecardFolder(destination: Destination, profiles: readonly string[] = []): string {
  return path.join(rootOf(destination), SCORECARD, ...(destination === "record" ? [] : [profiles.join("+")]));
}

function rootOf(destination: Destination): string {
  return destination === "record" ? resultsRoot() : runsRoot();
}

/**
 * Profiles that a scorecard can be asked for: those of configs/profiles, and others that something was kept under.
 * @throws LabError for a name that is neither, which would show every claim as not measured, or for one given twice
 */
export function requireProfiles(claims: readonly Claim[], names: readonly string[], from: Destination): void {
  const keptIn = (where: Destination): string[] => [...new Set(claims.flatMap(({ experiment }) => profilesKept(experiment, where)))]; // prettier-ignore
  const subject = "--profiles";
  if (names.every((name) => name === ""))
    throw new LabError("names no profile", "For example: --profiles mini,mini-2", { subject });
  const known = [...new Set([...configFiles("profiles").map((file) => path.basename(file, ".yaml")), ...keptIn(from)])];
  const stranger = names.find((name) => !known.includes(name));
  if (stranger !== undefined) {
    const [elsewhere, option] = from === "record" ? (["report", "add"] as const) : (["record", "leave out"] as const);
    const remedy = keptIn(elsewhere).includes(stranger)
      ? `It lies in ${placeOf(rootOf(elsewhere))}: ${option} --mine.`
      : `${didYouMean(stranger, known)}Choose among ${known.join(", ")}.`;
    throw new LabError(`there is no profile and no result named "${stranger}"`, remedy, { subject });
  }
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined) throw new LabError(`names ${twice} twice`, "Name each once.", { subject });
}

/**
 * Judges claims by what was kept of their experiments under some profiles, a world each.
 * @param from where it was kept: the record, or one's own runs
 * @throws LabError for a file that is broken, or has changed since it was written
 */
export function scorecardOf(claims: readonly Claim[], profiles: readonly string[], from: Destination): Scorecard {
  const experiments = [...new Set(claims.map(({ experiment }) => experiment))];
  const each = experiments.map((id) => {
    const worlds = worldsKept(id, profiles, from);
    const judged = pooledOver(
      claims.filter(({ experiment }) => experiment === id),
      worlds,
    );
    return { worlds, judged };
  });
  const judged = claims.flatMap((claim) =>
    each.flatMap((one) => one.judged.filter((pooled) => pooled.claim === claim)),
  );
  const used = new Set(each.flatMap((one) => entered(one.judged, one.worlds).map(({ profile }) => profile)));
  const provenance = { profiles: [...used].join(" "), from: placeOf(rootOf(from)) };
  const leftOut = each.flatMap((one) => [...one.worlds.leftOut, ...worldSentences(one.judged, one.worlds)]);
  const mini = ofMiniWorlds(each.flatMap((one) => one.worlds.worlds));
  const layout = { provenance, leftOut, mini };
  return {
    judged,
    table: scorecardTable(judged, { ...layout, caption: "Scorecard: the paper's claims, and what came out here" }),
    effects: effectsTable(judged, { ...layout, caption: "Scorecard: every difference that a claim rests on" }),
    counts: countVerdicts(judged),
  };
}

/** What was kept of an experiment, a world for each profile, as a scorecard judges by it. */
export function worldsOf(experiment: string, profiles: readonly string[], from: Destination): WorldResults[] {
  return worldsKept(experiment, profiles, from).worlds.map(({ results }) => results);
}

/** What was kept of one world. */
interface WorldKept {
  readonly results: WorldResults;
  /** What it was kept under, and where; of what was just made no profile, and "this run". */
  readonly profile: string;
  readonly place: string;
}

/** What may be judged together, and a sentence for whatever may not. */
interface WorldsKept {
  readonly worlds: readonly WorldKept[];
  readonly leftOut: readonly string[];
  /** A sentence for each file beside one's own that cannot be read. */
  readonly broken: readonly string[];
}

/**
 * What each profile keeps of an experiment, where it may be pooled with the first: the same settings, in another world.
 * @param own the first, where it is not one that was kept. What is broken beside it is left out: it would withhold what was just made
 */
function worldsKept(id: string, profiles: readonly string[], from: Destination, own?: Kept): WorldsKept {
  const worlds: WorldKept[] = own === undefined ? [] : [{ results: worldOf(own), profile: "", place: "this run" }];
  const [leftOut, broken]: [string[], string[]] = [[], []];
  let first = own?.settings;
  for (const profile of profiles) {
    const folder = keptFolder(id, profile, from);
    const found = own === undefined ? readKept(folder) : readOrSay(folder, broken);
    if (found === undefined) continue;
    first ??= found.settings;
    const [results, place] = [worldOf(found), placeOf(folder)];
    const keys = differingSettings(found.settings, first).filter((key) => !key.startsWith("the "));
    const same = worlds.some((one) => one.results.world === results.world);
    if (keys.length > 0) leftOut.push(`Left out: ${place}, made with other settings (${keys.join(", ")}).`);
    else if (same) leftOut.push(`Left out: ${place}, of a world that stands in already.`);
    else worlds.push({ results, profile, place });
  }
  return { worlds, leftOut, broken };
}

/** Whether all numbers are of mini-worlds. */
function ofMiniWorlds(worlds: readonly WorldKept[]): boolean {
  const names = worlds.flatMap(({ results }) => results.measurements.map(({ dataset }) => dataset));
  return names.length > 0 && names.every(isMiniWorld);
}

function pooledOver(claims: readonly Claim[], { worlds }: WorldsKept): PooledClaim[] {
  const results = worlds.map((one) => one.results);
  return claims.map((claim) => judgeOver(claim, results));
}

/** The worlds that some claim is judged over. */
function entered(judged: readonly PooledClaim[], { worlds }: WorldsKept): readonly WorldKept[] {
  const isOut = ({ notes }: PooledClaim, { results }: WorldKept): boolean =>
    notes.some(({ world, how }) => world === results.world && how === "left out");
  return worlds.filter((one) => judged.some((pooled) => !isOut(pooled, one)));
}

/** A sentence for each world and whatever keeps it out of claims; of which of them, unless of all. */
function worldSentences(judged: readonly PooledClaim[], { worlds }: WorldsKept): string[] {
  return worlds.flatMap(({ results, place }) => {
    const own = judged.flatMap(({ claim, notes }) =>
      notes.filter(({ world }) => world === results.world).map((note) => ({ ...note, says: claim.says })),
    );
    return [...groupBy(own, ({ how, reason }) => `${how}: ${reason}`).values()].flatMap(([first, ...others]) => {
      if (first === undefined) return [];
      const said = [first, ...others].map(({ says }) => `“${says}”`);
      const of = said.length === judged.length ? "" : ` of ${said.join(", ")}`;
      return [`${first.how.charAt(0).toUpperCase()}${first.how.slice(1)}${of}: ${place}, ${first.reason}.`];
    });
  });
}

function readOrSay(folder: string, broken: string[]): Kept | undefined {
  try {
    return readKept(folder);
  } catch (error) {
    broken.push(`Left out: ${placeOf(folder)}, which cannot be read. ${messageOf(error)}`);
    return undefined;
  }
}

/** An experiment's claims, judged by what a run shows and by the worlds that the record has beside it; `undefined` where there are none. */
export function verdictsOf({ id, title, claims = [] }: Experiment, own: Kept): ResultTable | undefined {
  if (claims.length === 0) return undefined;
  const kept = worldsKept(id, profilesKept(id, "record"), "record", own);
  const judged = pooledOver(claims, kept);
  const provenance = { experiment: id, worlds: String(entered(judged, kept).length) };
  const leftOut = [...kept.broken, ...worldSentences(judged, kept)];
  const caption = `${title}: what the paper claims, and what came out here`;
  return scorecardTable(judged, { caption, provenance, rule: false, leftOut, mini: ofMiniWorlds(kept.worlds) });
}

/** The profiles that something may be kept of an experiment under. Whatever else lies there is none of ours. */
function profilesKept(experiment: string, where: Destination): string[] {
  const folder = path.join(rootOf(where), experiment);
  if (!isFolder(folder)) return [];
  return fs.readdirSync(folder).filter((name) => isSlug(name) && isFolder(path.join(folder, name))).sort(); // prettier-ignore
}

/** Writes tables, figure and a page that begins with the rule; a figure of before goes where there is nothing to draw. @returns the files */
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
  if (figure !== undefined) files.push(...(await exportFigure(figure, folder, PLOT)));
  else for (const end of ["svg", "png", "html"]) fs.rmSync(path.join(folder, `${PLOT}.${end}`), { force: true });
  const page = path.join(folder, "README.md");
  const plain = { ...table, notes: table.notes.filter((note) => note !== VERDICT_RULE) };
  const parts = ["# Scorecard", `${counts}.`, `**The rule.** ${VERDICT_RULE}`, toMarkdown(plain).trimEnd()];
  const drawn = figure === undefined ? [] : [`![effects here and in the paper](${PLOT}.svg)`];
  writeFileAtomic(page, `${[...parts, ...drawn].join("\n\n")}\n`);
  return [...files, page];
}
