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

const PLACES = ["First", "Second", "Third", "Fourth", "Fifth", "Sixth"];
const ROMAN = ["i", "ii", "iii", "iv", "v", "vi"];

/** The ways in which models list names. */
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
  "one per line": (list) => list.join("\n"),
  "one per line behind a heading": (list) => `Candidate sub-categories:\n${list.join("\n")}`,
  "one per line with empty lines": (list) => list.join("\n\n"),
  "one per line with notes": (list) => list.map((each) => `${each}: long, red`).join("\n"),
  "one per line with commas": (list) => list.join(",\n"),
  "one per line with full stops": (list) => list.map((each) => `${each}.`).join("\n"),
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
  "ordinals in words": (list) => list.map((each, i) => `${PLACES[i] ?? ""}: ${each}`).join("\n"),
  "numbers behind a hash": (list) => list.map((each, i) => `#${i + 1} ${each}`).join("\n"),
  "numbered headings with notes": (list) => list.map((each, i) => `### ${i + 1}. ${each}\nIts crown.`).join("\n\n"),
  "numbers with notes at the margin": (list) => list.map((each, i) => `${i + 1}. ${each}\nIts crown.`).join("\n"),
  "small Roman numerals": (list) => list.map((each, i) => `${ROMAN[i] ?? ""}. ${each}`).join("\n"),
  "Roman numerals": (list) => list.map((each, i) => `${(ROMAN[i] ?? "").toUpperCase()}) ${each}`).join("\n"),
  "keycap numbers": (list) => list.map((each, i) => `${i + 1}\ufe0f\u20e3 ${each}`).join("\n"),
  "numbers in circles": (list) => list.map((each, i) => `${String.fromCharCode(0x2460 + i)} ${each}`).join("\n"),
  "numbers in circles on one line": (list) => list.map((e, i) => `${String.fromCharCode(0x2460 + i)} ${e}`).join(" "),
  "numbers in black circles": (list) => list.map((each, i) => `${String.fromCharCode(0x2776 + i)}${each}`).join("\n"),
  "full-width numbers": (list) => list.map((each, i) => `${String.fromCharCode(0xff11 + i)}．${each}`).join("\n"),
  "boxes of tasks": (list) => list.map((each, i) => `- [${i === 0 ? "x" : " "}] ${each}`).join("\n"),
  "a quotation": (list) =>
    numbered(list)
      .map((each) => `> ${each}`)
      .join("\n"),
  "numbers behind bullets": (list) =>
    numbered(list)
      .map((each) => `- ${each}`)
      .join("\n"),
  "letters behind bullets": (list) => list.map((each, i) => `* ${letter(i)}. ${each}`).join("\n"),
  "a list of LaTeX": (list) =>
    `\\begin{itemize}\n${list.map((each) => `\\item \\textbf{${each}}`).join("\n")}\n\\end{itemize}`,
  "a list of HTML": (list) => `<ul>\n${list.map((each) => `<li>${each}</li>`).join("\n")}\n</ul>`,
  "a list of HTML on one line": (list) => `<ol>${list.map((each) => `<li><b>${each}</b></li>`).join("")}</ol>`,
  "lines of HTML": (list) => list.join("<br>"),
  "one line with slashes": (list) => list.join(" / "),
  "one line with bars": (list) => list.join(" | "),
  "one line with ideographic commas": (list) => list.join("、"),
  "one line with full-width commas": (list) => list.join("，"),
  links: (list) => list.map((each) => `[${each}](https://example.org/a_b)`).join(", "),
  "an object of Python": (list) => `{'candidates': [${list.map((each) => `'${each}'`).join(", ")},]}`,
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

  const [A, B] = ["Rock Wren", "House Wren"];
  it.each([
    ["a table", `| # | Name |\n|---|---|\n| 1 | ${A} |\n| 2 | ${B} |`, "Name"],
    ["a table without outer bars", `Bird | Bill\n---|---\n${A} | long`, "---|---"],
    ["headings", `### ${A}\nlong\n### ${B}\nshort`, `### ${B}`],
    ["announcements", `Option A – ${A}\nOption B – ${B}`, "Option A"],
    ["keys", `- name: ${A}\n- name: ${B}`, "name"],
    ["bullets with text between", `- ${A}\nlong\n- ${B}\nshort`, `- ${B}`],
    ["notes below bare names", `${A}\n- long bill\n- buff\n${B}\n- short bill`, "- short bill"],
    ["two kinds of bullets", `* ${A}\n- ${B}`, `- ${B}`],
    ["a number left out", `1. ${A}\n3. ${B}`, `3. ${B}`],
    ["a start at two", `2. ${A}\n3. ${B}`, `2. ${A}`],
    ["objects one per line", `{"name": "${A}"}\n{"name": "${B}"}`, `{"name": "${B}"}`],
    ["a tuple", `('${A}', '${B}')`, `('${A}', '${B}')`],
    ["pairs", `[["${A}", 0.9], ["${B}", 0.1]]`, `["${A}"`],
    ["other marks", `${A} → ${B}`, `${A} → ${B}`],
    ["tabs", `${A}\t${B}`, `${A}\t${B}`],
    ["many ampersands", `${A} & ${B} & Marsh Wren`, `${A} & ${B} & Marsh Wren`],
  ])("reads no names where they cannot be told apart: %s", (_, text, doubt) => {
    expect(readNameList(text)).toMatchObject({ names: [], doubt });
    const chain = `<analysis>a</analysis><options>${text}</options><comparison>c</comparison><prediction>${A}</prediction>`;
    expect(checkChainText(chain, A)).toMatchObject({ accepted: false, reason: "candidates cannot be told apart" });
  });

  it("doubts a list in which the name that is said stands only in the notes", () => {
    const labels = `Bird one: ${A}\nBird two: ${B}`;
    expect(readNameList(labels, B)).toMatchObject({ names: [], doubt: B });
    expect(readNameList(`- ${A} (Salpinctes)\n- ${B}: unlike the ${A}`, A).names).toHaveLength(2);
  });

  it("keeps slashes, ampersands and stops that belong to names", () => {
    expect(readNameList("F/A-18, F-16").names).toEqual(["F/A-18", "F-16"]);
    expect(readNameList("- F/A-18\n- Boeing 737-800/900").names).toEqual(["F/A-18", "Boeing 737-800/900"]);
    expect(readNameList(`Black & White Warbler, ${A}`, A).names).toEqual(["Black & White Warbler", A]);
    expect(readNameList("Black & White Warbler", "Black & White Warbler").names).toHaveLength(1);
    expect(readNameList(`${A} & ${B}`, B).names).toEqual([A, B]); // one side is a name that is known
    expect(readNameList("First Lady\nOld Blush").names).toEqual(["First Lady", "Old Blush"]);
    expect(readNameList("I. pallida\nI. sibirica").names).toEqual(["I. pallida", "I. sibirica"]);
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
  "a tag of HTML": (name) => `<strong class="x">${name}</strong>`,
  "a command of LaTeX": (name) => `\\textbf{\\emph{${name}}}`,
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

  it("are the same behind the mark of an option, and keep their initials", () => {
    for (const mark of ["A.", "(A)", "b)", "[C]", "2.", "(3)", "Option B:", "**D.**"]) {
      expect(sameName(`${mark} Rock Wren`, "Rock Wren"), mark).toBe(true);
      expect(sameName("rock wren", `${mark} Rock Wren`), mark).toBe(true);
    }
    for (const [one, other] of [
      ["J. Smith's Wren", "Smith's Wren"],
      ["A. thaliana", "thaliana"],
      ["A. Smith", "B. Smith"],
      ["737. Boeing", "Boeing"],
    ] as const) {
      expect(sameName(one, other), one).toBe(false);
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
