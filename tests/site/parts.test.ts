import fc from "fast-check";
import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { chartIn, pageTitle } from "../../src/report/figure/export";
import { html } from "../../src/report/display/view";
import { escapeHtml } from "../../src/report/table/html";
import { resultTable } from "../../src/report/table/table";
import { downloads, figureMarkup, link, pageText, tableMarkup, withCode } from "../../src/site/parts";

const HOSTILE = `</script><script>window.hit=1</script><img src=x onerror="window.hit=1">'"&<!--`;
const parsed = (markup: string): Document => new JSDOM(markup).window.document;

describe("the parts of a page", () => {
  it("lets no text of a table become markup, and keeps every exact value for sorting", () => {
    const columns = [
      { key: "name", title: HOSTILE, kind: "text" },
      { key: "value", title: "share", kind: "number", percent: true, group: HOSTILE },
    ] as const;
    const rows = [
      { name: { text: HOSTILE, mark: "†" }, value: { value: 1 / 3, low: 0.25, high: 0.5 } },
      { name: "none", value: null },
    ];
    const table = resultTable({ caption: HOSTILE, columns, rows, notes: [HOSTILE], marks: { "†": HOSTILE } });
    const shown = parsed(tableMarkup("t", table, downloads(["t.csv", "other.md"], ["csv", "md"], "t")).source);
    expect(shown.querySelectorAll("script, img")).toHaveLength(0);
    expect(shown.querySelector("h3")!.textContent).toBe(HOSTILE);
    expect([...shown.querySelectorAll("tbody tr")].map((row) => [...row.children].map((cell) => cell.getAttribute("data-value")))).toEqual([
      [HOSTILE, String(1 / 3)],
      ["none", ""],
    ]); // prettier-ignore
    expect([...shown.querySelectorAll(".files a")].map((one) => one.getAttribute("href"))).toEqual(["t.csv"]);
  });

  it("says a chart's title and small lines in the page, and draws the rest as it was", () => {
    const title = `A &lt;b&gt;<br>of two lines<br><span style="font-size:12px">Error bars:</span><br><span style="font-size:12px">95 %.</span>`;
    const layout = {
      title: { text: title },
      height: 500,
      margin: { t: 114, l: 3 },
      yaxis: { title: { text: "share" } },
    };
    const chart = { data: [{ type: "bar", name: "seen", x: [HOSTILE], y: [1] }], layout };
    const shown = parsed(figureMarkup({ name: "f", title: "", chart }, html``).source);
    expect(shown.querySelector("h3")!.textContent).toBe("A <b> of two lines");
    expect(shown.querySelector("figcaption p")!.textContent).toBe("Error bars: 95 %.");
    expect(shown.querySelector("img")!.getAttribute("alt")).toBe("A <b> of two lines. Bars of share: seen.");
    const kept: unknown = JSON.parse(shown.getElementById("chart-f")!.textContent);
    // four lines of 21 pixels less, above and in all
    expect(kept).toEqual({ data: chart.data, layout: { height: 416, margin: { t: 30, l: 3 }, yaxis: layout.yaxis } });
  });

  it("finds a chart and a title in a page that was exported, and none in any other", () => {
    const chart = { data: [{ type: "bar", text: HOSTILE }], layout: { width: 3 } };
    const line = `const figure = ${JSON.stringify(chart).replaceAll("<", "\\u003c")};`;
    expect(chartIn(`<script>\n${line}\nif (window.Plotly) {}\n</script>`)).toEqual(chart);
    expect(chartIn("<p>const figure = 1</p>")).toBeUndefined();
    expect(() => chartIn("\nconst figure = {};\n")).toThrow(/data/);
    fc.assert(fc.property(fc.string(), (text) => pageTitle(`<title>${escapeHtml(text)}</title>`) === escapeBack(text)));
    expect(pageTitle("<p>")).toBe("");
  });

  it("goes from any page to any other", () => {
    expect(link("index.html", "a/b/c.html")).toBe("a/b/c.html");
    expect(link("a/b/index.html", "site.css")).toBe("../../site.css");
    const page = pageText({ title: HOSTILE, at: "a/b/index.html", scripts: ["site.js"], body: html`<main></main>` });
    expect(parsed(page).title).toBe(HOSTILE);
    expect([...page.matchAll(/(?:src|href)="([^#"]*)"/g)].map(([, to]) => to)).toEqual(["data:,", "../../site.css", "../../index.html", "../../index.html", "../../answers.html", "../../glossary.html", "../../site.js"]); // prettier-ignore
  });

  it("writes code in a text as code", () => {
    expect(withCode("less `a<b` and").source).toBe("less <code>a&#60;b</code> and");
  });
});

/** A text as pages show it: control characters are written out. */
function escapeBack(text: string): string {
  return parsed(`<title>${escapeHtml(text)}</title>`).querySelector("title")!.textContent;
}
