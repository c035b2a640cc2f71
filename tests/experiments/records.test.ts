import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { silent } from "../../src/core/progress";
import { EXPERIMENTS } from "../../src/experiments";
import { keptFindings } from "../../src/lab/findings";
import { keptFolder, readKept } from "../../src/lab/kept";
import { labOf } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { papersOf } from "../../src/lab/publish";
import { toJson } from "../../src/report/table/json";

/** A caption, a claim or a statistic that changes leaves tables of before behind it, unless they are laid out anew: `fine-r1 show … --write`. */
describe("the recorded tables", async () => {
  const lab = await labOf(loadProfile("mini"), { progress: silent, models: "there" });
  const recorded = EXPERIMENTS.flatMap((experiment) => {
    const folder = keptFolder(experiment.id, "mini", "record");
    const kept = readKept(folder);
    return kept === undefined ? [] : [{ experiment, folder, kept, id: experiment.id }];
  });

  it.each(recorded)(
    "of $id are what today's code makes of the recorded measurements",
    ({ experiment, folder, kept }) => {
      const { tables } = keptFindings(lab, experiment, kept);
      expect(tables.size).toBeGreaterThan(1);
      for (const [name, table] of [...tables, ...papersOf(experiment)])
        expect(fs.readFileSync(path.join(folder, `${name}.json`), "utf8"), name).toBe(toJson(table));
    },
    120_000,
  );
});
