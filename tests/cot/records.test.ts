import fc from "fast-check";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCotRecords, writeCotRecords, type CotRecord } from "../../src/cot/records";
import { renderText } from "../../src/cot/stages";
import { name, names, stages } from "./arbitraries";

let folder = "";
beforeAll(() => (folder = fs.mkdtempSync(path.join(tmpdir(), "cot-"))));
afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

const record: fc.Arbitrary<CotRecord> = fc
  .record({
    version: fc.constant(1 as const),
    imageId: name,
    question: name,
    label: name,
    superCategory: name,
    concepts: names,
    stages,
    provenance: fc.record({ teacher: name, attempts: fc.integer({ min: 1, max: 99 }), seed: fc.nat() }),
  })
  .map((known) => ({ ...known, text: renderText("released", known.stages, known.label) }));

describe("CoT records", () => {
  it("come back from JSONL as they went in", () => {
    const file = path.join(folder, "records.jsonl");
    fc.assert(
      fc.property(fc.array(record, { maxLength: 5 }), (records) => {
        writeCotRecords(file, records);
        expect(readCotRecords(file)).toEqual(records);
        expect(fs.readFileSync(file, "utf8").split("\n")).toHaveLength(records.length + 1);
      }),
      { numRuns: 20 },
    );
  });

  it("are refused with a missing, foreign or wrong field, by file and line", () => {
    const [good] = fc.sample(record, 1);
    const file = path.join(folder, "bad.jsonl");
    const fails = (value: object, message: string): void => {
      fs.writeFileSync(file, `${JSON.stringify(good)}\n${JSON.stringify(value)}\n`);
      expect(() => readCotRecords(file)).toThrow("line 2");
      expect(() => readCotRecords(file)).toThrow(message);
    };
    fails({ ...good, label: undefined }, "label");
    fails({ ...good, extra: 1 }, "extra");
    fails({ ...good, version: 2 }, "version");
    fails({ ...good, stages: { ...good!.stages, candidates: [] } }, "candidates");
    fs.writeFileSync(file, JSON.stringify({ ...good, version: 2, concepts: "none", extra: 1 }));
    const message = /^.*bad\.jsonl: line 1 cannot be used \(key version must be one of 1, but is 2; key concepts must be a list, but is "none"; unknown key extra .*\)\. Repair or remove that line\.$/u; // prettier-ignore
    expect(() => readCotRecords(file)).toThrow(message); // one line, with one remedy
  });
});
