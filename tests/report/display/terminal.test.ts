import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Progress } from "../../../src/core/progress";
import { terminalProgress } from "../../../src/report/display/terminal";

/** A stream that remembers what was written, and says that it is a terminal or is not. */
function fakeStream(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  let text = "";
  const pipe = new PassThrough();
  pipe.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const stream = Object.assign(pipe, { isTTY, columns: 100, rows: 40 }) as unknown as NodeJS.WriteStream;
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

  it("draws bars in a terminal, also in synchronous work, and leaves the last state standing", () => {
    let now = 0;
    const { stream, text } = fakeStream(true);
    const progress = terminalProgress({ stream, now: () => now });
    const [outer, inner] = [progress.start("quickstart", 2), progress.start("sft", 10)];
    for (let step = 1; step <= 10; step++) {
      now += 500;
      inner.update(step, { loss: 0.5 });
    }
    inner.finish();
    outer.update(2);
    outer.finish();
    const drawn = text();
    expect(drawn).toContain("50% 5/10  0:03 elapsed, 0:03 left  loss 0.500");
    expect(drawn.slice(drawn.lastIndexOf("quickstart"))).toMatch(
      /100% 2\/2 {2}in 0:05[^]*sft[^]*100% 10\/10 {2}in 0:05/,
    );
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
