import { described } from "../described";
import type { Describable, Experiment } from "../experiment";
import type { Profile } from "../profile";
import { planRun, requireRows, stagesOf, type Selection } from "../run";
import { assumed } from "./assumptions";
import type { DataSize } from "./sizes";
import { reckon } from "./work";
import type { Basis, Work } from "./workOfKinds";

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
  /** What methods are described from: one that is open, where everything is there, so that stages have the keys that they have in the store. */
  readonly lab?: Describable | undefined;
}

/**
 * Reckons what an experiment takes. Nothing needs to be there but its profile: models that are not are taken by their published form.
 * @throws LabError where it has no row, as a run of it would
 */
export function planExperiment(
  profile: Profile,
  experiment: Experiment,
  data: DataSize,
  { assume = {}, lab = described(profile), ...selection }: PlanOptions = {},
): Plan {
  const basis = { profile, data, assumed: assumed(assume) };
  const planned = planRun(lab, experiment, selection);
  requireRows(lab, experiment, planned);
  const reckoned = stagesOf(planned).map((stage) => ({ stage, work: reckon(basis, stage) }));
  return {
    ...basis,
    experiment: experiment.id,
    methods: [...new Set(planned.map(({ method }) => method.title))],
    works: reckoned.flatMap(({ work }) => work ?? []),
    unknown: reckoned.flatMap(({ stage, work }) => (work === undefined ? [stage.label] : [])),
  };
}
