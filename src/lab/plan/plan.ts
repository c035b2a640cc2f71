import type { Experiment, Recipe } from "../experiment";
import type { Lab } from "../lab";
import { FURTHER_MODELS, type Profile } from "../profile";
import { chooseMethods, planMethod, stagesOf, type PlannedMethod, type Selection } from "../run";
import type { Given } from "../stage";
import { assumed } from "./assumptions";
import type { DataSize } from "./sizes";
import { reckon, type Basis, type Work } from "./work";

/** What an experiment's stages come to, wherever they are run. */
export interface Plan extends Basis {
  readonly experiment: string;
  readonly methods: readonly string[];
  readonly works: readonly Work[];
  /** Stages that are not reckoned, by their labels. */
  readonly unknown: readonly string[];
}

/** What is planned, and how. */
export interface PlanOptions extends Selection {
  /** Assumptions with other values, by their names. */
  readonly assume?: Readonly<Record<string, number>> | undefined;
  /** Where everything is there: stages then have the keys that they have in the store. */
  readonly lab?: Pick<Lab, "recipe"> | undefined;
}

/** Reckons what an experiment takes. Nothing needs to be there but its profile: models that are not are taken by their published form. */
export function planExperiment(
  profile: Profile,
  experiment: Experiment,
  data: DataSize,
  { assume = {}, lab, ...selection }: PlanOptions = {},
): Plan {
  const basis = { profile, data, assumed: assumed(assume) };
  const planned = describeAnywhere(profile, experiment, selection, lab);
  const reckoned = stagesOf(planned).map((stage) => ({ stage, work: reckon(basis, stage) }));
  return {
    ...basis,
    experiment: experiment.id,
    methods: [...new Set(planned.map(({ method }) => method.title))],
    works: reckoned.flatMap(({ work }) => work ?? []),
    unknown: reckoned.flatMap(({ stage, work }) => (work === undefined ? [stage.label] : [])),
  };
}

/** The chosen methods of an experiment, whether or not anything that its profile names is there. */
export function describeAnywhere(
  profile: Profile,
  experiment: Experiment,
  { seeds = [profile.seed], only }: Selection = {},
  lab: Pick<Lab, "recipe"> = described(profile),
): PlannedMethod[] {
  return seeds.flatMap((seed, i) =>
    chooseMethods(experiment.methods(lab.recipe(seed)), experiment, only)
      .filter(({ model }) => i === 0 || !("given" in model))
      .map((method) => planMethod(lab, experiment, method, seed)),
  );
}

/** What methods are described from where files may be missing: the places stand for the contents. */
function described(profile: Profile): Pick<Lab, "recipe"> {
  const at = <K extends Given["given"]>(given: K, place: string) => ({ given, at: place, fingerprint: place });
  const models = FURTHER_MODELS.flatMap(({ part, given }) => {
    const place = profile.models?.[part];
    return typeof place === "string" ? [[part, at(given, place)] as const] : [];
  });
  const { teacher } = profile.cot;
  const { mining } = profile;
  return {
    recipe: (seed): Recipe => ({
      dataset: at("dataset", profile.dataset),
      base: at("checkpoint", profile.base),
      encoder: at("encoder", profile.encoder),
      ...(mining === undefined ? {} : { miner: at("encoder", mining) }),
      similarity: at("encoder", profile.similarity ?? profile.encoder),
      ...(teacher === undefined ? {} : { teacher: at("checkpoint", teacher) }),
      models: Object.fromEntries(models),
      profile,
      seed,
    }),
  };
}
