import { MME_SUBTASKS } from "../data/benchmarks/mme";
import type { BenchmarkName } from "../data/benchmarks/benchmark";
import { wilson, Z, type Score } from "./intervals";
import type { Measured } from "./measure";
import type { QuestionCount, QuestionCounts } from "./questions";

/** How the general benchmarks of Table 7 are scored, each by its own rules. */

/** What is measured of one, as `Metric` has it. */
export interface BenchmarkMetric {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly of: (counts: readonly QuestionCount[]) => Score;
}

export interface Scoring {
  readonly title: string;
  /** The first is the benchmark's own number. */
  readonly metrics: readonly BenchmarkMetric[];
}

const right = (counts: readonly QuestionCount[]): Score => wilson(sum(counts, ({ right: r }) => r), sum(counts, ({ n }) => n)); // prettier-ignore
const groups = (counts: readonly QuestionCount[]): Score => wilson(sum(counts, ({ groupsRight = 0 }) => groupsRight), sum(counts, ({ groups: g = 0 }) => g)); // prettier-ignore

/** Each benchmark's scoring. */
export const SCORING: Readonly<Record<BenchmarkName, Scoring>> = {
  imagewikiqa: {
    title: "ImageWikiQA",
    metrics: [{ name: "imagewikiqa", title: "right", help: "questions whose right letter was chosen", of: right }],
  },
  mme: {
    title: "MME",
    metrics: [
      { name: "mmeScore", title: "score", help: "per cent of right answers plus per cent of pictures whose both answers are right, summed over subtasks: at most 200 for each", of: mmeScore }, // prettier-ignore
      { name: "mmeAccuracy", title: "accuracy", help: "right answers", of: right },
      { name: "mmeAccuracyPlus", title: "accuracy+", help: "pictures whose both answers are right", of: groups },
    ],
  },
  mmbench: {
    title: "MMBench",
    metrics: [
      { name: "mmbench", title: "circular", help: "questions answered right in each circular order of their options", of: groups }, // prettier-ignore
      { name: "mmbenchPlain", title: "plain", help: "right answers, each order alone", of: right },
    ],
  },
  seedbench: {
    title: "SEED-Bench",
    metrics: [{ name: "seedbench", title: "right", help: "questions whose right letter was chosen", of: right }],
  },
};

/** Of a benchmark as a whole; of MME its two sums, which are never put together here. */
const WHOLE = "items";

/**
 * What a model's answers to a benchmark come to: a row for each metric as a whole ("items"; of MME "perception" and "cognition"), and for each
 * kind of question, under the benchmark's name as setting.
 */
export function benchmarkMeasurements(name: BenchmarkName, { counts }: QuestionCounts): Measured[] {
  const kinds = [...new Set(counts.map(({ kind }) => kind))];
  const parts = [
    ...wholesOf(name).map((domain) => ({
      domain,
      own: counts.filter((one) => domain === WHOLE || one.domain === domain),
    })),
    ...kinds.map((domain) => ({ domain, own: counts.filter(({ kind }) => kind === domain) })),
  ];
  return parts.flatMap(({ domain, own }) =>
    own.length === 0
      ? []
      : SCORING[name].metrics.map(({ name: metric, of }): Measured => ({
          setting: name,
          metric,
          split: "all",
          domain,
          ...of(own),
        })),
  );
}

/** What a benchmark's numbers as a whole are about. */
export function wholesOf(name: BenchmarkName): readonly string[] {
  return name === "mme" ? Object.keys(MME_SUBTASKS) : [WHOLE];
}

/**
 * MME's score of some subtasks: for each, 100 · (accuracy + accuracy+). A picture gives 100 · (r/2 + [r = 2]) for its r right answers, so that
 * the score is a mean over pictures, and its interval the normal one, z = 1.96, of the sum of such means; one picture
 * says nothing of its subtask. Not cut to [0, 1].
 */
function mmeScore(counts: readonly QuestionCount[]): Score {
  const subtasks = counts.map(({ right: r, groups: pictures = 0, groupsRight: both = 0 }) => {
    const one = r - 2 * both; // pictures with one right answer: 50 points; with two: 200
    const mean = (50 * one + 200 * both) / pictures;
    const squares = one * (50 - mean) ** 2 + both * (200 - mean) ** 2 + (pictures - one - both) * mean ** 2;
    return { mean, variance: pictures > 1 ? squares / (pictures - 1) / pictures : 200 ** 2 };
  });
  const value = subtasks.reduce((total, { mean }) => total + mean, 0);
  const half = Z * Math.sqrt(subtasks.reduce((total, { variance }) => total + variance, 0));
  return {
    value,
    low: Math.max(0, value - half),
    high: Math.min(200 * subtasks.length, value + half),
    n: sum(counts, ({ n }) => n),
  };
}

function sum(counts: readonly QuestionCount[], of: (one: QuestionCount) => number): number {
  return counts.reduce((total, one) => total + of(one), 0);
}
