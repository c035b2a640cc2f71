import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkChainText } from "../../src/cot/checks";
import { readNameList } from "../../src/cot/lists";
import { sameName } from "../../src/cot/names";
import { names as anyNames } from "./arbitraries";

/** Words that mean something in a list: an article, a conjunction, and the "are" of "the candidates are: …". */
const SPECIAL = ["a", "or", "are"];
const names = anyNames.filter(
  (list) => list.length > 1 && !list.some((name) => name.split(" ").some((word) => SPECIAL.includes(word))),
);
const letter = (i: number): string => String.fromCharCode(65 + i);
const numbered = (list: readonly string[]): string[] => list.map((each, i) => `${i + 1}. ${each}`);

/** The ways in which models list names; the second value says where the list ends, for those that end before the text does. */
const FORMS: Readonly<Record<string, (list: readonly string[]) => string>> = {
  bullets: (list) => list.map((each) => `- ${each}`).join("\n"),
  "round bullets without a space": (list) => list.map((each) => `•${each}`).join("\n"),
  "bullets with empty lines": (list) => list.map((each) => `- ${each}`).join("\n\n"),
  numbers: (list) => numbered(list).join("\n"),
  "numbers with empty lines": (list) => numbered(list).join("\n\n"),
  "numbers with notes": (list) =>
    numbered(list)
      .map((each) => `${each}:\n   - a note\n`)
      .join("\n"),
  "the number one on every line": (list) => list.map((each) => `1. ${each}`).join("\n"),
  "numbers in parentheses": (list) => list.map((each, i) => `(${i + 1}) ${each}`).join("\n"),
  "bold numbers": (list) => list.map((each, i) => `**${i + 1}.** ${each}`).join("\n"),
  letters: (list) => list.map((each, i) => `${letter(i)}. ${each}`).join("\n"),
  "small letters in parentheses": (list) => list.map((each, i) => `(${letter(i).toLowerCase()}) ${each}`).join("\n"),
  "options by letter": (list) => list.map((each, i) => `Option ${letter(i)}: ${each}`).join("\n"),
  "bold with notes": (list) => list.map((each) => `* **${each}**: with a long crown.`).join("\n"),
  "behind a sentence": (list) => `Here is what it could be:\n${numbered(list).join("\n")}\n\nThe first fits.`,
  "one a line": (list) => list.join("\n"),
  "one a line behind a heading": (list) => `Candidate sub-categories:\n${list.join("\n")}`,
  "one a line with empty lines": (list) => list.join("\n\n"),
  "one a line with notes": (list) => list.map((each) => `${each}: long, red`).join("\n"),
  "one a line with commas": (list) => list.join(",\n"),
  "one a line with full stops": (list) => list.map((each) => `${each}.`).join("\n"),
  "one line": (list) => list.join(", "),
  "one line behind a heading": (list) => `Candidates: ${list.join("; ")}.`,
  "one line with and": (list) => `${list.slice(0, -1).join(", ")} and ${list.at(-1) ?? ""}`,
  "one line with a comma before or": (list) => `${list.slice(0, -1).join(", ")}, or ${list.at(-1) ?? ""}`,
  "one line with numbers": (list) => numbered(list).join(" "),
  "one line with numbers and commas": (list) => list.map((each, i) => `(${i + 1}) ${each}`).join(", "),
  "one line behind one bullet": (list) => `- ${list.join(", ")}`,
  "two lines of two": (list) => [list.slice(0, 2), list.slice(2)].map((part) => part.join(", ")).join(",\n"),
  JSON: (list) => JSON.stringify(list),
  "JSON in a code block": (list) => `\`\`\`json\n${JSON.stringify({ options: list }, null, 2)}\n\`\`\``,
  "JSON objects": (list) => JSON.stringify(list.map((name) => ({ name, why: "its crown" }))),
  "JSON by letter": (list) => JSON.stringify(Object.fromEntries(list.map((each, i) => [letter(i), each]))),
  "JSON by name": (list) => JSON.stringify(Object.fromEntries(list.map((each) => [`the ${each}`, 1]))),
  "a list of Python": (list) => `[${list.map((each) => `'${each}'`).join(", ")}]`,
};

describe("readNameList", () => {
  it.each(Object.entries(FORMS))("reads the names: %s", (form, write) => {
    fc.assert(
      fc.property(names, fc.constantFrom("\n", "\r\n", "\r"), (list, lineBreak) => {
        const text = write(list).replaceAll("\n", lineBreak);
        const expected = form === "JSON by name" ? list.map((each) => `the ${each}`) : list;
        expect(readNameList(text).names, text).toEqual(expected);
      }),
    );
  });

  it("reads as many names as there are, so that a chain of too many is turned down in every form", () => {
    const six = ["Kind A", "Kind B", "Kind C", "Kind D", "Kind E", "Kind F"].map((kind) => `${kind} Wren`);
    for (const [form, write] of Object.entries(FORMS)) {
      const [said, options] = ["Kind A Wren", write(six)];
      const label = form === "JSON by name" ? `the ${said}` : said;
      const chain = `<analysis>a</analysis><options>${options}</options><comparison>c</comparison><prediction>${label}</prediction>`;
      expect(checkChainText(chain, label), form).toMatchObject({
        accepted: false,
        reason: "too many candidates",
        detail: "6",
      });
      const three = chain.replace(options, write(six.slice(0, 3)));
      expect(checkChainText(three, label), form).toMatchObject({ accepted: true });
      const twice = chain.replace(options, write([said, "House Wren", said.toUpperCase().replace("KIND", "kind")]));
      if (form !== "JSON by name")
        expect(checkChainText(twice, label), form).toMatchObject({ reason: "repeated candidate" });
    }
  });

  it("splits a line at commas outside parentheses and refuses sentences", () => {
    expect(readNameList("Audi 100 (C4, 1991), Audi A6 (C4), and Audi 80\n\nmore, text").names).toEqual([
      "Audi 100 (C4, 1991)",
      "Audi A6 (C4)",
      "Audi 80",
    ]);
    expect(readNameList("There are no candidates to consider since this image shows no plane.").names).toEqual([]);
    expect(readNameList(" \n ").names).toEqual([]);
  });

  it("parts no name at its own and", () => {
    expect(readNameList("Black and Tan Coonhound\nBluetick").names).toEqual(["Black and Tan Coonhound", "Bluetick"]);
    expect(readNameList("- Black and Tan Coonhound\n- Bluetick").names).toHaveLength(2);
    expect(readNameList("Bluetick, Plott, and Black and Tan Coonhound").names[2]).toBe("Black and Tan Coonhound");
    expect(readNameList("Bluetick and Black and Tan Coonhound", "black and tan coonhound").names).toEqual([
      "Bluetick",
      "Black and Tan Coonhound",
    ]);
    expect(readNameList("Black and Tan Coonhound", "It is a Black and Tan Coonhound.").names).toHaveLength(1);
  });

  it("takes an initial for part of a name, and a letter for an ordinal only where the next one follows", () => {
    expect(readNameList("A. thaliana\nA. lyrata").names).toEqual(["A. thaliana", "A. lyrata"]);
    expect(readNameList("E. coli\nB. subtilis").names).toEqual(["E. coli", "B. subtilis"]);
    expect(readNameList("A. Fokker 70\nB. Fokker 100").names).toEqual(["Fokker 70", "Fokker 100"]);
  });

  it("ends the list where the text goes on", () => {
    for (const [text, rest] of [
      ["1. a\n2. b\n\n- a fits better", "- a fits better"],
      ["- a\r\n- b\r\n\r\n- a fits better", "- a fits better"],
      ["Rock Wren\nHouse Wren\n\nThe first has the longer bill.", "The first has the longer bill."],
      ["Rock Wren, House Wren\nThe first has it.", "The first has it."],
      ['["a", "b"]\nThe first fits.', "The first fits."],
    ] as const) {
      const list = readNameList(text);
      expect(list.names, text).toHaveLength(2);
      expect(text.slice(list.end).trim()).toBe(rest);
    }
  });

  it("answers any text without throwing, with an end inside it", () => {
    const piece = fc.constantFrom(
      "- ",
      "1. ",
      "A. ",
      "(b) ",
      "[",
      "{",
      '"',
      "```",
      "\r\n",
      "\n\n",
      ",",
      " and ",
      "(",
      ":",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ unit: "grapheme", maxLength: 6 }))), (parts) => {
        const text = parts.join("");
        const list = readNameList(text);
        expect(list.end).toBeGreaterThanOrEqual(0);
        expect(list.end).toBeLessThanOrEqual(text.length);
        expect(list.names.every((name) => name.trim() !== "")).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

/** How a model or a web page may write a name: one look, or one that tells nobody another name. */
const DISGUISES: Readonly<Record<string, (name: string) => string>> = {
  "non-breaking hyphens": (name) => name.replaceAll("-", "\u2011"),
  "typographic hyphens": (name) => name.replaceAll("-", "\u2010"),
  "en dashes": (name) => name.replaceAll("-", "–"),
  "non-breaking spaces": (name) => name.replaceAll(" ", "\u00a0"),
  "narrow spaces": (name) => name.replaceAll(" ", "\u202f"),
  "curly apostrophes": (name) => name.replaceAll("'", "’"),
  "zero-width spaces": (name) => name.replace(/(?<=.)(?=.)/gu, "\u200b"),
  "zero-width joiners": (name) => name.replace(/(?<=.)(?=.)/gu, "\u200d"),
  "a byte order mark": (name) => `\ufeff${name}`,
  "soft hyphens": (name) => name.replace(/(?<=.)(?=.)/gu, "\u00ad"),
  bold: (name) => `**${name}**`,
  italics: (name) => `*${name}*`,
  underscores: (name) => name.replaceAll(" ", "_"),
  code: (name) => `\`${name}\``,
  "curly quotes": (name) => `“${name}”`,
  "upper case and a full stop": (name) => `${name.toUpperCase()}.`,
  "full width": (name) => name.replace(/[A-Za-z0-9]/gu, (c) => String.fromCodePoint((c.codePointAt(0) ?? 0) + 0xfee0)),
  "marks apart from their letters": (name) => name.normalize("NFD"),
};
const REAL = ["Boeing 737-200", "Bewick's Wren", "Léonberger", "Audi S4 Sedan 2012", "black-and-tan coonhound"];

describe("names", () => {
  it.each(Object.entries(DISGUISES))("are the same with %s", (_, disguise) => {
    for (const name of REAL) {
      expect(sameName(disguise(name), name), disguise(name)).toBe(true);
      const other = name === "Bewick's Wren" ? "House Wren" : "Bewick's Wren";
      expect(sameName(disguise(other), name)).toBe(false);
    }
  });

  it("pass the check of a chain in every disguise, and come twice in none", () => {
    const fill = (options: string, prediction: string): string =>
      `<analysis>a</analysis><options>${options}</options><comparison>c</comparison><prediction>${prediction}</prediction>`;
    for (const [kind, disguise] of Object.entries(DISGUISES)) {
      for (const name of REAL) {
        const written = disguise(name);
        const chain = fill(`- ${written}\n- Marsh Wren`, written);
        expect(checkChainText(chain, name), `${kind}: ${written}`).toMatchObject({ accepted: true });
        expect(checkChainText(fill(`- ${written}\n- ${name}`, name), name)).toMatchObject({
          reason: "repeated candidate",
        });
      }
    }
  });
});
