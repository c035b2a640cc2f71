import * as fs from "node:fs";
import * as path from "node:path";
import { LabError } from "../core/errors";
import { JsonlFile, readJson, writeJson } from "../core/files";

/** Results by image that grow one at a time and, in a folder, outlive the process. */
export interface Journal<T extends { readonly imageId: string }> {
  readonly entries: ReadonlyMap<string, T>;
  add(entry: T): void;
  close(): void;
}

/** Opens `folder/name` for appending, with what it holds already; without a folder, a journal in memory. */
export function openJournal<T extends { readonly imageId: string }>(
  folder: string | undefined,
  name: string,
  parse: (value: unknown) => T,
): Journal<T> {
  const file = folder === undefined ? undefined : JsonlFile.open(path.join(folder, name), parse);
  const entries = new Map((file?.existing ?? []).map((entry) => [entry.imageId, entry]));
  return {
    entries,
    add: (entry) => {
      file?.append(entry);
      entries.set(entry.imageId, entry);
    },
    close: () => {
      file?.close();
    },
  };
}

/**
 * Writes down, or compares, what a folder's results depend on: work goes on only where it began.
 * @throws LabError when the folder was begun with other settings
 */
export function claimFolder(folder: string, settings: unknown): void {
  const file = path.join(folder, "settings.json");
  const wanted = JSON.parse(JSON.stringify(settings)) as unknown;
  if (!fs.existsSync(file)) {
    writeJson(file, wanted);
    return;
  }
  if (JSON.stringify(readJson(file)) !== JSON.stringify(wanted)) {
    throw new LabError("was begun with other settings or other images", "Choose another folder, or remove this one.", {
      subject: folder,
    });
  }
}
