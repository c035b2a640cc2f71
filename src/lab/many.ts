import { listFinished, type FinishedRecord } from "../store/store";
import type { Experiment } from "./experiment";
import type { Lab } from "./lab";
import { makeAll } from "./make";
import type { Profile } from "./profile";
import { requirePictures } from "./pictures";
import { planRun, seedsOf, stagesOf, type PlannedMethod, type Selection } from "./run";
import { inOrder, workOf, type LabContext, type Stage } from "./stage";

/** Several experiments, in several profiles, as one piece of work: what two of them need is made once. */

/** An experiment in a profile: what it would make. */
export interface PlannedExperiment {
  readonly lab: Lab;
  readonly experiment: Experiment;
  readonly seeds: readonly number[];
  readonly plan: readonly PlannedMethod[];
}

/** The seeds that the record of an experiment needs, from the profile's own on. */
export function recordSeeds({ seeds = 3 }: Pick<Experiment, "seeds">, { seed }: Pick<Profile, "seed">): number[] {
  return Array.from({ length: seeds }, (_, i) => seed + i);
}

/**
 * Describes every experiment in every profile, without those that have no row in one. Nothing is computed.
 * @param selection as for one run; default: each record's own seeds
 */
export function planMany(
  labs: readonly Lab[],
  experiments: readonly Experiment[],
  { seeds, only }: Selection = {},
): PlannedExperiment[] {
  return labs.flatMap((lab) =>
    experiments.flatMap((experiment) => {
      const own = seeds ?? recordSeeds(experiment, lab.profile);
      const plan = planRun(lab, experiment, { seeds: own, only });
      return plan.length === 0 ? [] : [{ lab, experiment, seeds: own, plan }];
    }),
  );
}

/** Every stage of several experiments once, in an order in which they can be made. */
export function stagesOfMany(planned: readonly PlannedExperiment[]): Stage[] {
  return inOrder(planned.flatMap(({ plan }) => stagesOf(plan)));
}

/** What becomes of the experiments while their stages are made. */
export interface Outcome {
  /** Called for each once all of its stages are there. */
  readonly done: (one: PlannedExperiment) => Promise<void>;
  /** Told of each that cannot be made, with the first error that it met; the others go on. */
  readonly failed: (one: PlannedExperiment, error: unknown) => void;
}

/** Makes the stages of several experiments side by side, each once; what is in the store is taken from there. */
export async function makeMany(
  context: LabContext,
  planned: readonly PlannedExperiment[],
  { done, failed }: Outcome,
): Promise<void> {
  for (const lab of new Set(planned.map((one) => one.lab))) {
    await requirePictures(lab, stagesOfMany(planned.filter((one) => one.lab === lab)));
  }
  const waiting = new Map(planned.map((one) => [one, new Set(stagesOf(one.plan).map(({ key }) => key))]));
  const fail = (one: PlannedExperiment, error: unknown): void => {
    waiting.delete(one);
    failed(one, error);
  };
  await makeAll(context, stagesOfMany(planned), {
    prefix: prefixes(planned),
    made: async ({ key }) => {
      const whole = [...waiting].filter(([, keys]) => keys.delete(key) && keys.size === 0);
      for (const [one] of whole) {
        waiting.delete(one);
        try {
          await done(one);
        } catch (error) {
          failed(one, error);
        }
      }
    },
    failed: ({ key }, error) => {
      for (const [one, keys] of [...waiting]) if (keys.has(key)) fail(one, error);
    },
  });
}

/** "mini-2, seed 2, " in front of what only one of several profiles and of several seeds asks for. */
function prefixes(planned: readonly PlannedExperiment[]): (stage: Stage) => string {
  const labs = [...new Set(planned.map(({ lab }) => lab))];
  const told = new Map<string, string>();
  for (const lab of labs) {
    const plan = planned.filter((one) => one.lab === lab).flatMap((one) => one.plan);
    const ofSeed = seedsOf(plan);
    const ofProfile = labs.length > 1 ? `${lab.profile.name}, ` : "";
    for (const stage of stagesOf(plan)) told.set(stage.key, ofProfile + ofSeed(stage));
  }
  return ({ key }) => told.get(key) ?? "";
}

/** How much of an experiment is there, and how much is to be made. */
export interface Tally {
  readonly one: PlannedExperiment;
  readonly stages: number;
  /** Those that are in the store. */
  readonly there: number;
  /** Those that are not and that no experiment before it in the list makes. */
  readonly toMake: readonly Stage[];
  /** Expected to go into them, by what is in the store; of a kind that it does not have nothing is known. */
  readonly seconds: number | undefined;
}

/** What there is of several experiments, and what is left to do. @param how.fresh all is to be made, whatever is in the store */
export function tallyOf(
  store: string,
  planned: readonly PlannedExperiment[],
  { fresh = false }: { readonly fresh?: boolean | undefined } = {},
): Tally[] {
  const finished = listFinished(store);
  const there = new Set(fresh ? [] : finished.map(({ key }) => key));
  const expected = expectation(finished);
  const counted = new Set<string>();
  return planned.map((one) => {
    const stages = stagesOf(one.plan);
    const toMake = stages.filter(({ key }) => !there.has(key) && !counted.has(key));
    for (const { key } of toMake) counted.add(key);
    const seconds = toMake.map(expected);
    return {
      one,
      stages: stages.length,
      there: stages.filter(({ key }) => there.has(key)).length,
      toMake,
      seconds: seconds.includes(undefined) ? undefined : seconds.reduce<number>((sum, each) => sum + (each ?? 0), 0),
    };
  });
}

/** A stage's own time where it was made before; else the mean of the finished stages of its kind: of those on its dataset, where there are some. */
function expectation(finished: readonly FinishedRecord[]): (stage: Stage) => number | undefined {
  const took = new Map<string, { sum: number; count: number }>();
  const names = ({ kind, inputs }: { readonly kind: string; readonly inputs: unknown }): [string, string] => {
    const dataset = typeof inputs === "object" && inputs !== null && "dataset" in inputs ? inputs["dataset"] : null;
    return [`${kind} ${JSON.stringify(dataset)}`, kind];
  };
  for (const record of finished) {
    for (const name of names(record)) {
      const { sum, count } = took.get(name) ?? { sum: 0, count: 0 };
      took.set(name, { sum: sum + record.seconds, count: count + 1 });
    }
  }
  const own = new Map(finished.map(({ key, seconds }) => [key, seconds]));
  return (stage) => {
    const known = own.get(stage.key);
    if (known !== undefined) return known;
    const best = names(workOf(stage))
      .map((name) => took.get(name))
      .find((one) => one !== undefined);
    return best === undefined ? undefined : best.sum / best.count;
  };
}
