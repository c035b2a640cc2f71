import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { session, type SessionCell } from "./session";

/** The stop button of JupyterLab, pressed in the middle of a training cell, in a real kernel. */
let scratch = "";
beforeAll(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-interrupt-"));
});
afterAll(() => {
  fs.rmSync(scratch, { recursive: true, force: true });
});

describe("an interrupted cell", () => {
  it("stops its work, and goes on from its checkpoint when it is run again", async () => {
    const metrics = path.join(scratch, "runs", "store", "sft-*", "metrics.jsonl");
    const open = `
import * as fr from "../dist";
await fr.loadBackend();
const lab = await fr.lab.labOf(fr.lab.loadProfile("smoke", { "sft.epochs": 40 }), { progress: fr.core.silent });
const recipe = lab.recipe(1);
const chains = await fr.lab.make(lab, fr.lab.chains(recipe));`;
    // 20 chains in batches of 8 are 3 steps an epoch: 120 steps, a checkpoint every 10.
    const work = `
const here = { ...lab, signal: fr.report.interruptSignal() };
const stage = await fr.lab.make(here, fr.lab.cotSft(recipe));
const lines = fr.core.readJsonl(stage.folder + "/metrics.jsonl", (line: any) => line.step);
console.log(JSON.stringify({ steps: lines.length, last: lines.at(-1), cached: stage.cached }));`;
    const count = `
import * as fs from "node:fs";
import * as path from "node:path";
const root = fr.config.storeFolder();
const file = fs.readdirSync(root).filter((name) => name.startsWith("sft-")).map((name) => path.join(root, name, "metrics.jsonl"))[0];
await new Promise((go) => setTimeout(go, 500));
const early = fs.readFileSync(file, "utf8").split("\\n").length - 1;
await new Promise((go) => setTimeout(go, 1500));
console.log(JSON.stringify({ early, later: fs.readFileSync(file, "utf8").split("\\n").length - 1 }));`;
    const cells: SessionCell[] = [
      { code: open },
      { code: work, interrupt: { file: metrics, lines: 25 } },
      { code: count },
      { code: work },
    ];
    const [opened, stopped, counted, again] = await session(cells, {
      FINE_R1_RUNS: path.join(scratch, "runs"),
      FINE_R1_WORKERS: "2",
    });

    expect(opened).toMatchObject({ status: "ok", text: "" });
    expect(stopped).toMatchObject({ status: "error" });
    // one line, and no stack
    expect(stopped?.text.trim()).toBe(
      "LabError: the work was interrupted. Run the cell again: it goes on where it was.",
    );
    const { early, later } = JSON.parse(counted?.text ?? "") as { early: number; later: number };
    expect(early).toBeGreaterThanOrEqual(25);
    expect(later, "nothing goes on unseen").toBe(early);
    expect(later).toBeLessThan(120);
    expect(JSON.parse(again?.text ?? "")).toEqual({ steps: 120, last: 119, cached: false });
  });
});
