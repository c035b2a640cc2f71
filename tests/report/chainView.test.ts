import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { chainView } from "../../src/report/chainView";
import { sampleChains } from "./gallery";

const HOSTILE = `</div><script>window.hit=1</script><img src=x onerror="window.hit=1">'"&<!--`;

/** The page that shows a view, with the scripts that stand in it at work. */
const pageOf = (source: string) =>
  new JSDOM(`<!doctype html><body>${source}</body>`, { runScripts: "dangerously" }).window;

const plain = (text: string | null | undefined): string => (text ?? "").replaceAll(/\s+/g, " ").trim();

describe("chainView", () => {
  it("shows a chain over lines, each step marked, with the reason for a wrong one", async () => {
    const { html, text } = chainView(await sampleChains());
    const { document } = pageOf(html.source);
    expect([...document.querySelectorAll("b[title]")].map((mark) => mark.textContent).join("")).toBe("✓✓✓✓✗✓✓✓✗");
    const lines = plain(document.body.textContent);
    expect(lines).toContain("✓ elmont swifttail · right answer, wrong count");
    expect(lines).toContain("recall ✓ elmont swifttail: red blue white ✗ fits 2 3 values match recall ✓ corvin");
    expect(lines).toContain("✗ no answer · wrong answer, no chain <think> but wait");
    expect(document.querySelector("img")!.src).toMatch(/^data:image\/png;base64,/);
    expect(text.split("\n")).toEqual([
      "What bird is this? The truth: elmont swifttail (unseen class · bird)",
      "options: elmont swifttail, corvin swifttail",
      "CoT SFT: ✓ elmont swifttail · right answer, wrong count",
      "  analysis    ✓ red blue white",
      "  candidates  ✓ elmont swifttail, corvin swifttail",
      "  recall      ✓ elmont swifttail: red blue white   ✗ fits 2 [3 values match]",
      "  recall      ✓ corvin swifttail: red blue blue   ✓ fits 2",
      "  last        ✓ elmont swifttail",
      "Base: ✗ no answer · wrong answer, no chain",
      "  <think> but wait",
      "",
    ]);
  });

  it("lets no text from data become a part of the page", async () => {
    const [calm, hostile] = [chainView(await sampleChains()), chainView(await sampleChains(HOSTILE))];
    const [expected, window] = [pageOf(calm.html.source), pageOf(hostile.html.source)];
    expect(Reflect.get(window, "hit")).toBeUndefined();
    const shape = ({ document }: typeof window) =>
      [...document.body.querySelectorAll("*")].map(({ tagName }) => tagName);
    expect(shape(window)).toEqual(shape(expected));
    expect(window.document.body.textContent).toContain(HOSTILE);
  });
});
