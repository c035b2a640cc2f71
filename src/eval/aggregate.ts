import { choseTruth } from "./choice";
import { averageScore, meanScore, wilson, type Score } from "./intervals";
import type { EvaluationRecord } from "./records";

/**
 * What a table shows. "accuracy": the truth stands in the answer (Table 1; text inclusion, Table 6, in the open world).
 * "choice": exactly one option was chosen, and it is the truth (closed world; see `choiceCheck`).
 * "exact": the answer is the name alone. "similarity": SS_relative (Table 2). "wellFormed": the form was kept.
 */
export const METRICS = ["accuracy", "choice", "exact", "similarity", "wellFormed"] as const;
export type Metric = (typeof METRICS)[number];

/** One half of Table 1's columns: a score per domain, and their mean. */
export interface SplitScores {
  /** By domain, in alphabetical order, as in the paper (aircraft, bird, car, dog, flower, pet). */
  readonly domains: ReadonlyMap<string, Score>;
  /** The mean over domains, each alike, as in the paper. */
  readonly average: Score;
}

/** One row of Table 1, 2 or 6. A split without records is null. */
export interface TableScores {
  readonly metric: Metric;
  readonly seen: SplitScores | null;
  readonly unseen: SplitScores | null;
  /** The last column: the mean of the splits' averages. */
  readonly average: Score;
}

/**
 * Lays the records of one evaluation out as a row of the paper's tables, with 95 % intervals over items: Wilson for
 * shares, normal for similarities, put together for the averages (`averageScore`).
 * @throws RangeError without records, or when similarities are asked for that were not computed
 */
export function tableScores(records: readonly EvaluationRecord[], metric: Metric): TableScores {
  const seen = splitScores(
    records.filter((record) => record.seen),
    metric,
  );
  const unseen = splitScores(
    records.filter((record) => !record.seen),
    metric,
  );
  const splits = [seen, unseen].filter((split): split is SplitScores => split !== null);
  return { metric, seen, unseen, average: averageScore(splits.map((split) => split.average)) };
}

function splitScores(records: readonly EvaluationRecord[], metric: Metric): SplitScores | null {
  if (records.length === 0) return null;
  const names = [...new Set(records.map((record) => record.domain))].sort();
  const domains = new Map(
    names.map((name) => [
      name,
      scoreOf(
        records.filter((record) => record.domain === name),
        metric,
      ),
    ]),
  );
  return { domains, average: averageScore([...domains.values()]) };
}

/** One metric over some records. */
export function scoreOf(records: readonly EvaluationRecord[], metric: Metric): Score {
  if (metric === "similarity") return meanScore(records.map(similarityOf));
  return wilson(records.filter(HITS[metric]).length, records.length);
}

const HITS: Readonly<Record<Exclude<Metric, "similarity">, (record: EvaluationRecord) => boolean>> = {
  accuracy: (record) => record.correct,
  choice: choseTruth,
  exact: (record) => record.exact,
  wellFormed: (record) => record.wellFormed,
};

function similarityOf(record: EvaluationRecord): number {
  if (record.similarity === null) throw new RangeError(`evaluation: no similarity was computed for ${record.id}`);
  return record.similarity;
}

/** A column of Table 1: a domain or the average of one split, or the last column. */
export interface TableColumn {
  readonly split: "seen" | "unseen" | "all";
  /** The domain, or "average". */
  readonly domain: string;
}

/** The columns of Table 1 in order: seen domains, their average, unseen domains, theirs, the average of both. */
export function tableColumns(rows: readonly TableScores[]): TableColumn[] {
  const columns = (["seen", "unseen"] as const).flatMap((split): TableColumn[] => {
    const domains = [...new Set(rows.flatMap((row) => [...(row[split]?.domains.keys() ?? [])]))].sort();
    return domains.length === 0 ? [] : [...domains, "average"].map((domain) => ({ split, domain }));
  });
  return [...columns, { split: "all", domain: "average" }];
}

/** A row's score in a column; undefined where it has none. */
export function cellOf(row: TableScores, column: TableColumn): Score | undefined {
  if (column.split === "all") return row.average;
  const split = row[column.split];
  return column.domain === "average" ? split?.average : split?.domains.get(column.domain);
}
