import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { silent } from "../../src/core/progress";
import { labOf } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { cotSft } from "../../src/lab/recipe";
import { make } from "../../src/lab/make";
import { stageFrom, withInputs, workOf } from "../../src/lab/stage";
import { findFinished } from "../../src/store/store";

const runs = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-json-"));
afterAll(() => {
  fs.rmSync(runs, { recursive: true, force: true });
});

it("a stage is made by another process from its JSON alone, the one it needs being in the store", async () => {
  const lab = await labOf(loadProfile("smoke"), { progress: silent, store: path.join(runs, "store") });
  const stage = withInputs(cotSft(lab.recipe(1)), { epochs: 1 });
  const file = path.join(runs, "stage.json");
  const outcome = { result: {}, startedAt: "", seconds: 0, outputs: [] }; // what a stage.json says, too
  fs.writeFileSync(file, JSON.stringify({ ...workOf(stage), ...outcome }));
  const elsewhere = () =>
    spawnSync(process.execPath, ["dist/cli.js", "stage", file], {
      env: { ...process.env, FINE_R1_RUNS: runs },
      encoding: "utf8",
    });
  expect(elsewhere().stderr).toMatch(/needs the stage "cot" \([0-9a-f]{10}\), which was not made/);
  for (const needed of stage.needs) await make(lab, needed);
  const { status, stdout } = elsewhere();
  expect(status).toBe(0);
  const record = findFinished(lab.store, workOf(stage));
  expect(stdout.trim()).toBe(record?.folder);
  expect((await make(lab, stage)).cached).toBe(true);
});

it("a stage is not made from one whose files have changed, nor from one whose whole key is another", async () => {
  const store = path.join(runs, "changed");
  const lab = await labOf(loadProfile("smoke"), { progress: silent, store });
  const stage = withInputs(cotSft(lab.recipe(1)), { epochs: 2 });
  const [cot] = stage.needs;
  const { folder } = await make(lab, cot!);
  const json = JSON.parse(JSON.stringify(stage.inputs)) as { examples: { key: string } };
  const key = `${json.examples.key.slice(0, 10)}${"0".repeat(54)}`;
  const foreign = stageFrom(stage.kind, { ...json, examples: { ...json.examples, key } });
  await expect(make(lab, foreign)).rejects.toThrow(/needs the stage "cot" .* which was not made/);
  const file = path.join(folder, "records.jsonl");
  fs.writeFileSync(file, fs.readFileSync(file, "utf8").split("\n").slice(0, 6).join("\n"));
  await expect(make(lab, stageFrom(stage.kind, json))).rejects.toThrow(/records\.jsonl: /);
});
