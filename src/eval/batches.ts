import { check, silent, type Progress } from "../core/progress";
import type { Usage } from "../model/contract";
import { sideBySide } from "../workers/job";
import type { AnswerStore } from "./answers";

/** How items are asked in batches. */
export interface Asking<T, A> {
  readonly batchSize: number;
  /** Asks one batch; `index` is its place in the run. Gives one answer per item, in order. */
  readonly ask: (batch: readonly T[], index: number, signal: AbortSignal) => Promise<readonly A[]>;
  /** For the share of right answers that progress shows. */
  readonly isRight: (answer: A) => boolean;
  /** Where answers are kept as they come; closed at the end. */
  readonly store?: AnswerStore<A> | undefined;
  readonly label: string;
  readonly progress?: Progress;
  readonly signal?: AbortSignal | undefined;
  /** Batches that are asked at a time. */
  readonly ahead: number;
  /** What was spent so far, for progress to show; absent where asking costs nothing. */
  readonly usage?: (() => Usage) | undefined;
}

/**
 * Goes over the items in batches, `ahead` of them at a time, and keeps their answers in order. A batch whose answers are all on disk is not asked again; one that was cut short is
 * asked whole, so that a resumed run sees the very batches of an uninterrupted one and gets its answers.
 * @throws RangeError where two items have the same id
 */
export async function inBatches<T extends { readonly id: string }, A extends { readonly id: string }>(
  items: readonly T[],
  { batchSize, ask, isRight, store, label, progress = silent, signal, ahead, usage }: Asking<T, A>,
): Promise<A[]> {
  const answers = new Map<string, A>();
  let right = 0;
  const add = (answer: A): void => {
    answers.set(answer.id, answer);
    if (isRight(answer)) right++;
  };
  const task = progress.start(label, items.length);
  try {
    const ids = new Set(items.map(({ id }) => id));
    if (ids.size < items.length) throw new RangeError("asking: two items have the same id");
    for (const [id, answer] of store?.done ?? []) if (ids.has(id)) add(answer);
    const batches = Array.from({ length: Math.ceil(items.length / batchSize) }, (_, index) =>
      items.slice(index * batchSize, (index + 1) * batchSize),
    );
    const tasks = batches.map((batch, index) => async (stop: AbortSignal) => {
      check(stop);
      return batch.every((item) => answers.has(item.id)) ? [] : ask(batch, index, stop);
    });
    let done = 0;
    for await (const given of sideBySide(tasks, { signal, ahead })) {
      for (const answer of given) {
        if (answers.has(answer.id)) continue;
        add(answer);
        store?.append(answer);
      }
      done += batchSize;
      task.update(Math.min(done, items.length), { correct: right / answers.size, ...spent(usage?.()) });
    }
  } finally {
    task.finish();
    store?.close();
  }
  return items.map(({ id }) => answers.get(id) as A);
}

/** What was spent, as progress shows it. */
function spent(usage: Usage | undefined): Record<string, number> {
  if (usage === undefined) return {};
  const { promptTokens, answerTokens, retries, withheld } = usage;
  const told = { ...(retries === 0 ? {} : { retries }), ...(withheld === undefined ? {} : { withheld }) };
  return { tokens: promptTokens + answerTokens, ...told };
}
