import { describe, expect, it } from "vitest";
import type { Progress } from "../../../src/core/progress";
import { asWhole, timeLeft } from "../../../src/report/display/whole";

const waiting = (kind: string) => ({ kind, state: "waiting", elapsed: 0 }) as const;
const done = (kind: string, elapsed: number) => ({ kind, state: "done", elapsed }) as const;
const running = (kind: string, elapsed: number, left?: number) => ({ kind, state: "running", elapsed, left }) as const;

describe("timeLeft", () => {
  it("is unknown while nothing is known", () => {
    expect(timeLeft([running("sft", 5), waiting("rl")])).toBeUndefined();
    expect(timeLeft([])).toBeUndefined();
  });
  it("expects of a waiting piece what its kind took, or what all took where no other of its kind is known", () => {
    // one at a time: 6 left of the running one (4 + 6 = 10 in all), a waiting sft 10, a waiting rl mean(10, 40) = 25
    const pieces = [done("answers", 40), running("sft", 4, 6), waiting("sft"), waiting("rl")];
    expect(timeLeft(pieces)).toBe(6 + 10 + 25);
  });
  it("divides by how many run at once, and is never below what is left of one of them", () => {
    // 10 + 20 left, 30 waiting: two at a time 30
    expect(timeLeft([running("a", 20, 10), running("a", 10, 20), waiting("a")])).toBe(30);
    expect(timeLeft([running("a", 0, 2), running("a", 0, 50)])).toBe(50);
  });
  it("counts a running piece that tells no pace by what its kind took", () => {
    expect(timeLeft([done("similarity", 8), running("similarity", 3)])).toBe(5);
    expect(timeLeft([done("similarity", 8), running("similarity", 9)])).toBe(0);
  });
});

describe("asWhole", () => {
  it("sums up from the first task on, with what was made earlier counted and its time expected of others", () => {
    let now = 0;
    const told: string[] = [];
    let left = (): number | undefined => undefined;
    const display: Progress = {
      start: () => ({ update: () => undefined, finish: () => undefined }),
      sumUp: (label, total, leftNow) => {
        left = leftNow;
        const tell = (done: number): void => void told.push(`${label} ${done}/${total}`);
        return { update: tell, finish: () => told.push("ends") };
      },
    };
    const whole = asWhole(display, "all stages", ["sft", "sft", "sft"], () => now);
    whole.begin(0);
    whole.end(0, 12);
    expect(told).toEqual([]);
    const task = whole.begin(1).start("tapo", 10);
    expect(told).toEqual(["all stages 1/3"]);
    expect(left()).toBe(24_000);
    for (const done of [1, 2]) {
      now += 2000;
      task.update(done);
    }
    // 2 s a step: 16 s left, 20 in all; the third takes mean(12, 20) = 16 s
    expect(left()).toBe(32_000);
    task.finish();
    whole.end(1, 20);
    whole.begin(2);
    now = 5000;
    expect(left()).toBe(15_000);
    whole.end(2, 1);
    whole.finish();
    expect(told).toEqual(["all stages 1/3", "all stages 2/3", "all stages 3/3", "ends"]);
  });
  it("sums up neither what was made before nor a single piece that is at work", () => {
    const begun: string[] = [];
    const begin = (label: string) => {
      begun.push(label);
      return { update: () => undefined, finish: () => undefined };
    };
    const whole = asWhole({ start: begin, sumUp: begin }, "all stages", ["sft", "rl"]);
    whole.begin(0);
    whole.end(0, 1);
    whole.begin(1).start("tapo", 10).finish();
    whole.end(1, 1);
    whole.finish();
    expect(begun).toEqual(["tapo"]);
  });
});
