import * as path from "node:path";
import { loadBackend } from "../core/backend";
import { LabError } from "../core/errors";
import { readJsonl } from "../core/files";
import { METRICS_FILE, parseStepFigures } from "../engine/metrics";
import type { PlotlyFigure } from "../report/figure/figure";
import type { CaptionedImage } from "../report/figure/strip";
import { interruptSignal } from "../report/display/interrupt";
import type { NotebookKernel } from "../report/display/kernel";
import { notebook, type Notebook, type Shown } from "../report/display/notebook";
import type { LiveCurves } from "../report/display/curves";
import type { HtmlView } from "../report/display/view";
import { runCurves } from "../report/figures";
import type { ResultTable } from "../report/table/table";
import type { Finished } from "../store/store";
import { readWorkers } from "../workers/count";
import { openWorkers } from "../workers/open";
import { seedOf, withoutUnfit, type Experiment, type Method } from "./experiment";
import { findingsOf, type Findings } from "./findings";
import { partKey } from "./kept";
import { labOf, type Lab } from "./lab";
import { loadProfile } from "./profile";
import { beginRun, papersOf, publish } from "./publish";
import { make, type Watch } from "./make";
import { readSeeds, type Parameters } from "./parameters";
import { chooseRows, figuresHere, onceEach, viewsHere } from "./reproduce";
import { chooseMethods, makeMethods, planMethod, planRun, requireRows, type MadeMethod } from "./run";
import { verdictsOf } from "./scorecard";
import type { Executor, Stage } from "./stage";

/** What a run in a notebook made, and what it says. */
export interface NotebookRun extends Findings {
  readonly experiment: Experiment;
  readonly made: readonly MadeMethod[];
  /** The experiment's own table. */
  readonly table: ResultTable;
  /** By the names of the experiment's specs. */
  readonly figures: ReadonlyMap<string, PlotlyFigure>;
  readonly views: ReadonlyMap<string, HtmlView>;
  /** The paper's own tables, whole, such as "paper-table1": rows of other models included. */
  readonly papers: ReadonlyMap<string, ResultTable>;
  /** What the paper claims, with verdicts over this world and those that the record has beside it; `undefined` where it claims nothing. */
  readonly verdicts: ResultTable | undefined;
  /** A method that this run made, by its name. @throws RangeError for another */
  of(name: string): MadeMethod;
}

/** The lab that a notebook holds: progress, curves and the stop button come with it. */
export interface NotebookLab extends Lab {
  /** Shows tables, figures and views below the cell; nothing for one that there is not, such as figures of curves where nothing was trained. */
  show(...shown: readonly (Shown | undefined)[]): Promise<void>;
  /** Shows pictures side by side with their captions. */
  showImages(
    pictures: readonly CaptionedImage[],
    options: { title: string; columns?: number; size?: number },
  ): Promise<void>;
  /** A method of an experiment, with the profile's seed unless another is given. Change it with `variant`. */
  method(experiment: Experiment, name: string, seed?: number): Method;
  /** Makes a stage and what it needs, or takes it from the store; training shows its curves as they grow. */
  make<R>(stage: Stage<R>): Promise<Finished<R>>;
  /** Trains a method. @returns a line on what was done */
  train(method: Method): Promise<string>;
  /**
   * Trains, asks and measures methods; whatever is in the store is taken from there, and rows that are not made here are shown
   * from the record. @param methods as earlier cells left them; default: the experiment's usual ones
   */
  run(experiment: Experiment, methods?: readonly Method[]): Promise<NotebookRun>;
  /**
   * An experiment as it is recorded: every row, with several seeds. What is finished is taken from the store, what is neither there
   * nor recorded is made here; with `rerun` every row is.
   * @param more rows of one's own beside them, such as a `variant`
   */
  reproduce(
    experiment: Experiment,
    how: Pick<Parameters, "seeds" | "rerun">,
    more?: readonly Method[],
  ): Promise<NotebookRun>;
  /**
   * Writes a run's tables and figures to runs/<experiment>/<profile>, beside its rows those that this lab has made of the same experiment: an
   * ablation of one's own, too, which a later cell made. @returns the files
   */
  export(run: NotebookRun): Promise<readonly string[]>;
}

/** The figures of training that are worth watching, by the kind of stage. */
const WATCHED: Readonly<Record<string, readonly string[]>> = {
  sft: ["loss"],
  rl: ["reward", "accuracy", "entropy", "klNegative"],
};

export interface NotebookOptions {
  readonly profile?: string;
  /** Dotted keys that replace the profile's, such as `{ "rl.n1": 8 }`. */
  readonly set?: Readonly<Record<string, unknown>>;
  /** How many processes share the work, "auto" for one on each core; default: what FINE_R1_WORKERS says, else "auto". */
  readonly workers?: string;
  /** Who makes stages instead of this machine, such as `await fr.lab.rayExecutor({ address })`. */
  readonly executor?: Executor;
}

/**
 * Opens the lab of a notebook: `const lab = await openLab(tslab, { profile: "mini" })` after `import * as tslab from "tslab"`.
 * What it computes is shared by worker processes, so that the kernel stays free for the reader.
 */
export async function openLab(
  kernel: NotebookKernel,
  { profile = "mini", set = {}, workers: asked, executor }: NotebookOptions = {},
): Promise<NotebookLab> {
  const nb = notebook(kernel);
  await loadBackend();
  const workers = workersFor(asked);
  const plain = await labOf(loadProfile(profile, set), { progress: nb.liveProgress(), workers, executor });
  /** The same lab with the displays of the cell that is running now. */
  const here = (): Lab => ({ ...plain, progress: nb.liveProgress(), signal: interruptSignal() });

  const rows = rowsOfLab();
  const makeHere = <R>(stage: Stage<R>): Promise<Finished<R>> => make(here(), stage, withCurves(nb, stage));

  return {
    ...plain,
    show: async (...shown) => {
      for (const one of shown) if (one !== undefined) await nb.show(one);
    },
    showImages: (pictures, options) => nb.showImages(pictures, options),
    method: (experiment, name, seed = plain.profile.seed) => {
      const [method] = chooseMethods(experiment.methods(plain.recipe(seed)), experiment, [name]);
      if (method === undefined) throw new RangeError(`method: ${name} was not chosen`);
      return method;
    },
    make: makeHere,
    train: async ({ model, title }) => {
      if ("given" in model) return `${title} is given; nothing to train.`;
      const { seconds, cached } = await makeHere(model);
      return `${title}: ${seconds.toFixed(0)} s${cached ? ", taken from the store" : ""}`;
    },
    run: async (experiment, methods) => {
      const lab = here();
      const { seed } = lab.profile;
      requireSome(experiment, methods);
      const chosen = methods ?? withoutUnfit(chooseMethods(experiment.methods(lab.recipe(seed)), experiment), lab);
      requireRows(lab, experiment, experiment.lacks?.(lab.dataset, lab.profile) === undefined ? chosen : []);
      const planned = chosen.map((method) => planMethod(lab, experiment, method, seedOf(method, seed)));
      const plan = onceEach(experiment, planned);
      return rows.keep(await runOf(lab, experiment, await makeMethods(lab, experiment, plan, withCurves(nb)), set));
    },
    reproduce: async (experiment, { seeds, rerun }, more = []) => {
      const lab = here();
      const plan = planRun(lab, experiment, { seeds: readSeeds(seeds), only: "all" });
      requireRows(lab, experiment, plan);
      const { make: due, leftOut } = chooseRows(lab, experiment, plan, rerun);
      const own = more.map((method) => planMethod(lab, experiment, method, seedOf(method, lab.profile.seed)));
      onceEach(experiment, [...plan, ...own]); // one's own row may bear the name of a recorded one, which is not due
      const once = onceEach(experiment, [...due, ...own]);
      const run = rows.keep(
        await runOf(lab, experiment, await makeMethods(lab, experiment, once, withCurves(nb)), set),
      );
      return { ...run, sentences: [...run.sentences, ...leftOut] };
    },
    export: async (run) => {
      const [{ experiment }, made] = [run, rows.beside(run)];
      const plan = made.map(({ method, seed }) => planMethod(plain, experiment, method, seed));
      const record = beginRun(plain, experiment, [...new Set(made.map(({ seed }) => seed))], plan);
      return (await publish(plain, experiment, made, record, { set })).files;
    },
  };
}

type Rows = Pick<NotebookRun, "experiment" | "made">;

/** What a lab has made of each experiment: of two rows of one name and seed the latest. */
function rowsOfLab() {
  const kept = new Map<string, ReadonlyMap<string, MadeMethod>>();
  const withOwn = ({ experiment, made }: Rows): Map<string, MadeMethod> => {
    const own = made.map((one) => [partKey({ method: one.method.name, seed: one.seed }), one] as const);
    return new Map([...(kept.get(experiment.id) ?? []), ...own]);
  };
  return {
    keep: <R extends Rows>(run: R): R => {
      kept.set(run.experiment.id, withOwn(run));
      return run;
    },
    /** A run's rows, and those of other runs that are called otherwise. */
    beside: (run: Rows): MadeMethod[] => [...withOwn(run).values()],
  };
}

/** @throws LabError for a list without methods */
function requireSome({ id }: Pick<Experiment, "id">, methods: readonly Method[] | undefined): void {
  if (methods?.length !== 0) return;
  const remedy = "Leave it out for the usual rows, or list methods: [lab.method(experiment, name)].";
  throw new LabError("the list of methods to run is empty", remedy, { subject: id });
}

/** The workers of this kernel's labs, by what was asked for. */
const opened = new Map<string, ReturnType<typeof openWorkers>>();

/** One pool for all labs that ask for the same: a cell that is run again starts no more processes, and a lab of before keeps its own. */
function workersFor(asked = process.env["FINE_R1_WORKERS"] ?? ""): ReturnType<typeof openWorkers> {
  const count = String(readWorkers(asked)); // "" and "auto" are the same
  const before = opened.get(count);
  if (before !== undefined) return before;
  const workers = openWorkers(asked, (line) => {
    console.log(line);
  });
  opened.set(count, workers);
  return workers;
}

/** What was made, beside what was not, with all that there is to show of it. */
async function runOf(
  lab: Lab,
  experiment: Experiment,
  made: readonly MadeMethod[],
  set: Readonly<Record<string, unknown>>,
): Promise<NotebookRun> {
  const findings = await findingsOf(lab, experiment, made, set);
  const [table] = findings.tables.values();
  if (table === undefined) throw new RangeError(`run: ${experiment.id} has no table`);
  const of = (name: string): MadeMethod => {
    const found = made.find(({ method }) => method.name === name);
    if (found === undefined) throw new RangeError(`${name} was not made in this run`);
    return found;
  };
  return {
    ...{ ...findings, experiment, made, table, of },
    figures: figuresHere(experiment, lab.profile.name, { made, results: findings.results }),
    views: await viewsHere(lab, experiment, made),
    papers: papersOf(experiment),
    verdicts: verdictsOf(experiment, findings.kept),
  };
}

/**
 * Curves that grow, in a display for each training that is at work. What is taken from the store shows none.
 * @param asked shows its curves wherever it comes from
 */
function withCurves(nb: Notebook, asked?: Stage): Watch {
  const growing = new Map<string, LiveCurves>();
  const optionsFor = ({ label, kind: { kind } }: Stage, only: readonly string[]) => ({
    title: label,
    only,
    ...(kind === "rl" ? { smoothing: 0.6 } : {}),
  });
  return {
    besides: (stage) => {
      const only = WATCHED[stage.kind.kind];
      if (only === undefined) return [];
      const curves = nb.liveCurves(optionsFor(stage, only));
      growing.set(stage.key, curves);
      return [curves];
    },
    made: async (stage, { folder, cached }) => {
      const only = WATCHED[stage.kind.kind];
      if (only === undefined || (cached && stage.key !== asked?.key)) return;
      const steps = readJsonl(path.join(folder, METRICS_FILE), parseStepFigures);
      const panels = only.map((figure) => ({ title: figure, figure }));
      await growing.get(stage.key)?.settle(runCurves([{ title: stage.label, steps }], panels, optionsFor(stage, only)));
    },
  };
}
