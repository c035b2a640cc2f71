import { describe, expect, it } from "vitest";
import { canonicalName, isWellFormed, parseAnswer, tightenTags } from "../../src/core/answer";
import { visibleText } from "../../src/core/typography";
import { checkChainText } from "../../src/cot/checks";
import { extractConcepts } from "../../src/cot/concepts";
import { readNameList } from "../../src/cot/lists";
import { namesLabel, normaliseName } from "../../src/cot/names";
import { recoverStages } from "../../src/cot/released";
import { parseTagged, STAGE_TAGS } from "../../src/cot/stages";
import { parseChain } from "../../src/miniworld/chainParser";
import { loadWorldConfig } from "../../src/miniworld/config";
import { answerOf, chosenPosition, hasForm } from "../../src/eval/judge";

const LENGTH = 200_000;
/** Each reader takes milliseconds on such a text; a pattern that goes back takes 200,000² / 2 = 2·10¹⁰ steps, much longer. */
const BOUND_MS = 3000;

/** A start, then a piece as often as fills the length, then an end: what makes patterns start again at every place. */
const HOSTILE: readonly (readonly [string, string, string])[] = [
  ["", "a", ""],
  ["", " ", "x"],
  ["x", " ", "x"],
  ["", ".", "a"],
  ["", ",", "a"],
  ["", ", and ", "("],
  ["", " and ", ""],
  ["", "(", ""],
  ["a ", "(", ")"],
  ["", "(a) ", "x"],
  ["", "\n", "a"],
  ["", " \n", "a"],
  ["", "\r\n", "-"],
  ["", "- a\n", ""],
  ["", "- a\n\n", ""],
  ["", "a\n", "."],
  ["", "a,\n", ""],
  ["", "1. ", ""],
  ["", "1. a\n", ""],
  ["", "A. b ", ""],
  ["", "[", ""],
  ["[", "'a',", ""],
  ["['", "\\'", ""],
  ["[", ", ", "x"],
  ["", "> ", "a"],
  ["", "<li>", "a"],
  ["", "<br ", "a"],
  ["", "<b ", "a"],
  ["", "\\textbf{", "a"],
  ["", "[a](", "a"],
  ["", "①", "a"],
  ["First", " ", "a"],
  ["", "a | ", "a"],
  ["", "a / ", "a"],
  ["", "a & ", "a"],
  ["", "1. a\nb\n", ""],
  ["", "|-", "a"],
  ["[", '"a",', ""],
  ["", '{"a":', ""],
  ["", "*", "a"],
  ["", "`", "a"],
  ["", "a: ", ""],
  ["", " - ", "x"],
  ["a", "\u0301\u0323", ""],
  ["", "\u200b", "a"],
  ["", "<", ""],
  ["", "<think>", ""],
  ["<think>", "</think><answer>", ""],
  ["<think>", "</think> ", "<answer>a</answer>"],
  ["", "<answer>", ""],
  ["<answer>", "</answer> ", "x"],
  ...STAGE_TAGS.map((tag): [string, string, string] => ["", `<${tag}>`, ""]),
  ["The analysis of candidate subcategories:", " \n", "x"],
  ["The analysis of candidate subcategories: ", "a, ", "x"],
  ["", "Candidate Subcategories\n", "x"],
];

const config = loadWorldConfig("configs/worlds/smoke.yaml");
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  readNameList: (text) => readNameList(text, text),
  normaliseName,
  namesLabel: (text) => namesLabel(text, "a"),
  canonicalName,
  visibleText,
  extractConcepts: (text) => extractConcepts(text, "rock wren"),
  parseTagged,
  checkChainText: (text) =>
    checkChainText(
      `<analysis>${text}</analysis><options>${text}</options><comparison>${text}</comparison><prediction>${text}</prediction>`,
      "rock wren",
    ),
  recoverStages,
  parseAnswer,
  isWellFormed,
  tightenTags,
  answerOf: (text) => [answerOf(text, true), answerOf(text, false)],
  hasForm: (text) => [hasForm(text, true), hasForm(text, false)],
  chosenPosition: (text) => chosenPosition(text, ["a", "a a", "rock wren", "("]),
  parseChain: (text) => parseChain(config, text, 4),
};

describe("readers of what models write take time linear in the text", () => {
  it.each(Object.entries(READERS))("%s", (_, read) => {
    for (const [start, piece, end] of HOSTILE) {
      const text = start + piece.repeat(LENGTH / piece.length) + end;
      const before = process.cpuUsage(); // not the clock's time, which other work on the machine makes longer
      read(text);
      const { user, system } = process.cpuUsage(before); // microseconds
      expect((user + system) / 1000, JSON.stringify([start, piece, end])).toBeLessThan(BOUND_MS);
    }
  });
});
