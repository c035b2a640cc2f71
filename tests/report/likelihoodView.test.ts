import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { likelihoodView } from "../../src/report/likelihoodView";
import { sampleRollouts } from "./gallery";

const pageOf = (source: string) => new JSDOM(`<!doctype html><body>${source}</body>`).window;
const plain = (text: string | null): string => (text ?? "").replaceAll(/\s+/g, " ");

describe("likelihoodView", () => {
  it("colours a token by its log ratio: the stronger the further from 0, and another colour and line to either side", () => {
    const { document } = pageOf(likelihoodView(sampleRollouts().scored!.tokens, "Answer 1").html.source);
    const tokens = [...document.querySelectorAll<HTMLElement>('[title*="log π"]')];
    expect(tokens.map(({ textContent }) => textContent)).toEqual(["<think>", "striped", "elmont", "↵"]);
    // log ratios 0, 3, −1, 0 on a scale to 3: shares 0, 1, 1/3, 0 of the strongest ground, 0.6
    expect(tokens.map(({ style }) => style.backgroundColor)).toEqual([
      "rgba(213, 94, 0, 0)",
      "rgba(0, 114, 178, 0.6)",
      "rgba(213, 94, 0, 0.2)",
      "rgba(213, 94, 0, 0)",
    ]);
    expect(tokens.map(({ style }) => style.borderBottomStyle).slice(1, 3)).toEqual(["solid", "dotted"]);
    // e³ = 20.1, e¹ = 2.7
    expect(tokens[1]!.title).toBe(
      '" striped": log π −0.25 under the anchor, −3.25 under the negative; 20 times as likely under the anchor (log ratio +3.0)',
    );
    expect(tokens[2]!.title).toContain("2.7 times as likely under the negative (log ratio −1.0)");
    const body = plain(document.body.textContent);
    expect(body).toContain("likelier under the negative −3−2−10+1+2+3 likelier under the anchor");
    expect(body).toContain(
      "The whole answer: log π −1.85 under the anchor, −3.85 under the negative; log ratio +2.0 over 4 tokens.",
    );
  });

  it("gives what lies beyond the scale the colour of its end", () => {
    const tokens = [-20, 8].map((anchor) => ({ text: "x", anchor, negative: 0 }));
    const { document } = pageOf(likelihoodView(tokens, "Answer 1").html.source);
    const grounds = [...document.querySelectorAll<HTMLElement>("[title]")].map(({ style }) => style.backgroundColor);
    expect(grounds).toEqual(["rgba(213, 94, 0, 0.6)", "rgba(0, 114, 178, 0.6)"]);
  });

  it("says the same in plain text, where a token is half a nat or more to either side", () => {
    expect(likelihoodView(sampleRollouts().scored!.tokens, "Answer 1").text.split("\n").slice(0, 2)).toEqual([
      "Answer 1: log π(token | anchor) − log π(token | negative) in nats",
      "<think> striped[+3.0] elmont[−1.0] ",
    ]);
  });
});
