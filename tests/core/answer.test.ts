import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  canonicalName,
  firstAnswer,
  includesText,
  isWellFormed,
  parseAnswer,
  strip,
  tightenTags,
  widestAnswer,
  words,
} from "../../src/core/answer";

/** Texts made of the pieces that matter: whole and broken tags, white space of all kinds, words. */
const pieces = [
  "<think>",
  "</think>",
  "<answer>",
  "</answer>",
  "<",
  ">",
  "/",
  " ",
  "\n",
  "\u00a0",
  "\ufeff",
  "\u0085",
  "a",
];
const text = fc.array(fc.constantFrom(...pieces, "Least Auklet"), { maxLength: 14 }).map((parts) => parts.join(""));

/** Python's `\s`, spelled out for JavaScript: its own `\s` without U+FEFF, with U+001C–1F and U+0085. */
const S = "(?:(?!\\ufeff)[\\s\\x1c-\\x1f\\x85])";

describe("the released patterns, run as regular expressions, agree", () => {
  test("format_reward", () => {
    const pattern = new RegExp(`^<think>[^]*?</think>${S}*<answer>[^]*?</answer>$`, "u");
    fc.assert(
      fc.property(text, (t) => {
        expect(isWellFormed(t)).toBe(pattern.test(t));
      }),
      { numRuns: 2000 },
    );
  });

  test("extract_answer_from_text (reward) and extract_answer (evaluation)", () => {
    const trim = (t: string): string => t.replace(new RegExp(`^${S}+|${S}+$`, "gu"), "");
    const read = (pattern: RegExp, t: string): string | null => {
      const found = pattern.exec(t)?.[1];
      return found === undefined ? null : trim(found);
    };
    fc.assert(
      fc.property(text, (t) => {
        expect(firstAnswer(t)).toBe(read(/<answer>([^]*?)<\/answer>/u, t));
        expect(widestAnswer(t)).toBe(read(/<answer>([^]*)<\/answer>/u, t));
      }),
      { numRuns: 2000 },
    );
  });

  test("white space around < > / is removed", () => {
    const pattern = new RegExp(`${S}*([<>/])${S}*`, "gu");
    fc.assert(
      fc.property(text, (t) => {
        expect(tightenTags(t)).toBe(t.replace(pattern, "$1"));
      }),
      { numRuns: 2000 },
    );
  });
});

describe("reading an answer", () => {
  test("the form that the model is taught is read in its parts", () => {
    const plain = fc.string().filter((t) => !/[<>]/u.test(t));
    fc.assert(
      fc.property(plain, plain, (thinking, answer) => {
        expect(parseAnswer(`<think>${thinking}</think><answer>${answer}</answer>`)).toEqual({
          thinking: strip(thinking),
          answer: strip(answer),
          wellFormed: true,
        });
      }),
    );
  });

  test("never throws, and an answer is always a part of the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (t) => {
        const { answer, thinking } = parseAnswer(t);
        expect(answer === null || t.includes(answer)).toBe(true);
        expect(thinking === null || t.includes(thinking)).toBe(true);
      }),
    );
  });

  test("a text of unclosed tags is read in linear time", () => {
    const hostile = "<think>".concat("</think> ".repeat(50_000), "</answer>");
    const start = performance.now();
    expect(isWellFormed(hostile)).toBe(false);
    expect(widestAnswer(hostile)).toBeNull();
    expect(tightenTags("<" + " ".repeat(100_000) + "a").length).toBe(2);
    expect(performance.now() - start).toBeLessThan(2000); // milliseconds here; the patterns' backtracking takes minutes
  });
});

test("names: case, underscores and spaces do not count", () => {
  expect(canonicalName(" Gray_crowned  Rosy\nFinch ")).toBe("gray crowned rosy finch");
  expect(words("  Audi A5\tCoupe 2012 ")).toEqual(["Audi", "A5", "Coupe", "2012"]);
  expect(includesText("a LEAST auklet", "Least Auklet")).toBe(true);
  expect(includesText("an auklet", "Least Auklet")).toBe(false);
  expect(includesText("", "")).toBe(true);
});
