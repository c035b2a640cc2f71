import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvField, parseCsv } from "../../src/core/csv";
import { LabError } from "../../src/core/errors";

describe("comma-separated values", () => {
  it("follow RFC 4180 and tell an empty text from a gap", () => {
    expect(parseCsv('a,"b ""c""\nd",\r\n"",x\n')).toEqual([
      ["a", 'b "c"\nd', null],
      ["", "x"],
    ]);
  });

  it("give back whatever was written", () => {
    const texts = fc.array(fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 }), { minLength: 1 });
    fc.assert(
      fc.property(texts, (rows) => {
        expect(parseCsv(rows.map((row) => `${row.map(csvField).join(",")}\n`).join(""))).toEqual(rows);
      }),
    );
  });

  it("may have fields of many megabytes", () => {
    const long = `"${"a".repeat(20_000_000)}`;
    expect(parseCsv(`${csvField(long)},x`)).toEqual([[long, "x"]]);
  });

  it("refuse a torn quote, with the text's name", () => {
    expect(() => parseCsv('"open', "classes.csv")).toThrow(LabError);
    expect(() => parseCsv('"open', "classes.csv")).toThrow(/^classes\.csv: is not valid at character 1/);
    expect(() => parseCsv('a,"b"c', "classes.csv")).toThrow(/is not valid at character 3/);
  });
});
