import { describe, expect, it } from "vitest";
import { breathe, check, silent } from "../../src/core/progress";

describe("check", () => {
  it("throws the signal's own reason once it is aborted, and nothing before", () => {
    const controller = new AbortController();
    expect(() => {
      check(controller.signal);
      check(undefined);
    }).not.toThrow();
    controller.abort(new Error("interrupted by the reader"));
    expect(() => {
      check(controller.signal);
    }).toThrow("interrupted by the reader");
  });
});

describe("breathe", () => {
  it("lets timers that are due run", async () => {
    const ran: string[] = [];
    setTimeout(() => {
      ran.push("timer");
    }, 1);
    const until = performance.now() + 2000;
    while (ran.length === 0 && performance.now() < until) await breathe();
    expect(ran).toEqual(["timer"]);
  });
});

describe("silent", () => {
  it("accepts everything", () => {
    expect(() => {
      const task = silent.start("label", 3);
      task.update(1, { loss: 2 });
      task.finish();
    }).not.toThrow();
  });
});
