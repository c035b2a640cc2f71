import type { Dataset } from "../data/dataset";
import type { Answer } from "../eval/answers";
import { measure } from "../eval/measure";
import type { Measurement } from "../eval/measurements";
import { chainMetrics, metricNamed, type Metric, type MetricContext, type Setting } from "../eval/metrics";
import { outcomesOf, type Outcomes } from "../eval/outcomes";
import { CHAINS, type Described, type Experiment, type Method } from "./experiment";
import type { Lab } from "./lab";

/** What answers come to by an experiment's metrics. */

/** Answers that were kept, and whose they are. */
export interface KeptAnswers {
  readonly method: Method;
  readonly seed: number;
  readonly setting: Setting;
  readonly answers: readonly Answer[];
  /** SS_relative by the answers' ids. */
  readonly similarity?: ReadonlyMap<string, number> | undefined;
}

/** Measures answers by every metric of an experiment that can be told from them. */
export function score(
  lab: Pick<Lab, "dataset" | "profile">,
  experiment: Pick<Experiment, "metrics">,
  kept: KeptAnswers,
): Measurement[] {
  const { method, seed, setting, answers } = kept;
  const about = { method: method.name, seed, dataset: lab.dataset.name, setting };
  return measure(answers, { ...about, metrics: metricsFor(lab, experiment, kept), context: contextOf(lab, kept) });
}

/** Metrics whose outcomes are kept whatever an experiment claims: the paper's own. */
const COMPARED: readonly string[] = ["accuracy", "similarity"];

/** What the metrics that methods are compared by say of each answer: the paper's own, and those of the experiment's claims. */
export function judged(
  lab: Pick<Lab, "dataset" | "profile">,
  experiment: Pick<Experiment, "metrics" | "claims">,
  kept: KeptAnswers,
): Outcomes[] {
  const { method, seed, setting, answers } = kept;
  const claimed = (experiment.claims ?? []).flatMap(({ differences }) => differences.map(({ metric }) => metric));
  return metricsFor(lab, experiment, kept)
    .filter(({ name, settings }) => settings.includes(setting) && [...COMPARED, ...claimed].includes(name))
    .map((metric) => {
      const about = { method: method.name, seed, setting, metric: metric.name };
      return { ...about, ...outcomesOf(answers, metric, contextOf(lab, kept)) };
    });
}

function contextOf(
  { dataset, profile }: Pick<Lab, "dataset" | "profile">,
  { method, similarity }: KeptAnswers,
): MetricContext {
  return {
    thinking: method.thinking,
    classes: dataset.subCategories,
    superCategory: profile.evaluation.superCategory,
    ...(similarity === undefined ? {} : { similarity }),
  };
}

function metricsFor(
  { dataset }: Pick<Lab, "dataset">,
  experiment: Pick<Experiment, "metrics">,
  { similarity }: KeptAnswers,
): Metric[] {
  return metricsOf(experiment, dataset).filter(({ name }) => name !== "similarity" || similarity !== undefined);
}

/** An experiment's metrics, as far as the dataset has what they need. */
function metricsOf({ metrics }: Pick<Experiment, "metrics">, { chains }: Pick<Dataset, "chains">): Metric[] {
  return metrics.flatMap((name) => {
    if (name !== CHAINS) return [metricNamed(name)];
    return chains === undefined ? [] : chainMetrics(chains);
  });
}

/** All that an experiment measures: of answers, as far as the dataset has what that needs, and by analyses. */
export function measuredBy(experiment: Experiment, dataset: Pick<Dataset, "chains">): Described[] {
  return [...metricsOf(experiment, dataset), ...(experiment.analyses ?? []).flatMap(({ metrics }) => metrics)];
}
