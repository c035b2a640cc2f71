import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readJson } from "../../src/core/files";
import { silent, type Progress, type ProgressReport } from "../../src/core/progress";
import { ADAMW_DEFAULTS } from "../../src/engine/adamw";
import { cosine } from "../../src/engine/schedule";
import { train, type TrainOptions } from "../../src/engine/train";
import { toy, values } from "./toy";

const options: TrainOptions = { label: "toy", steps: 12, schedule: cosine(0.1, 12, 2), optimizer: ADAMW_DEFAULTS };

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-train-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

async function result(rows: number, size: number, extra: Partial<TrainOptions> = {}): Promise<number[]> {
  const { parameters, task, dispose } = toy(rows, size);
  await train(task, { ...options, ...extra });
  const out = values(parameters);
  dispose();
  return out;
}

describe("train", () => {
  it("gives the same parameters for one batch of 8 and for 8 accumulated batches of 1", async () => {
    const [one, eight] = [await result(8, 8), await result(8, 1)];
    one.forEach((v, i) => {
      expect(Math.abs(v - (eight[i] ?? NaN))).toBeLessThan(1e-5);
    });
  });

  it.each([1, 4, 5, 7, 11])("resumes after a kill at step %d to exactly the uninterrupted result", async (killAt) => {
    const whole = await result(4, 2);
    const { parameters, task, dispose } = toy(4, 2);
    const killed = {
      ...task,
      next: (step: number) => (step === killAt ? Promise.reject(new Error("killed")) : task.next(step)),
    };
    await expect(train(killed, { ...options, folder, checkpointEvery: 3 })).rejects.toThrow("killed");
    dispose();
    const fresh = toy(4, 2);
    const figures = await train(fresh.task, { ...options, folder, checkpointEvery: 3 });
    expect(values(fresh.parameters)).toEqual(whole);
    expect(figures.map((f) => f.step)).toEqual(Array.from({ length: 12 }, (_, i) => i));
    const lines = fs.readFileSync(path.join(folder, "metrics.jsonl"), "utf8").trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual(figures.map((f) => f.step));
    fresh.dispose();
    expect(parameters.size).toBe(2);
  });

  it("goes on from the newest whole checkpoint when a newer one was left half-written", async () => {
    const whole = await result(4, 2);
    const { task, dispose } = toy(4, 2);
    const killed = {
      ...task,
      next: (step: number) => (step === 8 ? Promise.reject(new Error("killed")) : task.next(step)),
    };
    await expect(train(killed, { ...options, folder, checkpointEvery: 3 })).rejects.toThrow("killed");
    dispose();
    fs.mkdirSync(path.join(folder, "checkpoint-9.tmp-4711"));
    fs.writeFileSync(path.join(folder, "checkpoint-9.tmp-4711", "parameters.safetensors"), "torn");
    const again = toy(4, 2);
    await train(again.task, { ...options, folder, checkpointEvery: 3 });
    expect(values(again.parameters)).toEqual(whole);
    again.dispose();
  });

  it("keeps the newest checkpoint, and the one before it until a step has followed", async () => {
    const checkpoints = () => fs.readdirSync(folder).filter((name) => name.startsWith("checkpoint-"));
    const seen: string[] = [];
    const onStep = () => seen.push(checkpoints().join(" "));
    await result(4, 2, { folder, checkpointEvery: 3, onStep });
    // Figures are reported before their step's checkpoint is written.
    expect([seen[2], seen[3], seen[6], seen[9]]).toEqual(["", "checkpoint-3", "checkpoint-6", "checkpoint-9"]);
    expect(checkpoints().sort()).toEqual(["checkpoint-12", "checkpoint-9"]);
  });

  it("skips the update of a step that has nothing to learn from", async () => {
    const { parameters, task, dispose } = toy(4, 2);
    const before = values(parameters);
    const figures = await train(
      { ...task, next: () => Promise.resolve({ microBatches: [], figures: { reward: 0.5 } }) },
      { ...options, steps: 2 },
    );
    expect(values(parameters)).toEqual(before);
    expect(figures.map(({ step, reward, loss }) => [step, reward, loss])).toEqual([
      [0, 0.5, undefined],
      [1, 0.5, undefined],
    ]);
    dispose();
  });

  it("saves a checkpoint when it is stopped, in the midst of a step too, and goes on from there", async () => {
    const whole = await result(4, 2);
    const { task, dispose } = toy(4, 2);
    const controller = new AbortController();
    const next = (step: number) => {
      if (step === 5) controller.abort(new Error("stopped"));
      controller.signal.throwIfAborted(); // as generation does
      return task.next(step);
    };
    let drawn = 0;
    const drawing = { ...task, next: (step: number) => ((drawn += 10), next(step)), state: () => ({ drawn }) };
    const stop = train(drawing, { ...options, folder, checkpointEvery: 4, signal: controller.signal });
    await expect(stop).rejects.toThrow("stopped");
    dispose();
    expect(fs.readdirSync(folder)).toContain("checkpoint-5");
    // five steps drew ten each; what the sixth drew before it was stopped is drawn again
    expect(readJson(path.join(folder, "checkpoint-5", "state.json"))).toMatchObject({ step: 5, task: { drawn: 50 } });

    const again = toy(4, 2);
    const before: (readonly ProgressReport[])[] = [];
    const progress: Progress = {
      start: (label, total, earlier = []) => (before.push(earlier), silent.start(label, total)),
    };
    const figures = await train(again.task, { ...options, folder, progress });
    expect(values(again.parameters)).toEqual(whole);
    expect(before).toEqual([figures.slice(0, 5).map((f) => ({ done: f.step + 1, figures: f }))]);
    again.dispose();
  });

  it.each([
    [5, 4], // stopped within the third pair of steps: the second pair is where a run can go on
    [6, 6],
  ])("stopped after %d steps that come in pairs, it goes on after %d", async (steps, from) => {
    const { task, dispose } = toy(4, 2);
    const controller = new AbortController();
    const stop = train(
      { ...task, stepsPerBatch: 2 },
      {
        ...options,
        folder,
        checkpointEvery: 3, // rounded up to 4
        signal: controller.signal,
        onStep: ({ step }) => {
          if (step === steps - 1) controller.abort();
        },
      },
    );
    await expect(stop).rejects.toThrow();
    expect(fs.readdirSync(folder)).toContain(`checkpoint-${from}`);
    dispose();
  });

  it("keeps the number of tensors flat", async () => {
    const { task, dispose } = toy(4, 2);
    const counts: number[] = [];
    await train(task, { ...options, onStep: () => counts.push(tf.memory().numTensors) });
    expect(new Set(counts.slice(1)).size).toBe(1);
    dispose();
  });
});
