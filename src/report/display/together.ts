import type { Progress, ProgressTask } from "../../core/progress";

/** Reports to several displays at once, such as bars and curves. */
export function together(...displays: readonly Progress[]): Progress {
  return {
    start: (...task) => toAll(displays.map((display) => display.start(...task))),
    sumUp: (...work) => toAll(displays.flatMap((display) => display.sumUp?.(...work) ?? [])),
  };
}

function toAll(tasks: readonly ProgressTask[]): ProgressTask {
  return {
    update: (done, figures) => {
      for (const task of tasks) task.update(done, figures);
    },
    finish: () => {
      for (const task of tasks) task.finish();
    },
  };
}
