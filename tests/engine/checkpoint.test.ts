import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LabError } from "../../src/core/errors";
import { Random } from "../../src/core/random";
import { ADAMW_DEFAULTS, AdamW } from "../../src/engine/adamw";
import { readParameters, saveCheckpoint } from "../../src/engine/checkpoint";
import { FlatLayout } from "../../src/engine/flat";
import { constant } from "../../src/engine/schedule";
import { parseStepFigures, train, type StepFigures, type TrainTask } from "../../src/engine/train";
import { toy } from "./toy";

/** A training of 8 steps that was stopped after 5, with a checkpoint of step 4. */
let folder: string;
beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-checkpoint-"));
  const stop = (step: number) => (step === 5 ? Promise.reject(new Error("stopped")) : undefined);
  await expect(run((task) => ({ ...task, next: (step) => stop(step) ?? task.next(step) }))).rejects.toThrow("stopped");
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const OPTIONS = { label: "toy", steps: 8, schedule: constant(0.1), optimizer: ADAMW_DEFAULTS, checkpointEvery: 4 };

async function run(change: (task: TrainTask) => TrainTask = (task) => task): Promise<StepFigures[]> {
  const { task, dispose } = toy(4, 2);
  try {
    return await train(change(task), { ...OPTIONS, folder });
  } finally {
    dispose();
  }
}

const inside = (name: string): string => path.join(folder, "checkpoint-4", name);
const metrics = (): string => path.join(folder, "metrics.jsonl");

async function refused(): Promise<string> {
  const error: unknown = await run().catch((e: unknown) => e);
  expect(error).toBeInstanceOf(LabError);
  return (error as LabError).message;
}

describe("the state of a checkpoint", () => {
  it.each([
    ["null", /the whole file must be a group of keys, but is null/],
    ["{}", /key step is missing/],
    ['{"step": 4, "task": null}', /key optimizerStep is missing/],
    ['{"step": -1, "task": null, "optimizerStep": 4}', /key step must be at least 0, but is -1/],
    ["", /is not valid JSON/],
  ])("%s is refused", async (content, reason) => {
    fs.writeFileSync(inside("state.json"), content);
    const message = await refused();
    expect(message).toMatch(reason);
    expect(message).toContain(inside("state.json"));
    expect(message).toMatch(/Remove that folder|Repair or remove/);
  });

  it("is refused when it counts more steps than the training has", async () => {
    const { parameters, dispose } = toy(4, 2);
    const optimizer = new AdamW(new FlatLayout(parameters));
    await saveCheckpoint(folder, parameters, optimizer, { step: 1e9, task: null });
    optimizer.dispose();
    dispose();
    expect(await refused()).toMatch(/a checkpoint of step 1000000000, but this training ends after 8/);
  });

  it("is refused when it lies under another step's name", async () => {
    fs.renameSync(path.join(folder, "checkpoint-4"), path.join(folder, "checkpoint-5"));
    expect(await refused()).toMatch(/checkpoint-5: has changed since it was written/);
  });

  it("is refused when the task cannot use it", async () => {
    const message = await run((task) => ({
      ...task,
      restore: () => {
        throw new TypeError("key drawn is missing");
      },
    })).catch(String);
    expect(message).toMatch(/LabError: .*holds a checkpoint of another task \(key drawn is missing\)\. Remove it/);
  });
});

describe("the bytes of a checkpoint", () => {
  it.each(["state.json", "parameters.safetensors", "optimizer.safetensors"])(
    "one flipped bit anywhere in %s is found",
    async (name) => {
      const whole = fs.readFileSync(inside(name));
      const random = new Random(`flips in ${name}`);
      for (let round = 0; round < 12; round++) {
        const bytes = Buffer.from(whole);
        const at = random.integer(bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(8));
        // JSON does not tell one kind of white space from another, nor does it need to
        if (name === "state.json" && sameJson(bytes, whole)) continue;
        fs.writeFileSync(inside(name), bytes);
        await refused();
      }
      fs.writeFileSync(inside(name), whole);
      expect(await run()).toHaveLength(8);
    },
  );

  it.each(["parameters.safetensors", "optimizer.safetensors"])("%s cut short or gone is found", async (name) => {
    fs.truncateSync(inside(name), fs.statSync(inside(name)).size - 1);
    expect(await refused()).toMatch(/has changed since it was written/);
    fs.rmSync(inside(name));
    expect(await refused()).toMatch(/cannot be read \(ENOENT/);
  });
});

describe("parameters", () => {
  it("are read when their turn to be written comes, not all of them first", async () => {
    const { parameters, dispose } = toy(4, 2);
    const optimizer = new AdamW(new FlatLayout(parameters));
    const written: number[] = [];
    vi.spyOn(parameters.get("b")!, "dataSync").mockImplementation(() => {
      const files = fs.readdirSync(folder, { recursive: true, encoding: "utf8" });
      for (const file of files.filter((name) => name.includes("parameters.safetensors.tmp")))
        written.push(fs.statSync(path.join(folder, file)).size);
      return new Float32Array(2) as never;
    });
    await saveCheckpoint(folder, parameters, optimizer, { step: 6, task: null });
    // b is the last: all is there but its two numbers of four bytes
    const { size } = fs.statSync(path.join(folder, "checkpoint-6", "parameters.safetensors"));
    expect(written).toEqual([size - 2 * 4]);
    optimizer.dispose();
    dispose();
  });

  it("lie in no arrays once they are loaded", () => {
    const { parameters, dispose } = toy(4, 2);
    readParameters(inside("parameters.safetensors"), parameters);
    // a tensor that lies in an array hands out that one each time
    for (const variable of parameters.values()) expect(variable.dataSync()).not.toBe(variable.dataSync());
    dispose();
  });
});

function sameJson(a: Buffer, b: Buffer): boolean {
  try {
    return JSON.stringify(JSON.parse(a.toString())) === JSON.stringify(JSON.parse(b.toString()));
  } catch {
    return false;
  }
}

describe("metrics.jsonl", () => {
  it.each([
    ["is gone", (): string[] => [], 0],
    ["lost its end", (lines: string[]) => lines.slice(0, 2), 2],
    ["lost a line", (lines: string[]) => [...lines.slice(0, 1), ...lines.slice(2)], 1],
    ["has a line twice", (lines: string[]) => [...lines.slice(0, 3), ...lines.slice(2)], 3],
  ])("that %s leaves no curve with a gap: training does not go on", async (_what, spoil, step) => {
    const lines = fs.readFileSync(metrics(), "utf8").trimEnd().split("\n");
    fs.writeFileSync(metrics(), spoil(lines).map((line) => `${line}\n`).join("")); // prettier-ignore
    const message = await refused();
    expect(message).toContain(`does not hold each of the 4 steps before the checkpoint once (see step ${step})`);
    expect(message).toContain(`remove ${folder} to train from the start`);
  });

  it("is read with its schema: a step is a whole number, a figure a number, and null stands for NaN", () => {
    expect(parseStepFigures({ step: 3, loss: 0.5, klNegative: null })).toEqual({ step: 3, loss: 0.5, klNegative: NaN });
    expect(() => parseStepFigures({ step: 0.5 })).toThrow(/key step must be a whole number/);
    expect(() => parseStepFigures({ step: 1, loss: "0.5" })).toThrow(/key loss must be a number, but is "0.5"/);
    expect(() => parseStepFigures(null)).toThrow(/must be a group of keys, but is null/);
  });

  it("with a line of another kind is an error that names the line", async () => {
    fs.appendFileSync(metrics(), '{"settings": {}}\n');
    expect(await refused()).toMatch(/metrics\.jsonl: line 6 cannot be used \(key step is missing/);
  });
});
