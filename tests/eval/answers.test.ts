import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openAnswers, readAnswers, type Answer } from "../../src/eval/answers";
import { LabError } from "../../src/core/errors";
import { answer } from "./helpers";

let file: string;
beforeEach(() => {
  file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "answers-")), "answers.jsonl");
});
afterEach(() => {
  fs.rmSync(path.dirname(file), { recursive: true, force: true });
});

const SETTINGS = { model: "m", seed: 42, checkpoint: null };
const HEAD = { settings: SETTINGS };
const lines = (...values: unknown[]): void => {
  fs.writeFileSync(
    file,
    values.map((value) => `${typeof value === "string" ? value : JSON.stringify(value)}\n`).join(""),
  );
};
const of = (id: string): { answer: Answer } => ({ answer: answer({ id }) });

describe("a file of answers", () => {
  test("gives back whatever was said, in order, over any number of openings", () => {
    const said = fc.record({ output: fc.string({ unit: "binary" }), options: fc.option(fc.array(fc.string())) });
    fc.assert(
      fc.property(fc.array(said), fc.nat(5), (all, cut) => {
        fs.rmSync(file, { force: true });
        const answers = all.map((one, i) => answer({ ...one, id: `item ${i}` }));
        for (const part of [answers.slice(0, cut), answers.slice(cut)]) {
          const store = openAnswers(file, SETTINGS);
          part.forEach((one) => {
            store.append(one);
          });
          store.close();
        }
        expect(readAnswers(file)).toEqual(answers);
      }),
      { numRuns: 15 },
    );
  });

  test("a last line that a kill tore is dropped where the file is continued, and told where it is read", () => {
    lines(HEAD, of("a"));
    fs.appendFileSync(file, '{"answer":{"id":"b');
    expect(() => readAnswers(file)).toThrow(/line 3/u);
    const store = openAnswers(file, SETTINGS);
    expect([...store.done.keys()]).toEqual(["a"]);
    store.append(answer({ id: "b" }));
    store.close();
    expect(readAnswers(file).map(({ id }) => id)).toEqual(["a", "b"]);
  });

  test.each([
    [
      "an item twice",
      [HEAD, of("a"), of("b"), of("a")],
      /answers\.jsonl: line 4 cannot be used \(it answers "a" a second time/u,
    ],
    ["a corrupt line in the middle", [HEAD, '{"answer":', of("a")], /answers\.jsonl: line 2/u],
    ["a line of another schema", [HEAD, { record: { id: "a" } }], /answers\.jsonl: line 2.*record/u],
    ["an answer with a key too many", [HEAD, { answer: { ...answer({}), correct: true } }], /line 2.*correct/u],
    ["an answer without its truth", [HEAD, { answer: { ...answer({}), truth: undefined } }], /line 2.*truth/u],
    ["no settings", [of("a")], /line 1.*settings/u],
    ["settings twice", [HEAD, of("a"), HEAD], /line 3.*settings/u],
  ])("refuses %s, whether it is read or continued, and names the line", (_, values, message) => {
    lines(...values);
    expect(() => readAnswers(file)).toThrow(LabError);
    expect(() => readAnswers(file)).toThrow(message);
    expect(() => openAnswers(file, SETTINGS)).toThrow(message);
  });

  test("is continued under the same settings only; every one that differs is named", () => {
    lines(HEAD, of("a"));
    const other = () => openAnswers(file, { model: "m", seed: 7, checkpoint: null, topP: 1 });
    expect(other).toThrow(LabError);
    expect(other).toThrow(/answers\.jsonl.*other settings \(seed: 42 → 7; topP: undefined → 1\)/u);
    openAnswers(file, { ...SETTINGS }).close();
  });
});
