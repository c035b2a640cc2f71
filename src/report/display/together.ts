import type { Progress } from "../../core/progress";

/** Reports to several displays at once, such as bars and curves. */
export function together(...displays: readonly Progress[]): Progress {
  return {
    start: (label, total, before) => {
      const tasks = displays.map((display) => display.start(label, total, before));
      return {
        update: (done, figures) => {
          for (const task of tasks) task.update(done, figures);
        },
        finish: () => {
          for (const task of tasks) task.finish();
        },
      };
    },
  };
}
