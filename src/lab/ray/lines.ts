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
type Report = z.input<typeof reportSchema>;

/** What reports by lines. */
export interface Reporter {
  readonly progress: Progress;
  readonly onStep: (label: string, figures: StepFigures) => void;
}

/** @param write prints a line */
export function reportInLines(write: (line: string) => void, now: () => number = () => performance.now()): Reporter {
  let tasks = 0;
  const say = (report: Report): void => {
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

/** Cuts text that comes in pieces, cut anywhere, into lines. */
class Lines {
  /** The beginning of a line whose end has not come. */
  rest = "";

  /** The lines that are whole now, without their ends. */
  whole(text: string): string[] {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    return lines;
  }
}

/** Hears what work elsewhere prints, and reports it here. */
export class Listener {
  private readonly tasks = new Map<number, ProgressTask>();
  private readonly lines = new Lines();

  constructor(private readonly to: Pick<Reporter, "progress"> & Partial<Pick<Reporter, "onStep">>) {}

  /** @param text the next of what it prints, cut anywhere */
  hear(text: string): void {
    for (const line of this.lines.whole(text)) this.take(line);
  }

  /** Nothing more will be heard: tasks that are open were stopped. */
  end(): void {
    for (const task of this.tasks.values()) task.finish();
    this.tasks.clear();
  }

  private take(line: string): void {
    const report = readReport(line);
    if (report === undefined) return;
    if ("begin" in report)
      this.tasks.set(report.begin, this.to.progress.start(report.label, report.total, report.before)); // prettier-ignore
    else if ("at" in report) this.tasks.get(report.at)?.update(report.done, report.figures);
    else if ("end" in report) {
      this.tasks.get(report.end)?.finish();
      this.tasks.delete(report.end);
    } else this.to.onStep?.(report.step, report.of);
  }
}

/** A report as it is heard. */
function readReport(line: string) {
  if (!line.startsWith(MARK)) return undefined;
  try {
    const report = reportSchema.parse(parseJson(line.slice(MARK.length)));
    return "step" in report ? { ...report, of: parseStepFigures(report.of) } : report;
  } catch {
    return undefined; // another one's line
  }
}

/** Passes on what a job prints besides reports, line by line; `end` passes on a last line that has no end. */
export function besidesReports(write: (text: string) => void): {
  readonly hear: (text: string) => void;
  readonly end: () => void;
} {
  const lines = new Lines();
  return {
    hear: (text) => {
      for (const line of lines.whole(text)) if (!line.startsWith(MARK)) write(`${line}\n`);
    },
    end: () => {
      if (lines.rest !== "" && !lines.rest.startsWith(MARK)) write(lines.rest);
    },
  };
}

/** What was printed besides reports. */
export function withoutReports(text: string): string {
  let out = "";
  const { hear, end } = besidesReports((part) => (out += part));
  hear(text);
  end();
  return out;
}
