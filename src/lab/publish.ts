import * as path from "node:path";
import { projectPath } from "../config/places";
import { removeQuietly } from "../core/files";
import { sweepLeftovers } from "../core/leftovers";
import { engineOf } from "../model/open";
import { exportFigure } from "../report/figure/export";
import { publishedTable } from "../report/published/published";
import { exportTable } from "../report/table/export";
import type { ResultTable } from "../report/table/table";
import { exportView, type View } from "../report/viewPage";
import type { Experiment, Sight } from "./experiment";
import { layOut, ownParts, withRemark, type Findings } from "./findings";
import { gather, keptFolder, keptOf, writeKept, type Destination } from "./kept";
import type { Lab } from "./lab";
import { caseSource, lookAtChains } from "./look";
import { RUN_RECORD, startRun, type OpenRun } from "./provenance";
import { dueKeys, type MadeMethod } from "./run";

/** Findings, and the files that hold them. */
export interface Published extends Findings {
  readonly files: readonly string[];
  readonly folder: string;
}

/** Writes tables, figures, measurements and the run record of a finished run. */
export async function publish(
  lab: Lab,
  experiment: Experiment,
  made: readonly MadeMethod[],
  run: OpenRun,
  { destination = "report", set = {} }: { destination?: Destination; set?: Readonly<Record<string, unknown>> } = {},
): Promise<Published> {
  const folder = keptFolder(experiment.id, lab.profile.name, destination);
  sweepLeftovers(folder); // a run may have been killed while it wrote here
  const gathered = gather(experiment.id, lab, await ownParts(made), destination, dueKeys(lab, experiment));
  const findings = await withRemark(layOut(lab, experiment, made, gathered, set));
  const { tables, comparison, results } = findings;
  removeQuietly(path.join(folder, RUN_RECORD)); // until the new files are whole, none vouches for them
  const files = [
    ...writeKept(folder, keptOf(gathered, destination)),
    ...[...tables, ...papersOf(experiment)].flatMap(([name, table]) => exportTable(table, folder, name)),
    ...(comparison === undefined || destination === "record"
      ? []
      : exportTable(comparison.table, folder, "comparison")),
  ];
  for (const spec of experiment.figures) {
    const figure = spec.draw(results);
    if (figure !== undefined) files.push(...(await exportFigure(figure, folder, spec.name)));
  }
  for (const [name, view] of await viewsOf(lab, experiment, made)) files.push(...exportView(view, folder, name));
  return { ...findings, folder, files: [...files, await run.finish(folder, files, lab)] };
}

/** The paper's tables that an experiment has rows of, whole, under the names of their files. */
export function papersOf({ published = [] }: Pick<Experiment, "published">): Map<string, ResultTable> {
  return new Map(published.map(({ table }) => [`paper-${table}`, publishedTable(table)]));
}

/** An experiment's views of what was made, by their names: of several seeds the first trained one. */
export async function viewsOf(
  lab: Lab,
  { views = [] }: Pick<Experiment, "views">,
  made: readonly MadeMethod[],
): Promise<Map<string, View>> {
  const seed = made.find(({ method }) => !("given" in method.model))?.seed ?? lab.profile.seed;
  const shown = made.filter(({ method, seed: own }) => "given" in method.model || own === seed);
  const sight: Sight = {
    recipe: lab.recipe(seed),
    dataset: lab.dataset,
    cases: (setting) =>
      caseSource(
        lab,
        shown.filter(({ answers }) => answers.has(setting)),
        setting,
      ),
    chains: (stage) => lookAtChains(lab, stage),
  };
  const drawn = new Map<string, View>();
  for (const { name, draw } of views) {
    const view = await draw(sight);
    if (view !== undefined) drawn.set(name, view);
  }
  return drawn;
}

/** Begins the record of a run. */
export function beginRun(lab: Lab, experiment: Experiment, seeds: readonly number[]): OpenRun {
  const { profile } = lab;
  const recipe = lab.recipe(profile.seed);
  const { teacher } = profile.cot;
  const further = (experiment.models ?? []).flatMap((part) => recipe.models[part] ?? []);
  const models = Object.entries(profile.models ?? {}).map(([part, at]) => [part, at && fromProject(at)]);
  return startRun({
    experiment: experiment.id,
    profile: profile.name,
    // as its file states it: folders from the project's root, so that a record reads alike on every machine
    config: {
      ...profile,
      base: fromProject(profile.base),
      encoder: fromProject(profile.encoder),
      cot: { ...profile.cot, ...(teacher === undefined ? {} : { teacher: fromProject(teacher) }) },
      models: Object.fromEntries(models) as unknown,
    },
    seeds,
    inputs: [
      recipe.dataset,
      ...[recipe.base, recipe.encoder, ...(recipe.teacher === undefined ? [] : [recipe.teacher]), ...further].map(
        (model) => ({ ...model, at: fromProject(model.at) }),
      ),
    ],
  });
}

/** A model as a profile names it: its path from the project's root, where it has one. */
function fromProject(at: string): string {
  const { engine, prefix, where } = engineOf(at);
  return engine.takes === "path" ? prefix + projectPath(where) : at;
}
