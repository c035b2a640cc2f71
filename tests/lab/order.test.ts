import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { silent } from "../../src/core/progress";
import { openLab, type Lab } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { givenCheckpoint, labelExamples, sftStage } from "../../src/lab/training";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-order-"));
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

it("a training keeps its checkpoints until its record is written, and clears what a kill right after that left", async () => {
  const profile = loadProfile("smoke");
  const options = { ...profile.sftLabels, epochs: 2 }; // 10 steps: a checkpoint at the last one
  let stuck = true;
  const stage = (): ReturnType<typeof sftStage> => {
    const lab: Lab = openLab("test", profile, { progress: silent, folder, onStep: () => { inTheWay(); } }); // prettier-ignore
    return sftStage(lab, "labels", givenCheckpoint(profile.base), labelExamples(lab), options);
  };
  const own = (): string => path.join(folder, fs.readdirSync(folder).find((name) => name.startsWith("labels-")) ?? "");
  /** stage.json cannot be written: the moment at which a kill would come. */
  const inTheWay = (): void => {
    if (stuck) fs.mkdirSync(path.join(own(), `stage.json.tmp-${process.pid}`), { recursive: true });
  };
  await expect(stage()).rejects.toThrow(/stage\.json: cannot be written/);
  expect(fs.readdirSync(own())).toEqual(["checkpoint-10", "metrics.jsonl", "model"]);

  stuck = false;
  fs.cpSync(path.join(own(), "checkpoint-10"), path.join(folder, "kept"), { recursive: true });
  expect((await stage()).result.steps).toBe(10);
  const finished = ["metrics.jsonl", "model", "stage.json"];
  expect(fs.readdirSync(own())).toEqual(finished);

  fs.renameSync(path.join(folder, "kept"), path.join(own(), "checkpoint-10")); // killed between the record and this
  expect((await stage()).cached).toBe(true);
  expect(fs.readdirSync(own())).toEqual(finished);
});
