import { setTimeout as delay } from "node:timers/promises";
import { LabError, required } from "../core/errors";
import { inLanes } from "../core/lanes";
import { check, type Progress } from "../core/progress";
import type { Dataset } from "../data/dataset";
import { together } from "../report/display/together";
import { asWhole } from "../report/display/whole";
import { findFinished, makeOnce, parsed, takeByKey, takeChecked, type Finished } from "../store/store";
import { openDataset } from "./datasets";
import { requireFit } from "./fit";
import { requireSame, requireServed } from "./given";
import { notBuilt, requireBuilt } from "./missing";
import { makerHere } from "./provenance";
import { inOrder, refsIn, requireAble, workOf } from "./stage";
import type { Executor, Given, LabContext, Ref, Stage, StageRef, Workbench } from "./stage";

/** What goes with the making of stages, beside the context's progress. None of it decides a number. */
export interface Watch {
  /** Stands in front of what progress calls a stage, to tell it from others of its label. */
  readonly prefix?: (stage: Stage) => string;
  /** Where a stage, called as progress calls it, reports besides. */
  readonly besides?: (stage: Stage) => readonly Progress[];
  /** Called when a stage was made or taken from the store. */
  readonly made?: (stage: Stage, finished: Finished<unknown>) => Promise<void> | void;
  /** Told of a stage that failed; what needs it is not made, and all else is. Without it the first failure ends the work. */
  readonly failed?: (stage: Stage, error: unknown) => void;
}

/** Makes a stage and all that it needs, each once for its key: what is in the store is taken from there. */
export async function make<R>(context: LabContext, stage: Stage<R>, watch: Watch = {}): Promise<Finished<R>> {
  const finished = required(
    (await makeAll(context, [stage], watch)).get(stage.key),
    () => new RangeError(`make: ${stage.label} was not made`),
  );
  return { ...finished, result: stage.kind.parse(finished.result) };
}

/**
 * Makes stages and all that they need, each once for its key, as many side by side as there are workers. What comes out does not depend
 * on how many there are, nor on which is ready first.
 * @returns what was made, by key
 * @throws the error of the first stage that failed, when those beside it have kept what they had done, unless `watch` takes failures
 */
export async function makeAll(
  context: LabContext,
  stages: readonly Stage[],
  watch: Watch = {},
): Promise<ReadonlyMap<string, Finished<unknown>>> {
  const graph = inOrder(stages);
  await requireReady(context, graph);
  const made = new Map<string, Finished<unknown>>();
  const kinds = graph.map(({ kind }) => kind.kind);
  const whole = asWhole(context.progress, "all stages", kinds);
  const makeable = (stage: Stage): boolean => stage.needs.every(({ key }) => made.has(key));
  try {
    await inLanes(graph, { lanes: lanesOf(context), signal: context.signal }, async (stage, signal) => {
      const place = graph.indexOf(stage);
      if (!makeable(stage)) {
        whole.drop(place); // something that it needs has failed
        return;
      }
      const prefix = watch.prefix?.(stage) ?? "";
      const named = { ...stage, label: prefix + stage.label };
      const progress = together(prefixed(whole.begin(place), prefix), ...(watch.besides?.(named) ?? []));
      const one = { ...context, signal, progress };
      let finished: Finished<unknown>;
      try {
        const { executor } = one;
        finished =
          executor === undefined
            ? await makeOne(one, named, await foldersFor(one, named, made))
            : await makeElsewhere(executor, one, named);
      } catch (error) {
        if (watch.failed === undefined || signal.aborted) throw error;
        whole.drop(place);
        watch.failed(named, error);
        return;
      }
      made.set(stage.key, finished);
      whole.end(place, finished.seconds);
      await watch.made?.(named, finished);
    });
  } finally {
    whole.finish();
  }
  return made;
}

/**
 * Makes sure that the models which stages work with are there, the servers of those that are to be made answer, and each is fit for what it is asked.
 * @param how.fresh all of them are to be made, whatever is in the store
 * @throws LabError that names one that is not or does not
 */
export async function requireReady(
  { store, signal }: Pick<LabContext, "store" | "signal">,
  stages: readonly Stage[],
  { fresh = false }: { readonly fresh?: boolean | undefined } = {},
): Promise<void> {
  await requireServed(fresh ? stages : unmade(store, stages), signal);
  await requireFit(stages);
  requireBuilt(notBuilt(stages));
}

/** Those of some stages that are not in a store. */
export function unmade(store: string, stages: readonly Stage[]): Stage[] {
  return stages.filter((stage) => findFinished(store, workOf(stage)) === undefined);
}

/** How many stages are made at a time. */
function lanesOf({ workers, executor }: LabContext): number {
  return executor?.lanes ?? workers?.size ?? 1;
}

/** Tasks that do not say for whom they are do so. */
function prefixed(progress: Progress, prefix: string): Progress {
  return {
    start: (label, ...rest) => progress.start(label.startsWith(prefix) ? label : prefix + label, ...rest),
  };
}

/** Where the sources of a stage lie, for who looks at what it works on; what it needs is made. */
export async function sourcesOf(context: LabContext, stage: Stage): Promise<Workbench["place"]> {
  requireAble([stage]);
  const folders = await foldersFor(context, stage, await makeAll(context, stage.needs));
  return (ref) => placeIn(folders, ref);
}

/** The folders of the stages that a stage's inputs name, by key; those that are named by their key alone must be in the store. */
async function foldersFor(
  context: LabContext,
  { inputs }: Stage,
  made: ReadonlyMap<string, Finished<unknown>>,
): Promise<ReadonlyMap<string, string>> {
  const folders = new Map<string, string>();
  for (const ref of refsIn(inputs)) folders.set(ref.key, made.get(ref.key)?.folder ?? (await takeRef(context, ref)));
  return folders;
}

function placeIn(folders: ReadonlyMap<string, string>, ref: Ref): string {
  if ("given" in ref) return ref.at;
  return required(folders.get(ref.key), () => new RangeError(`the stage "${ref.stage}" is none of the inputs`));
}

/** The folder of a stage that is named by its key alone, as in a description from elsewhere. @throws LabError where it was not made */
async function takeRef(context: LabContext, { stage, key }: StageRef): Promise<string> {
  const folder = await takeByKey(context, stage, key);
  if (folder !== undefined) return folder;
  throw new LabError(`needs the stage "${stage}" (${key.slice(0, 10)}), which was not made`, "Make it first.", {
    subject: "a stage",
  });
}

/**
 * Makes a stage here, unless it is in the store. Its models may have been replaced since it was described, as by `base build` beside an open
 * notebook: what they would make now must not be kept under the key of what they were.
 * @param folders of the stages that it needs, by key
 */
function makeOne<R>(context: LabContext, stage: Stage<R>, folders: ReadonlyMap<string, string>): Promise<Finished<R>> {
  const { kind, inputs, label } = stage;
  return makeOnce(context, workOf(stage), {
    parse: (result) => kind.parse(result),
    by: makerHere,
    ...(kind.scraps === undefined ? {} : { scraps: kind.scraps }),
    run: (folder, signal) => {
      requireSame(stage);
      const own = { ...context, signal };
      return kind.run(inputs, { folder, label, context: own, dataset: openGiven, place: (ref) => placeIn(folders, ref) }); // prettier-ignore
    },
  });
}

/** Takes a stage from the store, where another machine puts it if it is not there. */
async function makeElsewhere(executor: Executor, context: LabContext, stage: Stage): Promise<Finished<unknown>> {
  const take = async (cached: boolean): Promise<Finished<unknown> | undefined> => {
    const record = await takeChecked(context, workOf(stage));
    return record === undefined ? undefined : { ...record, result: parsed(record, stage.kind), cached };
  };
  const there = await take(true);
  if (there !== undefined) return there;
  await executor.make(stage, context);
  const asked = performance.now();
  do {
    check(context.signal);
    const finished = await take(false);
    if (finished !== undefined) return finished;
    await delay(500);
  } while (performance.now() - asked < 1000 * executor.settleSeconds);
  throw new LabError(
    `was made by ${executor.name}, and is not in the store of this machine (${context.store})`,
    "The store must be one folder for all of them: on shared storage, by the path that they have for it.",
    { subject: stage.label },
  );
}

/** The dataset of a reference. @throws LabError when what lies there now is not what the stage was described with */
export async function openGiven(ref: Given): Promise<Dataset> {
  const dataset = await openDataset(ref.at);
  if (dataset.fingerprint === ref.fingerprint) return dataset;
  throw new LabError("has changed since this work was described", "Run the experiment again from its start.", {
    subject: ref.at,
  });
}
