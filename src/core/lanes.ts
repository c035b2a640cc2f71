/** A piece of work among others: `needs` are those that it comes after. */
export interface Piece {
  readonly key: string;
  readonly needs: readonly { readonly key: string }[];
}

export interface LaneOptions {
  /** How many pieces may be at work at a time. */
  readonly lanes: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does pieces of work side by side: each once, after all that it needs, and of those that could begin the first in the list.
 * When one fails, nothing new begins; those at work are asked to stop by the signal that they were given, and waited for.
 * @param pieces all that any of them needs among them
 * @param work ends early when its signal does
 * @throws the error of the first piece in the list that failed by itself, else the reason of the caller's signal
 */
export async function inLanes<P extends Piece>(
  pieces: readonly P[],
  { lanes, signal }: LaneOptions,
  work: (piece: P, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort(signal?.reason);
  };
  if (signal?.aborted === true) stop();
  signal?.addEventListener("abort", stop);
  const waiting = new Set(pieces);
  const done = new Set<string>();
  const atWork = new Set<Promise<void>>();
  const errors = new Map<P, unknown>();
  const begin = (piece: P): void => {
    waiting.delete(piece);
    const ended = work(piece, stopping.signal)
      .then(
        () => void done.add(piece.key),
        (error: unknown) => {
          errors.set(piece, error);
          stopping.abort(error);
        },
      )
      .finally(() => atWork.delete(ended));
    atWork.add(ended);
  };
  for (;;) {
    for (const piece of waiting) {
      if (stopping.signal.aborted || atWork.size >= Math.max(1, lanes)) break;
      if (piece.needs.every(({ key }) => done.has(key))) begin(piece);
    }
    if (atWork.size === 0) break;
    await Promise.race(atWork);
  }
  signal?.removeEventListener("abort", stop);
  const failures = pieces.filter((piece) => errors.has(piece)).map((piece) => errors.get(piece));
  if (failures.length > 0) throw failures.find((error) => error !== signal?.reason) ?? failures[0];
  if (waiting.size === 0) return;
  signal?.throwIfAborted();
  throw new RangeError(`inLanes: ${[...waiting].map(({ key }) => key).join(", ")} need what is not in the list`);
}
