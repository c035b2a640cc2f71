import { parentPort } from "node:worker_threads";
import { LabError } from "../core/errors";
import type { Progress } from "../core/progress";
import { together } from "../report/display/together";
import { commandLine } from "./again";
import type { ToWorker } from "./supervise";
import { bars, resizeBars } from "./terminal";

/** The exit code of a command that Ctrl-C stopped. */
export const INTERRUPTED = 130;

const controller = new AbortController();
const asked = new LabError("stopped", "The same command goes on from there.");

interface Place {
  readonly label: string;
  readonly total: number;
  done: number;
}

/** The tasks that are not done, in the order in which they began, and the last one that reported. */
const open = new Set<Place>();
let last: Place | undefined;

/** Remembers where the work was when it was stopped. */
const placeKeeper: Progress = {
  start: (label, total, before) => {
    const place = { label, total, done: before?.at(-1)?.done ?? 0 };
    open.add(place);
    last = place;
    return {
      update: (done) => {
        place.done = done;
        last = place;
      },
      finish: () => {
        if (place.done >= total) open.delete(place);
      },
    };
  },
};

/** Where the work was stopped: in what was not done, else in the last that was. */
function placesInWords(): string[] {
  const places = open.size > 0 || last === undefined ? [...open] : [last];
  return places.map(({ label, done, total }) => `in "${label}" after ${done} of ${total}`);
}

/** Progress, in the terminal unless elsewhere, and the signal that Ctrl-C aborts, for work that can be resumed. */
export function stoppable(elsewhere?: Progress): { readonly progress: Progress; readonly signal: AbortSignal } {
  parentPort?.on("message", (message: ToWorker) => {
    if (message === "stop") controller.abort(asked);
    else resizeBars(message);
  });
  parentPort?.unref(); // listening alone keeps no command from ending
  parentPort?.postMessage("stoppable");
  return { progress: together(elsewhere ?? bars, placeKeeper), signal: controller.signal };
}

/** Whether all that --fresh removes is removed. */
let anew = false;

/** Says that what was to be made anew is removed: from here on a stopped run has work of its own. */
export function begunAnew(): void {
  anew = true;
}

/** Where the work was stopped and how it goes on; `undefined` for any other error. */
export function stoppedMessage(error: unknown, argv: readonly string[]): string | undefined {
  if (error !== asked) return undefined;
  // --fresh would throw away what the stopped run has done, once it has begun
  const again = commandLine(argv.filter((arg) => arg !== "--fresh" || !anew));
  const places = placesInWords();
  if (places.length > 1)
    return `Stopped; what is done is kept:\n  ${places.join("\n  ")}\nTo go on from there:\n  ${again}`;
  return `Stopped${places.map((place) => ` ${place}`).join("")}; what is done is kept. To go on from there:\n  ${again}`;
}
