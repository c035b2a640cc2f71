import * as path from "node:path";
import { ROOT } from "./load";
import { requireSlug } from "./slug";

/** Where recorded tables, figures and run records lie: results/, or the folder that FINE_R1_RESULTS names. */
export function resultsRoot(): string {
  return folderNamedBy("FINE_R1_RESULTS", "results");
}

/** Where one's own work is kept: runs/, or the folder that FINE_R1_RUNS names. */
export function runsRoot(): string {
  return folderNamedBy("FINE_R1_RUNS", "runs");
}

/** runs/store: every stage of every experiment. */
export function storeFolder(): string {
  return path.join(runsRoot(), "store");
}

/** runs/<experiment>/<profile>: the tables and figures of one's own runs. */
export function reportFolder(experiment: string, profile: string): string {
  return path.join(runsRoot(), ...slugs(experiment, profile));
}

/** results/<experiment>/<profile>: what was recorded. Written when a record is asked for, and never else. */
export function recordFolder(experiment: string, profile: string): string {
  return path.join(resultsRoot(), ...slugs(experiment, profile));
}

/** The path from a folder, the project's root where none is named, with forward slashes on every system. */
export function projectPath(file: string, root = ROOT): string {
  return path.relative(root, file).split(path.sep).join("/");
}

/** A file or folder as a reader knows it: by its place in the project, or, outside it, by its whole path. */
export function placeOf(file: string): string {
  const relative = projectPath(file);
  return relative.startsWith("..") || path.isAbsolute(relative) ? file : relative;
}

/** An empty variable is an unset one, as shells leave it behind, and not the folder that one stands in. */
function folderNamedBy(variable: string, otherwise: string): string {
  const given = process.env[variable] ?? "";
  return given === "" ? path.join(ROOT, otherwise) : path.resolve(given);
}

function slugs(experiment: string, profile: string): [string, string] {
  return [requireSlug(experiment, "an experiment"), requireSlug(profile, "a profile")];
}
