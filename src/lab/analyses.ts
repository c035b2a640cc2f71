import { LAST_LAYER, layerSetting } from "../analysis/separability";
import type { TaxonomyComparison } from "../analysis/taxonomy";
import type { BenchmarkName } from "../data/benchmarks/benchmark";
import { benchmarkMeasurements, SCORING } from "../eval/benchmarks";
import { changeMeasurements, MCNEMAR } from "../eval/changes";
import { measureItems, type Measured } from "../eval/measure";
import type { Setting } from "../eval/metrics";
import { questionMeasurements } from "../eval/questions";
import { studentMean } from "../eval/statistics";
import type { Score } from "../eval/intervals";
import { matchedWeight, termSetting, WHOLE, type Share } from "../tapo/shares";
import { defineAnalysis, type Analysis, type Method, type Recipe } from "./experiment";
import { changesStage } from "./kinds/changes";
import { probeStage, taxonomyStage, type Taxonomy } from "./kinds/knowledge";
import { questionsStage } from "./kinds/questions";
import { sharesStage } from "./kinds/shares";
import { separabilityStage } from "./kinds/states";
import { rlStage } from "./kinds/training";
import { benchmarkQuestions, changes, questions, separability, states } from "./recipe";
import { isEncoder, stageFrom } from "./stage";

/** What can be measured of models beyond their answers: the hypotheses of §5.4, and the gradient of stage 2. */

/** What measurements of mean picture states are made on. */
export const STATES = "states";

/** The paper's probe (§5.4, H1): 500 epochs of batches of 512 at 1e-4. */
const PAPER_PROBE = { epochs: 500, batch: 512, learningRate: 1e-4 } as const;

/** Draws pairs, relatives and batches alike for every seed of training, so that models differ in their states alone. */
const drawSeed = ({ profile }: { readonly profile: { readonly seed: number } }): number => profile.seed;

/** H1: whether a linear classifier reads more classes off the model's states of pictures. */
export const pictureProbe = defineAnalysis(probeStage, {
  name: "probe",
  metrics: [
    {
      name: "probeBest",
      title: "probe, best epoch",
      help: "right classes of a linear probe in the epoch that tests best, as in Table 4: chosen on the test, and so too high",
    },
    { name: "probeLast", title: "probe, last epoch", help: "right classes of the same probe after its last epoch" },
  ],
  stage: (recipe, method) => {
    if (isEncoder(method.model)) return undefined;
    const { dataset } = recipe;
    const of = states(recipe, method.model, `${method.name}, states`);
    return probeStage.stage({ states: of, dataset, ...PAPER_PROBE, seed: drawSeed(recipe) });
  },
  measure: ({ pictures }) =>
    (
      [
        ["best", "probeBest"],
        ["last", "probeLast"],
      ] as const
    ).flatMap(([epoch, metric]) => {
      const counted = pictures.map((one) => ({ domain: one.domain, seen: one.seen, value: one[epoch] }));
      return measureItems(counted, { setting: STATES, metric });
    }),
});

/** H2: whether species of one genus lie nearer to each other than in the base. */
export const taxonomy = defineAnalysis(taxonomyStage, {
  name: "taxonomy",
  metrics: [
    {
      name: "kinship",
      title: "Δ",
      help: "mean over species of the cosine with one of the same genus less that with four of others; its interval is Student's over species",
    },
    {
      name: "kinshipT",
      title: "t, paired",
      help: "Student's t of the species' Δ less that in the base, species by species",
    },
    { name: "kinshipP", title: "p, paired", help: "two-sided p of that t" },
    { name: "kinshipTIndependent", title: "t, independent", help: "Student's t of two independent lists of species" },
    { name: "kinshipPIndependent", title: "p, independent", help: "two-sided p of that t" },
  ],
  stage: (recipe, method) => {
    if (isEncoder(method.model)) return undefined;
    const { dataset, base } = recipe;
    const own = states(recipe, method.model, `${method.name}, states`);
    const isBase = "given" in method.model && method.model.fingerprint === base.fingerprint;
    const against = isBase ? undefined : states(recipe, base, "base, states");
    return taxonomyStage.stage({ states: own, against, dataset, seed: drawSeed(recipe) });
  },
  measure: ({ domains, comparison }) => {
    if (domains.length === 0) return [];
    const all = { domain: "items", targets: domains.flatMap(({ targets }) => targets) };
    const row = (metric: string, domain: string, score: Score): Measured => {
      return { setting: STATES, split: "all", metric, domain, ...score };
    };
    const tests = comparison === null ? [] : testsOf(comparison);
    return [
      ...[...domains, all].map((one) => row("kinship", one.domain, deltaOf(one))),
      ...tests.map(([metric, value]) => row(metric, "items", exactly(value, all.targets.length))),
    ];
  },
});

/** H3: how far right picture–name pairs lie from wrong ones, over layers. */
export const nameSeparability = defineAnalysis(separabilityStage, {
  name: "separability",
  metrics: [
    {
      name: "separability",
      title: "accuracy",
      help: "pairs of a picture and a name that a linear classifier tells right from wrong, cross-validated so that no picture or name is in two folds; 0.5 is chance",
    },
    {
      name: "fisher",
      title: "Fisher ratio",
      help: "(m₁ − m₂)²/(s₁² + s₂²) of right and wrong pairs along the classifier's normal",
    },
    {
      name: "silhouette",
      title: "silhouette",
      help: "silhouette of right and wrong pairs in all dimensions, in [−1, 1]",
    },
  ],
  stage: (recipe, method) => (isEncoder(method.model) ? undefined : separability(recipe, method.model)),
  measure: ({ pairs, right, layers, ...last }) => {
    const counted = pairs.map(({ domain, seen }, i) => ({ domain, seen, value: right[i] === true }));
    const metric = "separability";
    return [
      ...measureItems(counted, { setting: LAST_LAYER, metric }),
      ...scatterOf(last, pairs.length, LAST_LAYER),
      ...layers.flatMap((one, place) => {
        const whole = { split: "all", domain: "items", setting: layerSetting(place + 1) } as const;
        return [{ ...whole, metric, ...one.accuracy }, ...scatterOf(one, pairs.length, whole.setting)];
      }),
    ];
  },
});

/** Each term's share of the gradient where a method's training by reinforcement learning would begin. It is not trained for that. */
export const gradientShares = defineAnalysis(sharesStage, {
  name: "shares",
  metrics: [
    { name: "share", title: "share", help: "norm of a term's gradient, at its weight, over that of the policy term's" },
    {
      name: "cosine",
      title: "cosine",
      help: "cosine of a term's gradient and the policy term's; above 0 both move the weights alike",
    },
    {
      name: "matched",
      title: "matching weight",
      help: "the weight at which a term's gradient is as long as the policy term's",
    },
  ],
  stage: (_, { model }) => {
    if ("given" in model || model.kind.kind !== rlStage.kind) return undefined;
    return stageFrom(sharesStage, model.inputs, "shares", model.needs);
  },
  measure: ({ terms, whole, rollouts }) => {
    const row = (setting: string, metric: string, value: number | null): Measured[] =>
      value === null ? [] : [{ setting, metric, split: "all", domain: "items", ...exactly(value, rollouts) }];
    const rows = (setting: string, { share, cosine }: Share): Measured[] => [
      ...row(setting, "share", share),
      ...row(setting, "cosine", cosine),
    ];
    return [
      ...terms.flatMap((one) => [
        ...rows(termSetting(one), one),
        ...row(termSetting(one), "matched", one.term === "policy" ? null : matchedWeight(one)),
      ]),
      ...rows(WHOLE, whole),
    ];
  },
});

/** Table 7: what a dataset can ask beside the names of its pictures. */
export const generalQuestions = defineAnalysis(questionsStage, {
  name: "questions",
  metrics: [
    { name: "recognition", title: "recognition first", help: "right answers to questions about a class that the model names from its picture first" }, // prettier-ignore
    {
      name: "reading",
      title: "reading pictures",
      help: "right answers to questions about a picture that need no name",
    },
    { name: "text", title: "knowledge in text", help: "right answers to questions in words alone" },
  ],
  appliesTo: ({ questions: own }) => own !== undefined,
  stage: questions,
  measure: questionMeasurements,
});

/** Table 7: a general benchmark, where the profile names it. */
export function generalBenchmark(name: BenchmarkName): Analysis {
  return defineAnalysis(questionsStage, {
    name,
    metrics: SCORING[name].metrics,
    stage: (recipe, method) => benchmarkQuestions(recipe, method, name),
    measure: (counts) => benchmarkMeasurements(name, counts),
  });
}

/** Fig. 6: what becomes of the answers of another method. @param before what stands beside it, which has no changes itself */
export function changesFrom(before: (recipe: Recipe) => Method, setting: Setting): Analysis {
  return defineAnalysis(changesStage, {
    name: "changes",
    metrics: [
      { name: "mended", title: "mended", help: "questions answered wrong before and right by the method" },
      { name: "spoiled", title: "spoiled", help: "questions answered right before and wrong by the method" },
      { name: "both right", title: "both right", help: "questions answered right by both" },
      { name: "both wrong", title: "both wrong", help: "questions answered wrong by both" },
      { name: MCNEMAR, title: "McNemar's p", help: "how often chance alone would part mended from spoiled so far" },
    ],
    stage: (recipe, method) => {
      const first = before(recipe);
      return method.name === first.name ? undefined : changes(recipe, first, method, setting);
    },
    measure: changeMeasurements,
  });
}

/** A number without an interval. */
function exactly(value: number, n: number): Score {
  return { value, low: value, high: value, n };
}

function scatterOf(
  { fisher, silhouette }: { fisher: number; silhouette: number },
  n: number,
  setting: string,
): Measured[] {
  return Object.entries({ fisher, silhouette }).map(([metric, value]) => {
    return { setting, metric, split: "all" as const, domain: "items", ...exactly(value, n) };
  });
}

function testsOf({ paired, independent }: TaxonomyComparison): [string, number][] {
  return [
    ["kinshipT", paired.t],
    ["kinshipP", paired.p],
    ["kinshipTIndependent", independent.t],
    ["kinshipPIndependent", independent.p],
  ];
}

function deltaOf({ targets }: Pick<Taxonomy["domains"][number], "targets">): Score {
  return studentMean(targets.map(({ difference }) => difference));
}
