import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { rolloutView } from "../../src/report/rolloutView";
import { sampleRollouts } from "./gallery";

const HOSTILE = `</div><script>window.hit=1</script><img src=x onerror="window.hit=1">'"&<!--`;
const pageOf = (source: string) =>
  new JSDOM(`<!doctype html><body>${source}</body>`, { runScripts: "dangerously" }).window;

const plain = (text: string | null): string => (text ?? "").replaceAll(/\s+/g, " ");

describe("rolloutView", () => {
  it("shows the triplet, and each answer with its reward and its advantage as a bar to either side", async () => {
    const { document } = pageOf((await rolloutView(sampleRollouts())).html.source);
    expect([...document.querySelectorAll("img")].map(({ alt }) => alt)).toEqual([
      "anchor: a picture of the class elmont swifttail",
      "positive: a picture of the class elmont swifttail",
      "negative: a picture of the class corvin swifttail",
    ]);
    expect(document.body.textContent).toContain("2 answers about the anchor and 1 about the positive");
    const bars = [...document.querySelectorAll('[title^="advantage"]')].map((bar) =>
      [...bar.querySelectorAll<HTMLElement>('[style*="height:10px"]')].map(({ style }) => style.width),
    );
    // the largest advantage, 1.6, fills 48 pixels, so that 0.8 fills 24; left is less, right is more than the group's mean
    expect(bars).toEqual([
      ["0px", "24px"],
      ["48px", "0px"],
      ["0px", "24px"],
    ]);
    expect([...document.querySelectorAll("summary")].map(({ textContent }) => textContent)).toEqual([
      "elmont swifttail",
      "corvin swifttail",
      "no answer",
    ]);
  });

  it("colours a token by its log ratio: the stronger the further from 0, and another colour and line to either side", async () => {
    const { document } = pageOf((await rolloutView(sampleRollouts())).html.source);
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

  it("says the same in plain text", async () => {
    expect((await rolloutView(sampleRollouts())).text.split("\n")).toEqual([
      "What bird is this? The truth: elmont swifttail",
      "anchor    elmont swifttail: stripes in shade 40",
      "positive  elmont swifttail: stripes in shade 60",
      "negative  corvin swifttail: stripes in shade 220",
      "2 answers about the anchor and 1 about the positive:",
      "▸ 1 anchor     ✓ reward 1.00  advantage +0.80  elmont swifttail",
      "  2 anchor     ✗ reward 0.10  advantage −1.60  corvin swifttail",
      "  3 positive   ✗ reward 0.00  advantage +0.80  no answer",
      "Its tokens, with log π(token | anchor) − log π(token | negative) in nats:",
      "<think> striped[+3.0] elmont[−1.0] ",
      "The whole answer: log π −1.85 under the anchor, −3.85 under the negative; log ratio +2.0 over 4 tokens.",
      "",
    ]);
  });

  it("shows a group whose answers are all alike, and one without scored tokens", async () => {
    const { question, truth, pictures, answers } = sampleRollouts();
    const flat = { question, truth, pictures, answers: answers.map((answer) => ({ ...answer, advantage: 0 })) };
    const { document } = pageOf((await rolloutView(flat)).html.source);
    const widths = [...document.querySelectorAll<HTMLElement>('[title="advantage 0.000"] [style*="height:10px"]')];
    expect(new Set(widths.map(({ style }) => style.width))).toEqual(new Set(["0px"]));
    expect(document.body.textContent).not.toContain("log π");
  });

  it("lets no text from data become a part of the page", async () => {
    const [calm, hostile] = [await rolloutView(sampleRollouts()), await rolloutView(sampleRollouts(HOSTILE))];
    const [expected, window] = [pageOf(calm.html.source), pageOf(hostile.html.source)];
    expect(Reflect.get(window, "hit")).toBeUndefined();
    const shape = ({ document }: typeof window) =>
      [...document.body.querySelectorAll("*")].map(({ tagName }) => tagName);
    expect(shape(window)).toEqual(shape(expected));
  });
});
