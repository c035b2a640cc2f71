import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { rolloutView } from "../../src/report/rolloutView";
import { sampleRollouts } from "./gallery";

const HOSTILE = `</div><script>window.hit=1</script><img src=x onerror="window.hit=1">'"&<!--`;
const pageOf = (source: string) =>
  new JSDOM(`<!doctype html><body>${source}</body>`, { runScripts: "dangerously" }).window;

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
      "Answer 1 (▸), token by token: log π(token | anchor) − log π(token | negative) in nats",
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
