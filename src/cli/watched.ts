import { LabError } from "../core/errors";
import { printableLine } from "../core/printable";
import type { OpenDatasetOptions } from "../lab/datasets";
import { stoppable } from "./stop";

/** Work with a progress bar, which Ctrl-C ends without anything left behind. */
export async function watched(work: (context: OpenDatasetOptions) => Promise<void>): Promise<void> {
  const { progress, signal } = stoppable();
  try {
    await work({ progress, signal });
  } catch (error) {
    if (signal.aborted) throw new LabError("stopped", "Nothing was written; the same command begins anew.");
    throw error;
  }
}

/** Names, files and classes shown of many. */
export const SHOWN = 6;

/** The first of some names, and how many more there are. */
export function few(names: readonly string[], shown = SHOWN): string {
  if (names.length === 0) return "none";
  const more = names.length > shown ? `, … (${names.length - shown} more)` : "";
  return printableLine(names.slice(0, shown).join(", ") + more);
}
