import { BENCHMARKS, type BenchmarkName } from "../data/benchmarks/benchmark";
import { NEEDS, type Need, type QuestionSet } from "../data/questions";
import { SCORING, wholesOf, type BenchmarkMetric } from "../eval/benchmarks";
import type { Measurement } from "../eval/measurements";
import { GENERAL, kindSetting, questionCountsSchema } from "../eval/questions";
import { groupedBars } from "./figure/bars";
import { explained } from "./figures";
import type { PlotlyFigure } from "./figure/figure";
import { originMarks } from "./notes";
import { methodTable, pivotColumns, type MeasuredColumn, type TableLayout } from "./pivot";
import type { Results } from "./standard";

/** Columns and the figure of questions for more than a name (Table 7). */

const TITLES: Readonly<Record<Need, string>> = {
  recognition: "Recognition first",
  reading: "Reading pictures",
  text: "Knowledge in text",
};

/** All questions of one need alike; pictures that are only read may be of no class, so that they are not divided into splits. */
export const NEED_COLUMNS: readonly MeasuredColumn[] = NEEDS.map((need) => ({
  ...column(need),
  group: TITLES[need],
  splits: need === "reading" ? ["all"] : ["seen", "unseen"],
}));

/** A column per kind of question, under the heading of what it needs. */
export function kindColumns({ kinds }: QuestionSet): MeasuredColumn[] {
  return kinds.map(({ name, title, need }) => ({
    ...column(need, kindSetting(name)),
    ...{ group: TITLES[need], splits: ["all"], title, key: name },
  }));
}

/** Right answers of every method, a bar for each need. */
export function needBars({ methods, drawn, colours }: Results): PlotlyFigure | undefined {
  const title = "Questions for more than a name";
  const columns = NEEDS.map((need): MeasuredColumn => ({ ...column(need), splits: ["all"], title: TITLES[need] }));
  const table = methodTable(drawn.measurements, { caption: title, methods, columns, marks: originMarks(methods) });
  if (table.rows.length === 0) return undefined;
  const values = pivotColumns(columns).map((pivot) => pivot.column.key);
  const options = { title, label: "method", values, yTitle: "right answers in %", colours };
  return groupedBars(table, { ...options, ...explained(drawn, "questions") });
}

/** Table 7: a column for each benchmark that was measured, of MME its two sums; `undefined` where none was. */
export function benchmarkLayout(measurements: readonly Measurement[]): Omit<TableLayout, "methods"> | undefined {
  const measured = BENCHMARKS.filter((name) => measurements.some(({ setting }) => setting === name));
  if (measured.length === 0) return undefined;
  const columns = measured.flatMap((name) => wholesOf(name).map((domain) => benchmarkColumn(name, domain, SCORING[name].metrics[0]))); // prettier-ignore
  return {
    caption: "General benchmarks",
    columns: columns.filter(({ setting, domain }) => measurements.some((one) => one.setting === setting && one.domain === domain)), // prettier-ignore
    notes: [
      "Each by its own rules: ImageWikiQA and SEED-Bench right letters in %; MME the sum of 100 · (accuracy + accuracy+) over its subtasks; MMBench right in each circular order of the options, in %. 95 % intervals over questions, of MME over pictures.",
    ],
  };
}

/** A benchmark by the kinds of its questions: of MME score, accuracy and accuracy+ of each subtask. */
export function benchmarkKindLayout(
  name: BenchmarkName,
  measurements: readonly Measurement[],
): Omit<TableLayout, "methods"> | undefined {
  const own = measurements.filter(({ setting }) => setting === name);
  const kinds = [...new Set(own.map(({ domain }) => domain))].filter((domain) => !wholesOf(name).includes(domain));
  if (kinds.length < 2) return undefined;
  const { title, metrics } = SCORING[name];
  return {
    caption: `${title} by kind of question`,
    columns: kinds.flatMap((kind) => metrics.map((metric): MeasuredColumn => ({ ...benchmarkColumn(name, kind, metric), group: kind.replaceAll("_", " "), title: metric.title, show: "value" }))), // prettier-ignore
  };
}

/** Of each method and benchmark: answers that could not be read, and lines of the benchmark that could not be used. */
export function benchmarkNotes({ found = new Map(), methods }: Results): string[] {
  const counts = (method: string, name: BenchmarkName) => questionCountsSchema.safeParse(found.get(method)?.get(name)).data; // prettier-ignore
  return BENCHMARKS.flatMap((name) => {
    const told = methods.flatMap(({ name: method, title }) => {
      const unread = counts(method, name)?.counts.reduce((sum, one) => sum + (one.unread ?? 0), 0) ?? 0;
      return unread === 0 ? [] : [`${title} ${unread}`];
    });
    const skipped = Math.max(0, ...methods.map(({ name: method }) => counts(method, name)?.skipped ?? 0));
    return [
      ...(told.length === 0 ? [] : [`Answers to ${SCORING[name].title} that choose nothing readable, and count as wrong: ${told.join(", ")}.`]), // prettier-ignore
      ...(skipped === 0 ? [] : [`${skipped} lines or files of ${SCORING[name].title} could not be used and were not asked (fine-r1 data show names them).`]), // prettier-ignore
    ];
  });
}

function benchmarkColumn(name: BenchmarkName, domain: string, metric: BenchmarkMetric | undefined): MeasuredColumn {
  const { title } = SCORING[name];
  const whole = wholesOf(name).length > 1 ? `${title}, ${domain}` : title;
  const score = metric?.name === "mmeScore";
  return {
    ...{ setting: name, metric: metric?.name ?? "", domain, splits: ["all"], title: whole },
    ...{ key: `${metric?.name ?? name}_${domain}`, percent: !score, digits: score ? 0 : 2 },
  };
}

function column(need: Need, setting = GENERAL): Pick<MeasuredColumn, "setting" | "metric" | "domain" | "key"> {
  return { setting, metric: need, domain: "items", key: need };
}
