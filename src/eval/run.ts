import { check, silent, type Progress } from "../core/progress";
import type { BenchmarkItem } from "../data/types";
import { openRecords, type EvaluationRecord, type RunSettings } from "./records";

/** How a run is carried out; none of it changes the numbers. */
export interface RunOptions {
  /** Where records are kept, so that a killed run goes on; without it they are only returned. */
  readonly recordsFile?: string;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** What the progress display calls the run. */
  readonly label?: string;
}

/** Answers one batch; `index` is its place in the run. Returns one record an item, in order. */
export type AnswerBatch = (batch: readonly BenchmarkItem[], index: number) => Promise<readonly EvaluationRecord[]>;

/**
 * Runs over the items in batches. A batch whose records are all on disk is not answered again; one that was cut short
 * is answered whole, so that a resumed run sees the very batches of an uninterrupted one and gives its numbers.
 * @returns one record an item, in the order of the items
 */
export async function runItems(
  items: readonly BenchmarkItem[],
  batchSize: number,
  settings: RunSettings,
  answer: AnswerBatch,
  options: RunOptions,
): Promise<EvaluationRecord[]> {
  const ids = new Set(items.map((item) => item.id));
  if (ids.size < items.length) throw new RangeError("evaluation: two items have the same id");
  const store =
    options.recordsFile === undefined ? undefined : openRecords(options.recordsFile, { ...settings, batchSize });
  const records = new Map([...(store?.done ?? [])].filter(([id]) => ids.has(id)));
  const task = (options.progress ?? silent).start(options.label ?? "evaluation", items.length);
  try {
    for (let start = 0, index = 0; start < items.length; start += batchSize, index++) {
      check(options.signal);
      const batch = items.slice(start, start + batchSize);
      if (batch.some((item) => !records.has(item.id))) {
        for (const record of await answer(batch, index)) {
          if (records.has(record.id)) continue;
          records.set(record.id, record);
          store?.append(record);
        }
      }
      task.update(Math.min(start + batchSize, items.length), { correct: share(records) });
    }
  } finally {
    task.finish();
    store?.close();
  }
  return items.map((item) => records.get(item.id) as EvaluationRecord);
}

function share(records: ReadonlyMap<string, EvaluationRecord>): number {
  let correct = 0;
  for (const record of records.values()) correct += record.correct ? 1 : 0;
  return correct / Math.max(1, records.size);
}
