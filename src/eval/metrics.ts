import { canonicalName, isExactName } from "../core/answer";
import { LabError, required } from "../core/errors";
import { didYouMean } from "../core/similar";
import { chainOutcomes, checkChain, type ChainCheck, type ChainJudge, type ChainUse } from "../data/chains";
import type { SubCategory } from "../data/types";
import { saidIn, type Answer } from "./answers";
import {
  chosenPosition,
  hasForm,
  isClosedCorrect,
  isInsideOption,
  isTextIncluded,
  openPrediction,
  releasedSuperCategory,
} from "./judge";

/** What a metric may know beside the answer. */
export interface MetricContext {
  /** Whether the question asked for reasoning before the answer. */
  readonly thinking: boolean;
  /** Every class of the dataset. */
  readonly classes: readonly SubCategory[];
  /** ĉ of Eq. 5: the dataset's super-category, or found in the image's path as in the release [15]. Default "dataset". */
  readonly superCategory?: "dataset" | "released";
  /** SS_relative by answer id (`similarities`); only the metric of that name needs it. */
  readonly similarity?: ReadonlyMap<string, number>;
}

/** A number about one answer; tables show its mean (`measure`). */
export interface Metric {
  readonly name: string;
  /** As tables call it. */
  readonly title: string;
  /** One sentence: what is counted. */
  readonly help: string;
  /** The kinds of questions that it is about. */
  readonly settings: readonly Setting[];
  /** A share counts true and false, a mean takes numbers in [0, 1]; null: the answer does not count. */
  readonly of: (answer: Answer, context: MetricContext) => boolean | number | null;
}

/** How questions are asked. "closed": the options are shown; "open": none are. */
export const SETTINGS = ["closed", "open"] as const;
export type Setting = (typeof SETTINGS)[number];

const CLOSED: readonly Setting[] = ["closed"];

/** Which of the options was chosen, by its place as shown; null when none or several, or in the open world. */
function positionOf(answer: Answer, context: MetricContext): number | null {
  return answer.options === null ? null : chosenPosition(saidIn(answer, context), answer.options);
}

function choseTruth(answer: Answer, context: MetricContext): boolean {
  const position = positionOf(answer, context);
  return position !== null && isExactName(answer.options?.[position] ?? null, answer.truth);
}

/** As released: the truth stands in the answer. What an encoder chose is no text: there the names must be the same. */
export const accuracy: Metric = {
  name: "accuracy",
  title: "accuracy",
  help: "closed: the true name stands in the answer (Table 1); open: text inclusion (Table 6)",
  settings: SETTINGS,
  of: (answer, context) => {
    const { options, output, truth, finish, image } = answer;
    const said = saidIn(answer, context);
    if (finish === "chosen") return isExactName(said, truth);
    if (options !== null) return isClosedCorrect(said, truth);
    const car = context.superCategory === "released" && releasedSuperCategory(image) === "car";
    return isTextIncluded(openPrediction(said, output), truth, car);
  },
};

/** Every metric of answers; those of chains, whose steps depend on the dataset, are `chainMetrics`. */
export const METRICS: readonly Metric[] = [
  accuracy,
  {
    name: "choice",
    title: "choice",
    help: "exactly one option was chosen, and it is the true one",
    settings: CLOSED,
    of: choseTruth,
  },
  {
    name: "exact",
    title: "exact name",
    help: "the answer is the true name and nothing else, up to case, spaces and typography",
    settings: SETTINGS,
    of: (answer, context) => isExactName(saidIn(answer, context), answer.truth),
  },
  {
    name: "similarity",
    title: "SS_rel",
    help: "relative semantic similarity (Eq. 5): 0 is no better than naming the super-category, 1 is the truth",
    settings: ["open"],
    of: ({ id }, { similarity }) =>
      required(similarity?.get(id), () => new RangeError(`similarity: none was computed for the answer to ${id}`)),
  },
  {
    name: "wellFormed",
    title: "well-formed",
    help: "the output keeps the form that was asked for",
    settings: SETTINGS,
    of: ({ output, finish }, { thinking }) => (finish === "chosen" ? null : hasForm(output, thinking)),
  },
  {
    name: "cut",
    title: "cut",
    help: "the output reached the longest length before it ended",
    settings: SETTINGS,
    of: ({ finish }) => finish === "length",
  },
  {
    name: "seenNames",
    title: "seen names",
    help: "of the unseen items, those answered with a seen class's name: how far training narrowed the answers",
    settings: SETTINGS,
    of: (answer, context) => (answer.seen ? null : namesSeen(answer, context, context.classes)),
  },
  {
    name: "option",
    title: "an option",
    help: "the answer chose one of the options",
    settings: CLOSED,
    of: (answer, context) => positionOf(answer, context) !== null,
  },
  {
    name: "firstPosition",
    title: "first option",
    help: "the option that is shown first was chosen; less `truthFirst` it is the first-position bias [17]",
    settings: CLOSED,
    of: (answer, context) => positionOf(answer, context) === 0,
  },
  {
    name: "truthFirst",
    title: "truth first",
    help: "the true option is shown first: what a faultless model without a bias would choose there",
    settings: CLOSED,
    of: ({ options, truth }) => isExactName(options?.[0] ?? null, truth),
  },
  {
    name: "nested",
    title: "nested",
    help: "the true name stands inside another option, whose choice `accuracy` therefore counts as right",
    settings: CLOSED,
    of: ({ options, truth }) => isInsideOption(truth, options ?? []),
  },
  {
    name: "wrongCounted",
    title: "wrong, counted",
    help: "another option was chosen, and `accuracy` counts it as right all the same",
    settings: CLOSED,
    of: (answer, context) =>
      accuracy.of(answer, context) === true && positionOf(answer, context) !== null && !choseTruth(answer, context),
  },
  {
    name: "differ",
    title: "differ",
    help: "`accuracy` and `choice` disagree: those above, and answers that name no option or several",
    settings: CLOSED,
    of: (answer, context) => accuracy.of(answer, context) !== choseTruth(answer, context),
  },
];

/**
 * Where chains break, one metric per outcome ("chain:right", "chain:malformed", then one per kind of step: together they
 * are 1), and what else shows whether a chain is used. Answers that were not asked to reason do not count.
 */
export function chainMetrics(judge: ChainJudge): Metric[] {
  const checked = new WeakMap<Answer, ChainCheck>(); // every metric looks at the same check
  const check = (answer: Answer, context: MetricContext): ChainCheck => {
    const found = checked.get(answer) ?? checkOf(judge, answer, context);
    checked.set(answer, found);
    return found;
  };
  const metric = (name: string, title: string, help: string, of: (found: ChainCheck) => boolean | null): Metric => ({
    name,
    title,
    help,
    settings: SETTINGS,
    of: (answer, context) => (context.thinking ? of(check(answer, context)) : null),
  });
  const first = judge.steps[0] ?? "";
  return [
    ...chainOutcomes(judge).map((outcome) =>
      metric(`chain:${outcome}`, outcome, outcomeHelp(outcome), ({ verdict }) => verdict === outcome),
    ),
    metric(
      "faithful",
      "faithful",
      "of the right answers, those whose chain is right in every step",
      ({ answerRight, stage }) => (answerRight ? stage === "right" : null),
    ),
    metric(
      `chain:${first}Right`,
      `${first} right`,
      `the chain's first step, ${first}, is right, whatever it answers: whether the chain is still used`,
      ({ stage }) => stage !== "malformed" && stage !== first,
    ),
    {
      name: "chain:namesSeen",
      title: "names a seen class",
      help: "the answer names a seen class of the right super-category: on unseen items each of them is an error",
      settings: SETTINGS,
      of: (answer, context) => (context.thinking ? namesSeen(answer, context, ownClasses(answer, context)) : null),
    },
    ...useMetrics(judge),
  ];
}

/** Whether chains are used: their answers go by what they say, right or wrong. */
function useMetrics(judge: ChainJudge): Metric[] {
  if (judge.use === undefined) return [];
  const metric = (name: keyof ChainUse, title: string, help: string): Metric => ({
    name: `chain:${name}`,
    title,
    help,
    settings: SETTINGS,
    of: (answer, context) => {
      if (!context.thinking) return null;
      const { output, options } = answer;
      return judge.use?.(output, classOf(answer, context), options ?? undefined)?.[name] ?? null;
    },
  });
  return [
    metric(
      "follows",
      "follows",
      "of the chains, those that answer with the candidate that fits best by their own words",
    ),
    metric(
      "described",
      "as described",
      "of the chains whose analysis describes a class, those that answer with that class",
    ),
  ];
}

function outcomeHelp(outcome: string): string {
  if (outcome === "right") return "the answer is the true name";
  if (outcome === "malformed") return "the answer is wrong, and its text is no chain";
  return `the answer is wrong, and its chain first goes wrong in the step "${outcome}"`;
}

function checkOf(judge: ChainJudge, answer: Answer, context: MetricContext): ChainCheck {
  return checkChain(judge, answer.output, classOf(answer, context), answer.options ?? undefined);
}

/** The true class. @throws LabError where the answer is about another dataset */
function classOf(answer: Answer, context: MetricContext): SubCategory {
  const { domain, truth, id } = answer;
  return required(
    ownClasses(answer, context).find(({ name }) => name === truth),
    () => {
      const remedy = "Measure answers with the dataset that they were asked about.";
      return new LabError(`is about "${truth}", which is no ${domain} of the dataset`, remedy, { subject: id });
    },
  );
}

/** Whether the class that an answer names is a seen one: of those whose names it holds, the longest, of its own domain first. */
function namesSeen(answer: Answer, context: MetricContext, classes: readonly SubCategory[]): boolean {
  const text = canonicalName(saidIn(answer, context) ?? "");
  const rank = ({ name, superCategory }: SubCategory): number =>
    2 * canonicalName(name).length + (superCategory === answer.domain ? 1 : 0);
  const named = classes.filter(({ name }) => text.includes(canonicalName(name)));
  return named.sort((a, b) => rank(b) - rank(a))[0]?.seen ?? false;
}

/** The classes of an answer's super-category. */
function ownClasses({ domain }: Answer, { classes }: MetricContext): SubCategory[] {
  return classes.filter(({ superCategory }) => superCategory === domain);
}

/** A metric by its name. @param metrics those to choose from such as METRICS and a dataset's `chainMetrics` */
export function metricNamed(name: string, metrics: readonly Metric[] = METRICS): Metric {
  const names = metrics.map((metric) => metric.name);
  return required(
    metrics.find((metric) => metric.name === name),
    () => new LabError(`there is no metric "${name}"`, `${didYouMean(name, names)}Choose one of ${names.join(", ")}.`),
  );
}
