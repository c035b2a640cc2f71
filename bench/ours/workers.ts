/** What a model of the bench is opened with so that its work is shared among processes. */
export type Workers = Readonly<Record<string, never>>;

/**
 * Opens as many worker processes and hands them over; they end with `use`.
 * @param workers 1: all is done in this process
 */
export async function withWorkers(workers: number, use: (workers: Workers) => Promise<void>): Promise<void> {
  if (workers > 1) console.error("there are no worker processes yet: this side is one process with one thread");
  await use({});
}
