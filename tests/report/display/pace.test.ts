import { describe, expect, it } from "vitest";
import {
  formatDuration,
  formatFigures,
  formatTimes,
  trackTask,
  type TaskState,
} from "../../../src/report/display/pace";
import { barLines } from "../../../src/report/display/terminal";

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
  it("starts where an earlier run ended, at its own pace", () => {
    const { now, wait } = clock();
    const task = trackTask("sft", 100, now, [{ done: 79 }, { done: 80, figures: { loss: 3 } }]);
    expect(task.state()).toMatchObject({ done: 80, figures: { loss: 3 }, left: undefined });
    wait(2000);
    task.update(81);
    // one step took 2 s, 19 remain
    expect(task.state().left).toBe(38_000);
  });
  it("knows a task that ended before its last step as stopped", () => {
    const { now } = clock();
    const [whole, part] = [trackTask("sft", 3, now), trackTask("sft", 3, now)];
    whole.update(3);
    part.update(2);
    for (const task of [whole, part]) task.finish();
    expect([whole, part].map((task) => task.state().stopped)).toEqual([false, true]);
    expect(formatTimes(part.state())).toBe("stopped after 0:00");
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
});

describe("barLines", () => {
  const barLine = (task: TaskState, room: number): string => barLines([task], room)[0]!;
  const state = {
    label: "tapo",
    total: 4,
    done: 1,
    figures: { reward: 0.5, loss: 0.25 },
    elapsed: 1000,
    left: 3000,
    finished: false,
    stopped: false,
  };
  it("draws a bar to its share", () => {
    // 24 cells, a quarter of them full
    expect(barLine(state, 120)).toBe(
      `tapo${" ".repeat(20)} ${"█".repeat(6)}${"░".repeat(18)}  25% 1/4  0:01 elapsed, 0:03 left  reward 0.500  loss 0.250`,
    );
  });
  it("leaves out whole figures, the last first", () => {
    // without figures 83 characters; the first takes 14 more, the second 12
    expect(barLine(state, 99)).toMatch(/left {2}reward 0\.500$/);
    expect(barLine(state, 96)).toMatch(/left$/);
  });
  it.each(["tapo", "Writing chains of thought", "sft-labels, open, thinking, long"])(
    "keeps step and time left at 60 columns: %s",
    (label) => {
      const line = barLine({ ...state, label, total: 1200, done: 600, elapsed: 754_000, left: 754_000 }, 59);
      expect(line).toContain("600/1200  12:34 elapsed, 12:34 left");
      expect(line.length).toBeLessThanOrEqual(59);
      expect(line).toContain(label.slice(0, 7));
    },
  );
  it("shortens the bar before the name", () => {
    // 59 − 27 for steps and times leave 32: the name, and 12 cells with their share
    expect(barLine(state, 59)).toMatch(/^tapo +███░{9} {2}25% 1\/4/);
  });
  it("draws the bars of several tasks below each other, whatever their names and numbers", () => {
    const other = { ...state, label: "seed 2, sft", total: 1200, done: 900 };
    for (let room = 50; room < 130; room++) {
      const lines = barLines([state, other], room);
      const [one, two] = lines.map((line) => line.search(/█|░/));
      expect(one).toBe(two);
      expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(room);
      expect(lines[1]).toContain("900/1200  0:01 elapsed, 0:03 left");
    }
  });
  it("says that a task was stopped", () => {
    expect(barLine({ ...state, left: 0, finished: true, stopped: true }, 59)).toContain("1/4  stopped after 0:01");
  });
});
