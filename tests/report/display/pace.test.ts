import { describe, expect, it } from "vitest";
import { formatDuration, formatFigures, formatTimes, trackTask } from "../../../src/report/display/pace";
import { barLine } from "../../../src/report/display/terminal";

function clock(): { now: () => number; wait: (ms: number) => void } {
  let at = 1_000_000;
  return { now: () => at, wait: (ms) => (at += ms) };
}

describe("trackTask", () => {
  it("extrapolates the pace so far, less the time since the last report", () => {
    const { now, wait } = clock();
    const task = trackTask("sft", 10, now);
    expect(task.state().left).toBeUndefined();
    wait(2000);
    task.update(1);
    wait(2000);
    task.update(2);
    // 4 s for 2 steps: 8 steps more take 16 s
    expect(task.state()).toMatchObject({ elapsed: 4000, left: 16_000 });
    wait(1000);
    expect(task.state().left).toBe(15_000);
  });
  it("does not count steps of an earlier run as fast ones", () => {
    const { now, wait } = clock();
    const task = trackTask("sft", 100, now);
    wait(10);
    task.update(80);
    expect(task.state().left).toBeUndefined();
    wait(1000);
    task.update(81);
    // one step took 1 s: 19 s for the rest, not the 0.2 s that 81 steps in 1 s would promise
    expect(task.state().left).toBe(19_000);
  });
  it("stops its clock at the end and keeps the last figures", () => {
    const { now, wait } = clock();
    const task = trackTask("sft", 3, now);
    task.update(1, { loss: 2 });
    task.update(3);
    wait(5000);
    task.finish();
    wait(60_000);
    expect(task.state()).toMatchObject({ elapsed: 5000, left: 0, finished: true, figures: { loss: 2 } });
    expect(formatTimes(task.state())).toBe("in 0:05");
  });
});

describe("formats", () => {
  it.each([
    [400, "0:00"],
    [59_600, "1:00"],
    [185_000, "3:05"],
    [3_731_000, "1:02:11"],
  ])("%d ms is %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
  it("shows three digits that count", () => {
    expect(formatFigures({ loss: 0.41234, steps: 1200, lr: 5e-5, length: 123.4, nan: NaN })).toBe(
      "loss 0.412  steps 1200  lr 5.0e-5  length 123  nan NaN",
    );
  });
  it("draws a bar to its share", () => {
    const state = {
      label: "tapo",
      total: 4,
      done: 1,
      figures: { reward: 0.5 },
      elapsed: 1000,
      left: 3000,
      finished: false,
    };
    // 24 cells, a quarter of them full
    expect(barLine(state)).toBe(
      `tapo${" ".repeat(20)} ${"█".repeat(6)}${"░".repeat(18)}  25% 1/4  0:01 elapsed, 0:03 left  reward 0.500`,
    );
  });
});
