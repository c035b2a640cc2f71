import fc from "fast-check";
import { expect, it } from "vitest";
import type { Progress } from "../../../src/core/progress";
import { besidesReports, Listener, reportInLines } from "../../../src/lab/ray/lines";

/** A progress that writes down what it is told. */
function written(): { progress: Progress; told: unknown[] } {
  const told: unknown[] = [];
  const progress: Progress = {
    start: (label, total, before) => {
      told.push(["start", label, total, before]);
      return {
        update: (done, figures) => told.push([label, done, figures]),
        finish: () => told.push([label, "finish"]),
      };
    },
  };
  return { progress, told };
}

it("what work reports in lines is reported by who hears them, however the text is cut and whatever stands between", () => {
  const word = fc.string({ unit: "binary", maxLength: 8 }).map((text) => text.replaceAll("@fine-r1", ""));
  fc.assert(
    fc.property(fc.array(fc.tuple(word, fc.nat(9)), { maxLength: 6 }), fc.array(fc.nat(60)), (tasks, cuts) => {
      let [text, time] = ["", 0];
      const { progress } = reportInLines(
        (line) => (text += `${line}\nsomething else\n`),
        () => (time += 1000),
      );
      const direct = written();
      for (const to of [progress, direct.progress]) {
        for (const [label, total] of tasks) {
          const task = to.start(label, total, [{ done: 1, figures: { loss: 0.5 } }]);
          for (let done = 1; done <= total; done++) task.update(done, { done });
          task.finish();
        }
      }
      const heard = written();
      const listener = new Listener(heard);
      for (const cut of cuts) {
        listener.hear(text.slice(0, cut));
        text = text.slice(cut);
      }
      listener.hear(text);
      expect(heard.told).toEqual(direct.told);
    }),
  );
});

it("reports in between are left out, the last one of a task never; NaN arrives, and what was stopped ends", () => {
  const lines: string[] = [];
  const { progress, onStep } = reportInLines(
    (line) => lines.push(line),
    () => 0,
  ); // no time passes
  const task = progress.start("a", 9);
  for (let done = 1; done <= 5; done++) task.update(done, { loss: done === 5 ? NaN : 1 });
  task.finish();
  progress.start("b", 1);
  onStep("a", { step: 1, loss: 2 });
  const { progress: heard, told } = written();
  const steps: unknown[] = [];
  const listener = new Listener({ progress: heard, onStep: (...step) => steps.push(step) });
  listener.hear(lines.map((line) => `${line}\n`).join(""));
  listener.hear('@fine-r1 {"at":"x"}\n@fine-r1 {\n@fine-r1 {"step":"a","of":{"loss":"much"}}\n'); // of others, or damaged
  listener.end();
  expect(told).toEqual([
    ["start", "a", 9, []],
    ["a", 1, { loss: 1 }],
    ["a", 5, { loss: NaN }],
    ["a", "finish"],
    ["start", "b", 1, []],
    ["b", "finish"],
  ]);
  expect(steps).toHaveLength(1);
});

it("all that a job prints besides reports is passed on, a last line without an end, too", () => {
  const report = "@fine-r1 {}";
  for (const cuts of [[], [3, 9, 21]]) {
    let [rest, passed] = [`x\n${report}\ny`, ""];
    const out = besidesReports((text) => (passed += text));
    for (const cut of cuts) {
      out.hear(rest.slice(0, cut));
      rest = rest.slice(cut);
    }
    out.hear(rest);
    expect(passed).toBe("x\n");
    out.end();
    expect(passed).toBe("x\ny");
  }
});
