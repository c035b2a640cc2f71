import * as fs from "node:fs";
import * as path from "node:path";
import { readRecord, type StageRecord } from "./stage";

/** A piece of work that a run left finished, for whoever looks at a run without knowing its settings. */
export interface FinishedStage extends StageRecord {
  readonly folder: string;
}

/** The finished stages of a run folder, the oldest first; none where there is no such folder. */
export function finishedStages(run: string): FinishedStage[] {
  if (!fs.existsSync(run)) return [];
  const folders = fs.readdirSync(run, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders
    .flatMap(({ name }) => {
      const folder = path.join(run, name);
      const record = readRecord(folder);
      return record === undefined ? [] : [{ ...record, folder }];
    })
    .sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
}
