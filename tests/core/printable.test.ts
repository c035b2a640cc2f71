import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import { printable, printableLine } from "../../src/core/printable";

describe("printable", () => {
  it.each([
    ["\x1b]0;title\x07", "\\u001b]0;title\\u0007"], // an OSC sequence
    ["\x9b31m", "\\u009b31m"], // the one-character CSI of C1
    ["a\u202eb\u2066c", "a\\u202eb\\u2066c"], // right-to-left override, isolate
    ["\ud83d", "\\ud83d"], // half a surrogate pair
    ["\0\x7f\u2028\uffff", "\\u0000\\u007f\\u2028\\uffff"],
    ["Łódź 鸟 🐦 עברית\n\tx", "Łódź 鸟 🐦 עברית\n\tx"],
  ])("writes out what orders, turns or breaks: %j", (text, shown) => {
    expect(printable(text)).toBe(shown);
  });
  it("leaves every other text as it is, on one line where asked", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        if (!/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069\ufffe\uffff]/u.test(text))
          expect(printable(text)).toBe(text);
        expect(printable(printable(text))).toBe(printable(text));
        expect(printableLine(text)).not.toMatch(/[\n\r\t]/);
      }),
    );
    expect(printableLine("a \r\n\t b  c")).toBe("a b  c");
  });
  it("is linear in a long run of spaces", () => {
    const begun = performance.now();
    printableLine(" ".repeat(1e6));
    expect(performance.now() - begun).toBeLessThan(1000);
  });
});

describe("LabError", () => {
  it("quotes nothing that a terminal would obey", () => {
    const error = new LabError("has no \x1b[2Jkey", "Add\u202e it.", { subject: "\x1b]8;;evil\x07a.json" });
    expect(error.message).toBe("\\u001b]8;;evil\\u0007a.json: has no \\u001b[2Jkey. Add\\u202e it.");
    expect(error.subject).toBe("\x1b]8;;evil\x07a.json"); // programs get the real name
  });
});
