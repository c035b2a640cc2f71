import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Progress } from "../../../src/core/progress";
import { terminalProgress } from "../../../src/report/display/terminal";
import { screen } from "./screen";

/** A stream that remembers what was written, and says that it is a terminal or is not. */
function fakeStream(isTTY: boolean, rows = 40): { stream: NodeJS.WriteStream; text: () => string } {
  let text = "";
  const pipe = new PassThrough();
  pipe.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const stream = Object.assign(pipe, { isTTY, columns: 100, rows }) as unknown as NodeJS.WriteStream;
  return { stream, text: () => text };
}

describe("terminalProgress", () => {
  it("writes at most one line a task every ten seconds to a log, and one at the end", () => {
    let now = 0;
    const { stream, text } = fakeStream(false);
    const task = terminalProgress({ stream, now: () => now }).start("sft", 100);
    for (let step = 1; step <= 100; step++) {
      now += 300;
      task.update(step, { loss: 1 / step });
    }
    task.finish();
    // 30 s in steps of 0.3 s: a line at the first step past 10 s (34 → 10.2 s) and past 20.2 s (68 → 20.4 s)
    expect(text().split("\n")).toEqual([
      "sft: 34/100, 0:10 elapsed, 0:20 left, loss 0.0294",
      "sft: 68/100, 0:20 elapsed, 0:10 left, loss 0.0147",
      "sft: 100/100, in 0:30, loss 0.0100",
      "",
    ]);
  });

  it("writes the last line of a task once to a log, when it ends", () => {
    let now = 0;
    const { stream, text } = fakeStream(false);
    const task = terminalProgress({ stream, now: () => now }).start("all stages", 2);
    for (let stage = 1; stage <= 2; stage++) {
      now += 20_000;
      task.update(stage);
    }
    task.finish();
    task.finish();
    expect(text()).toBe("all stages: 1/2, 0:20 elapsed, 0:20 left\nall stages: 2/2, in 0:40\n");
  });

  it("draws bars in a terminal, also in synchronous work, and leaves the last state of each standing", () => {
    let now = 0;
    const { stream, text } = fakeStream(true);
    const progress = terminalProgress({ stream, now: () => now });
    const [outer, inner] = [progress.start("quickstart", 2), progress.start("sft", 10)];
    for (let step = 1; step <= 10; step++) {
      now += 500;
      inner.update(step, { loss: 0.5 });
    }
    expect(text()).toContain("50% 5/10  0:03 elapsed, 0:03 left  loss 0.500");
    inner.finish();
    outer.update(2);
    outer.finish();
    expect(screen(text())).toEqual([
      expect.stringMatching(/^sft .*100% 10\/10 {2}in 0:05 {2}loss 0\.500$/),
      expect.stringMatching(/^quickstart .*100% 2\/2 {2}in 0:05$/),
      "",
    ]);
  });

  it("keeps what runs together below what has ended, and the sum of all below that", () => {
    const { stream, text } = fakeStream(true);
    const progress = terminalProgress({ stream, now: () => 0 });
    const sum = progress.sumUp?.("all stages", 4, () => 83_000);
    const [one, two] = [progress.start("seed 1, sft", 8), progress.start("seed 2, sft", 8)];
    expect(screen(text()).map((line) => line.slice(0, 12).trim())).toEqual([
      "seed 1, sft",
      "seed 2, sft",
      "all stages",
      "",
    ]);
    two.update(8);
    two.finish();
    sum?.update(1);
    const three = progress.start("seed 2, tapo", 8);
    expect(screen(text())).toEqual([
      expect.stringMatching(/^seed 2, sft .*100% 8\/8 {2}in 0:00$/),
      expect.stringMatching(/^seed 1, sft .*0% 0\/8 {2}0:00 elapsed, … left$/),
      expect.stringMatching(/^seed 2, tapo .*0% 0\/8/),
      expect.stringMatching(/^all stages .*25% 1\/4 {2}0:00 elapsed, 1:23 left$/),
      "",
    ]);
    for (const task of [one, three]) task.finish();
    sum?.finish();
    expect(screen(text()).map((line) => line.slice(0, 12).trim())).toEqual([
      "seed 2, sft",
      "seed 1, sft",
      "seed 2, tapo",
      "all stages",
      "",
    ]);
  });

  it("has others' words written above what is drawn anew, and draws nothing twice", () => {
    const { stream, text } = fakeStream(true);
    const progress = terminalProgress({ stream, now: () => 0 });
    const say = (words: string): void => {
      progress.above(() => stream.write(words));
    };
    say("before\n");
    const sum = progress.sumUp?.("all stages", 2, () => undefined);
    const task = progress.start("sft", 8);
    say("meanwhile\nin two lines\n");
    task.update(8);
    task.finish();
    sum?.finish();
    say("after\n");
    expect(screen(text()).map((line) => line.slice(0, 12).trim())).toEqual([
      "before",
      "meanwhile",
      "in two lines",
      "sft",
      "all stages",
      "after",
      "",
    ]);
  });

  it("is never higher than the terminal, whose upper lines could not be reached again", () => {
    const { stream, text } = fakeStream(true, 10);
    const progress = terminalProgress({ stream, now: () => 0 });
    progress.sumUp?.("all stages", 20, () => undefined);
    for (let i = 1; i <= 20; i++) progress.start(`stage ${i}`, 8);
    const lines = screen(text());
    // ten rows: six bars, a line on the other fourteen, the sum, the line where the cursor waits, and one to spare
    expect(lines.map((line) => line.slice(0, 13).trim())).toEqual([
      ...[1, 2, 3, 4, 5, 6].map((i) => `stage ${i}`),
      "… and 14 more",
      "all stages",
      "",
    ]);
  });

  const half = (progress: Progress): void => {
    const task = progress.start("sft", 10);
    task.update(5);
    task.finish();
  };
  it("never turns line wrapping off: a killed process would leave it off", () => {
    const { stream, text } = fakeStream(true);
    half(terminalProgress({ stream }));
    expect(text()).toContain("\u001b["); // the cursor is moved,
    expect(text()).not.toContain("\u001b[?"); // and no mode of the terminal changed
    expect(text()).toMatch(/sft +█+░+ +50% 5\/10 {2}stopped after 0:00/);
  });
  it.each([
    ["a terminal that knows no control sequences", true, "dumb"],
    ["a log", false, "xterm-256color"],
  ])("writes plain lines to %s", (_, isTTY, term) => {
    const { stream, text } = fakeStream(isTTY);
    half(terminalProgress({ stream, term }));
    expect(text()).toBe("sft: 5/10, stopped after 0:00\n");
  });

  it("does not keep a process alive whose work failed", () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    terminalProgress({ stream: fakeStream(true).stream })
      .start("fails", 10)
      .update(1);
    // getActiveResourcesInfo lists only what holds the event loop open.
    expect(timers()).toBe(before);
  });
});
