import { z } from "zod";
import { parseJson } from "../../core/files";
import type { Progress, ProgressReport, ProgressTask } from "../../core/progress";
import { parseStepFigures, type StepFigures } from "../../engine/train";

/** How work on one machine tells another how far it is: lines of JSON among all else that it prints. */

const MARK = "@fine-r1 ";
/** Milliseconds between two reports of a task. */
const EVERY = 500;

/** JSON has no NaN. */
const figures = z.record(z.string(), z.number().nullable().transform((value) => value ?? NaN)).default({}); // prettier-ignore
const done = z.number();
const reportSchema = z.union([
  z.strictObject({
    begin: z.int(),
    label: z.string(),
    total: z.number(),
    before: z.array(z.object({ done, figures })),
  }),
  z.strictObject({ at: z.int(), done, figures }),
  z.strictObject({ end: z.int() }),
  z.strictObject({ step: z.string(), of: z.unknown() }),
]);
type Report = z.output<typeof reportSchema>;

/** What reports by lines. */
export interface Reporter {
  readonly progress: Progress;
  readonly onStep: (label: string, figures: StepFigures) => void;
}

/** @param write prints a line */
export function reportInLines(write: (line: string) => void, now: () => number = () => performance.now()): Reporter {
  let tasks = 0;
  const say = (report: z.input<typeof reportSchema>): void => {
    write(MARK + JSON.stringify(report));
  };
  return {
    onStep: (step, of) => {
      say({ step, of });
    },
    progress: {
      start: (label, total, before = []) => {
        const id = tasks++;
        let told = -EVERY;
        let untold: ProgressReport | undefined;
        const tell = (): void => {
          if (untold !== undefined) say({ at: id, ...untold });
          [untold, told] = [undefined, now()];
        };
        say({ begin: id, label, total, before: [...before.slice(-1)] });
        return {
          update: (done, shown) => {
            untold = { done, ...(shown === undefined ? {} : { figures: shown }) };
            if (now() - told >= EVERY) tell();
          },
          finish: () => {
            tell();
            say({ end: id });
          },
        };
      },
    },
  };
}

/** Hears what work elsewhere prints, and reports it here. */
export class Listener {
  private readonly tasks = new Map<number, ProgressTask>();
  private rest = "";

  constructor(private readonly to: Pick<Reporter, "progress"> & Partial<Pick<Reporter, "onStep">>) {}

  /** @param text the next of what it prints, cut anywhere */
  hear(text: string): void {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      const report = readReport(line);
      if (report !== undefined) this.take(report);
    }
  }

  /** Nothing more will be heard: tasks that are open were stopped. */
  end(): void {
    for (const task of this.tasks.values()) task.finish();
    this.tasks.clear();
  }

  private take(report: Report): void {
    if ("begin" in report)
      this.tasks.set(report.begin, this.to.progress.start(report.label, report.total, report.before)); // prettier-ignore
    else if ("at" in report) this.tasks.get(report.at)?.update(report.done, report.figures);
    else if ("end" in report) {
      this.tasks.get(report.end)?.finish();
      this.tasks.delete(report.end);
    } else this.to.onStep?.(report.step, parseStepFigures(report.of));
  }
}

function readReport(line: string): Report | undefined {
  if (!line.startsWith(MARK)) return undefined;
  try {
    return reportSchema.parse(parseJson(line.slice(MARK.length)));
  } catch {
    return undefined; // another one's line
  }
}

/** What was printed besides reports. */
export function withoutReports(text: string): string {
  return text
    .split("\n")
    .filter((line) => !line.startsWith(MARK))
    .join("\n");
}
