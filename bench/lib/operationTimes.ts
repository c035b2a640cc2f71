import { watchBinding } from "./binding";

/** An operation's calls and milliseconds, in all. */
export interface OperationTime {
  readonly name: string;
  readonly calls: number;
  readonly ms: number;
}

/** What the graphs of whole blocks (model/tensor/fused.ts) count as. */
const GRAPHS = "graphs of attention and MLP blocks";

/** Times every operation and graph of the native runtime from here on. @returns the times so far, the longest first */
export function timeOperations(): () => OperationTime[] {
  const times = new Map<string, { calls: number; ms: number }>();
  const timed = <T>(name: string, run: () => T): T => {
    const started = performance.now();
    const made = run();
    const ms = performance.now() - started;
    const before = times.get(name) ?? { calls: 0, ms: 0 };
    times.set(name, { calls: before.calls + 1, ms: before.ms + ms });
    return made;
  };
  watchBinding((binding) => ({
    executeOp: (name, ...operands) => timed(name, () => binding.executeOp(name, ...operands)),
    runSavedModel: (...operands) => timed(GRAPHS, () => binding.runSavedModel(...operands)),
  }));
  return () => [...times].map(([name, time]) => ({ name, ...time })).sort((a, b) => b.ms - a.ms);
}
