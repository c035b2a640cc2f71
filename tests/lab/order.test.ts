import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { silent } from "../../src/core/progress";
import { labOf, type Lab } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { labelSft } from "../../src/lab/recipe";
import { make } from "../../src/lab/make";
import { withInputs } from "../../src/lab/stage";

const store = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-order-"));
afterAll(() => {
  fs.rmSync(store, { recursive: true, force: true });
});

it("a training keeps its checkpoints until its record is written, and clears what a kill right after that left", async () => {
  let stuck = true;
  const own = (): string => path.join(store, fs.readdirSync(store).find((name) => name.startsWith("sft-")) ?? "");
  /** stage.json cannot be written: the moment at which a kill would come. */
  const inTheWay = (): void => {
    if (stuck) fs.mkdirSync(path.join(own(), `stage.json.tmp-${process.pid}`), { recursive: true });
  };
  const lab: Lab = await labOf(loadProfile("smoke"), { progress: silent, store, onStep: inTheWay });
  const stage = withInputs(labelSft(lab.recipe(1)), { epochs: 2 }); // 10 steps: a checkpoint at the last one
  await expect(make(lab, stage)).rejects.toThrow(/stage\.json: cannot be written/);
  expect(fs.readdirSync(own())).toEqual(["checkpoint-10", "metrics.jsonl", "model"]);

  stuck = false;
  fs.cpSync(path.join(own(), "checkpoint-10"), path.join(store, "kept"), { recursive: true });
  expect((await make(lab, stage)).result.steps).toBe(10);
  const finished = ["metrics.jsonl", "model", "stage.json"];
  expect(fs.readdirSync(own())).toEqual(finished);

  fs.renameSync(path.join(store, "kept"), path.join(own(), "checkpoint-10")); // killed between the record and this
  expect((await make(lab, stage)).cached).toBe(true);
  expect(fs.readdirSync(own())).toEqual(finished);
});
