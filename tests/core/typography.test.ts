import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalName, words } from "../../src/core/answer";
import { plainTypography, trimCharacters, visibleText } from "../../src/core/typography";

const ascii = fc.string({
  unit: fc.constantFrom(...Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))),
});

describe("visibleText", () => {
  it("has one kind of line break, ordinary spaces and hyphens, and nothing invisible", () => {
    expect(visibleText("\ufeffa\r\nb\rc\u2028d")).toBe("a\nb\nc\nd");
    expect(visibleText("737\u2011200\u00a0a\u202fb \u200bW\u00adren")).toBe("737-200 a b Wren");
  });

  it("keeps what can be seen: quotes, dashes, accents, the joiners of a family or of Persian", () => {
    for (const text of ["“Bewick’s” – a wren…", "Größe ½ ﬁne", "👨‍👩‍👧", "می‌خواهم"]) expect(visibleText(text)).toBe(text);
  });
});

describe("plainTypography", () => {
  it("leaves ASCII as it is, and does nothing twice", () => {
    fc.assert(fc.property(ascii, (text) => plainTypography(text) === text && visibleText(text) === text));
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(plainTypography(plainTypography(text))).toBe(plainTypography(text));
      }),
    );
  });
});

describe("canonicalName", () => {
  it("makes one name of every typography", () => {
    for (const written of ["Bewick’s\u00a0Wren", "bewick's wren", "BEWICK\u02bcS  WREN", "Bewick's\u200b_Wren"]) {
      expect(canonicalName(written)).toBe("bewick's wren");
    }
    expect(canonicalName("Boeing 737\u2011200")).toBe(canonicalName("Boeing 737–200"));
  });

  it("reads ASCII as it always did: lower case, underscores and runs of spaces as one space", () => {
    fc.assert(
      fc.property(ascii, (text) => {
        expect(canonicalName(text)).toBe(words(text.toLowerCase().replaceAll("_", " ")).join(" "));
      }),
    );
  });
});

describe("trimCharacters", () => {
  it("takes the given characters from either end only", () => {
    expect(trimCharacters(" .a. b. ", new Set([" "]), new Set([" ", "."]))).toBe(".a. b");
    expect(trimCharacters("....", new Set(), new Set(["."]))).toBe("");
  });
});
