import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { COT_TEMPLATE, cotPrompt } from "../../src/cot/template";

describe("the prompt of Table 5", () => {
  it("is the paper's, word for word", () => {
    // The prompt as the paper's text has it, which marks tags as code.
    const prompt = fs.readFileSync(path.join(__dirname, "../reference/paper-table-5.txt"), "utf8").trim();
    expect(COT_TEMPLATE).toBe(prompt.replaceAll("`", ""));
  });

  it("takes the label, the concepts and the question", () => {
    const text = cotPrompt({
      label: "Rock Wren",
      concepts: ["curved bill", " mottled back "],
      question: "Which bird?",
    });
    expect(
      text.startsWith(
        "This is a picture of a Rock Wren with the following visual features: curved bill, mottled back.",
      ),
    ).toBe(true);
    expect(text).toContain("Question: Which bird?. Note that you MUST");
    expect(text).not.toMatch(/\{(label|concepts|question)\}/u);
  });

  it("leaves placeholders and replacement patterns inside values alone", () => {
    const text = cotPrompt({ label: "{question}", concepts: ["$& and $1"], question: "{label}" });
    expect(text).toContain("a picture of a {question} with");
    expect(text).toContain("features: $& and $1. Based");
    expect(text).toContain("Question: {label}. Note");
  });

  it("refuses empty values", () => {
    expect(() => cotPrompt({ label: " ", concepts: ["a"], question: "q" })).toThrow("needs a label");
    expect(() => cotPrompt({ label: "l", concepts: [], question: "q" })).toThrow("needs a concepts");
  });
});
