import * as fs from "node:fs";
import * as path from "node:path";
import { placeOf, recordFolder } from "../config/places";
import { LabError } from "../core/errors";
import { readText } from "../core/files";
import { html, type HtmlView } from "../report/display/view";
import { chartIn } from "../report/figure/export";
import type { PlotlyFigure } from "../report/figure/figure";
import type { Results } from "../report/standard";
import { listFinished } from "../store/store";
import type { Experiment } from "./experiment";
import { howToGet, notBuilt } from "./missing";
import { gather, partKey } from "./kept";
import type { Lab } from "./lab";
import { viewsOf } from "./publish";
import { dueKeys, keysOf, stagesOf, type MadeMethod, type PlannedMethod } from "./run";

/** What a notebook makes of an experiment, and what it shows of its record. */

/** The rows of a plan that are to be made, and what must be said of others. */
export interface Chosen {
  readonly make: readonly PlannedMethod[];
  /** A sentence where rows are neither made nor recorded. */
  readonly leftOut: readonly string[];
}

/**
 * Chooses what to make. Finished work costs nothing and shows more than a record does; what is in neither must be made.
 * @param rerun whether rows that the record has are made, too
 */
export function chooseRows(lab: Lab, experiment: Experiment, plan: readonly PlannedMethod[], rerun: boolean): Chosen {
  const finished = new Set(listFinished(lab.store).map(({ key }) => key));
  const recorded = recordedRows(lab, experiment);
  const isRecorded = (one: PlannedMethod): boolean => recorded.has(keyOf(one));
  const missing = (one: PlannedMethod) => notBuilt(stagesOf([one]));
  const able = plan.filter((one) => missing(one).length === 0);
  const unable = plan.filter((one) => missing(one).length > 0 && !isRecorded(one));
  const remedies = [...new Set(unable.flatMap(missing).map(howToGet))];
  const names = [...new Set(unable.map(({ method }) => method.title))];
  return {
    make: able.filter((one) => rerun || !isRecorded(one) || stagesOf([one]).every(({ key }) => finished.has(key))),
    leftOut: names.length === 0 ? [] : [`Left out: ${names.join(", ")}. What they need is not there: ${remedies.join("; ")}`], // prettier-ignore
  };
}

/**
 * Each row of a plan once, as somebody lists the same one twice: tables and records know a row by its name and its seed.
 * @throws LabError for two of one name and seed that are not made alike
 */
export function onceEach({ id }: Pick<Experiment, "id">, plan: readonly PlannedMethod[]): PlannedMethod[] {
  const once = new Map<string, PlannedMethod>();
  for (const one of plan) {
    const before = once.get(keyOf(one));
    if (before === undefined) once.set(keyOf(one), one);
    else if (madeFrom(before) !== madeFrom(one)) {
      const reason = `has two rows named "${one.method.name}" that are made in different ways`;
      throw new LabError(reason, "Give one of them another name, as variant does.", { subject: id });
    }
  }
  return [...once.values()];
}

/** What a row is made from, all the way down. */
function madeFrom(planned: PlannedMethod): string {
  const { model } = planned.method;
  return ["given" in model ? model.fingerprint : model.key, ...keysOf(planned)].join(" ");
}

/** The rows that the record has, made with today's settings and code. */
function recordedRows(lab: Lab, experiment: Experiment): Set<string> {
  const nothing = { made: [], measurements: [], outcomes: [] };
  const { recorded } = gather(experiment.id, lab, nothing, "record", dueKeys(lab, experiment));
  return new Set((recorded?.made ?? []).map(partKey));
}

function keyOf({ method: { name }, seed }: PlannedMethod): string {
  return partKey({ method: name, seed });
}

/** An experiment's figures by their names: drawn from what was made here, and the recorded ones where nothing was. */
export function figuresHere(
  { id, figures }: Pick<Experiment, "id" | "figures">,
  profile: string,
  { made, results }: { readonly made: readonly MadeMethod[]; readonly results: Results },
): Map<string, PlotlyFigure> {
  const shown = new Map<string, PlotlyFigure>();
  for (const { name, draw } of figures) {
    const drawn = made.length === 0 ? recordedFigure(id, profile, name) : undefined;
    // curves and planes of components are of what was made: a record keeps them as drawings alone
    const figure = drawn ?? draw(results) ?? recordedFigure(id, profile, name);
    if (figure !== undefined) shown.set(name, figure);
  }
  return shown;
}

function recordedFigure(experiment: string, profile: string, name: string): PlotlyFigure | undefined {
  const page = path.join(recordFolder(experiment, profile), `${name}.html`);
  return fs.existsSync(page) ? chartIn(readText(page)) : undefined;
}

/** An experiment's views by their names: drawn from the answers of what was made here, and where nothing was, where the recorded pages lie. */
export async function viewsHere(
  lab: Lab,
  experiment: Experiment,
  made: readonly MadeMethod[],
): Promise<Map<string, HtmlView>> {
  if (made.length > 0)
    return new Map([...(await viewsOf(lab, experiment, made))].map(([name, { view }]) => [name, view]));
  return new Map(
    (experiment.views ?? []).map(({ name }) => [name, recordedView(experiment.id, lab.profile.name, name)]),
  );
}

function recordedView(experiment: string, profile: string, name: string): HtmlView {
  const page = placeOf(path.join(recordFolder(experiment, profile), `${name}.html`));
  return { html: html`<p>Recorded: <a href="../${page}">${page}</a></p>`, text: `Recorded: ${page}` };
}
