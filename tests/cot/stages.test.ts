import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recoverStages } from "../../src/cot/released";
import { parseTagged, renderTagged, renderText, STAGE_TAGS } from "../../src/cot/stages";
import { name, names, stages } from "./arbitraries";

const GOOD = {
  analysis: "a red crown",
  candidates: ["Rock Wren", "House Wren"],
  comparison: "the crown fits the first",
  prediction: "Rock Wren",
};
const TEXT = renderTagged(GOOD);

const faultOf = (text: string): [string, string] => {
  const parsed = parseTagged(text);
  return parsed.ok ? ["none", ""] : [parsed.fault, parsed.detail];
};

describe("parseTagged", () => {
  it("gives back what renderTagged wrote", () => {
    fc.assert(
      fc.property(stages, (value) => {
        expect(parseTagged(renderTagged(value))).toEqual({ ok: true, stages: value });
      }),
    );
  });

  it("does not mind white space around the tags", () => {
    const spaced = `\n ${TEXT.replaceAll("><", ">\n\n<")} \n`;
    expect(parseTagged(spaced)).toEqual({ ok: true, stages: GOOD });
  });

  it("gives the stages as they look, whatever the line breaks and invisible characters of the text", () => {
    const odd = `\ufeff${TEXT.replaceAll("\n", "\r\n").replaceAll("Rock Wren", "Rock\u00a0Wren\u200b").replace("red", "r\u00aded")}`;
    expect(parseTagged(odd)).toEqual({ ok: true, stages: GOOD });
  });

  it("names each fault", () => {
    expect(faultOf("")).toEqual(["missing tag", "<analysis>"]);
    expect(faultOf(TEXT.replace("</options>", ""))).toEqual(["missing tag", "</options>"]);
    expect(faultOf(`${TEXT}<prediction>`)).toEqual(["repeated tag", "<prediction>"]);
    expect(
      faultOf(TEXT.replaceAll("analysis", "X").replaceAll("options", "analysis").replaceAll("X", "options")),
    ).toEqual(["tags out of order", "<options>"]);
    expect(faultOf(TEXT.replace("<options>", "so: <options>"))).toEqual(["text outside the tags", "so:"]);
    expect(faultOf(`Sure! ${TEXT}`)).toEqual(["text outside the tags", "Sure!"]);
    expect(faultOf(TEXT.replace(GOOD.comparison, " "))).toEqual(["empty stage", "comparison"]);
    expect(faultOf(TEXT.replace("- Rock Wren\n- House Wren", "- \n-"))).toEqual(["no candidates", "- \n-"]);
    expect(faultOf(TEXT.replace("- Rock Wren\n- House Wren", "* Rock Wren\n- House Wren"))).toEqual([
      "candidates cannot be told apart",
      "- House Wren",
    ]);
  });

  it("never accepts a text that lost, repeated or swapped a tag", () => {
    const tags = STAGE_TAGS.flatMap((tag) => [`<${tag}>`, `</${tag}>`]);
    fc.assert(
      fc.property(stages, fc.constantFrom(...tags), fc.constantFrom("", "twice", "swap"), (value, tag, how) => {
        const other = tag.startsWith("</") ? tag.replace("</", "<") : tag.replace("<", "</");
        const replacement = how === "twice" ? tag + tag : how === "swap" ? other : "";
        expect(parseTagged(renderTagged(value).replace(tag, replacement)).ok).toBe(false);
      }),
    );
  });

  it("answers any text without throwing", () => {
    const pieces = STAGE_TAGS.flatMap((tag) => [`<${tag}>`, `</${tag}>`]);
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string())), (parts) => {
        const parsed = parseTagged(parts.join(""));
        if (parsed.ok) expect(parsed.stages.candidates.length).toBeGreaterThan(0);
        else expect(parsed.fault).not.toBe("");
      }),
    );
  });
});

describe("the training text", () => {
  it("of the released form holds the stages, recoverably", () => {
    // The prose form has no mark between analysis and candidates other than its sentence, so use plain stages.
    fc.assert(
      fc.property(name, names, name, name, (analysis, candidates, comparison, prediction) => {
        const text = renderText("released", { analysis, candidates, comparison, prediction }, prediction);
        const thinking = /^<think>([\s\S]*)<\/think>\n\n<answer>/u.exec(text)?.[1] ?? "";
        expect(recoverStages(thinking)).toEqual({
          stages: { analysis, candidates, comparison, prediction },
          missing: [],
        });
        expect(text.endsWith(`<answer>${prediction}</answer>`)).toBe(true);
      }),
    );
  });

  it("of the released form is read alike with other line breaks", () => {
    const { analysis, candidates, comparison, prediction } = GOOD;
    const text = renderText("released", GOOD, prediction).replaceAll("\n", "\r\n");
    const thinking = /^<think>([\s\S]*)<\/think>/u.exec(text)?.[1] ?? "";
    expect(recoverStages(thinking).stages).toEqual({ analysis, candidates, comparison, prediction });
  });

  it("of the short form is one line of single-spaced words", () => {
    const text = renderText("short", { ...GOOD, candidates: ["a b", "c d"] }, "a b");
    expect(text).toBe(
      "<think> analysis a red crown candidates a b , c d comparison the crown fits the first " +
        "prediction Rock Wren </think> <answer> a b </answer>",
    );
  });
});
