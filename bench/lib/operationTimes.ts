import { watchBinding } from "./binding";

/** An operation's calls and milliseconds, in all. */
export interface OperationTime {
  readonly name: string;
  readonly calls: number;
  readonly ms: number;
}

/** Times every operation of the native runtime from here on. @returns the times so far, the longest first */
export function timeOperations(): () => OperationTime[] {
  const times = new Map<string, { calls: number; ms: number }>();
  watchBinding((binding) => ({
    executeOp: (name, ...operands) => {
      const started = performance.now();
      const made = binding.executeOp(name, ...operands);
      const ms = performance.now() - started;
      const before = times.get(name) ?? { calls: 0, ms: 0 };
      times.set(name, { calls: before.calls + 1, ms: before.ms + ms });
      return made;
    },
  }));
  return () => [...times].map(([name, time]) => ({ name, ...time })).sort((a, b) => b.ms - a.ms);
}
