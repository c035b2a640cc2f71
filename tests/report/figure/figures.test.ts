import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { JSDOM } from "jsdom";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { decodeImage } from "../../../src/data/images";
import { rasterizeSvg } from "../../../src/data/rasters";
import { groupedBars } from "../../../src/report/figure/bars";
import { smooth, trainingCurves } from "../../../src/report/figure/curves";
import { exportFigure, figureSvg } from "../../../src/report/figure/export";
import type { JsonObject, PlotlyFigure } from "../../../src/report/figure/figure";
import { heatMap } from "../../../src/report/figure/matrix";
import { renderSvg } from "../../../src/report/figure/render";
import { pcaScatter } from "../../../src/report/figure/scatter";
import { dotPlot } from "../../../src/report/figure/dots";
import { lineChart } from "../../../src/report/figure/lines";
import { imageStrip } from "../../../src/report/figure/strip";
import { PALETTE } from "../../../src/report/figure/style";
import { resultTable } from "../../../src/report/table/table";
import { sampleBars, sampleCurves, sampleHeatMap, samplePca, sampleStrip, sampleTable, stripes } from "../gallery";

const parse = (svg: string): Document => new JSDOM(svg, { contentType: "image/svg+xml" }).window.document;
const texts = (svg: string): (string | null)[] =>
  [...parse(svg).querySelectorAll("text")].map((node) => node.textContent);
const trace = (figure: PlotlyFigure, index: number): JsonObject => figure.data[index]!;

describe("smooth", () => {
  it("is the bias-corrected exponential moving average", () => {
    // w = 0.5: m = 0.5·2 = 1, mass 0.5 → 2; m = 0.5 + 0.5·4 = 2.5, mass 0.75 → 10/3; a gap; m = 1.25 + 4 = 5.25, mass 0.875 → 6.
    expect(smooth([2, 4, NaN, 8], 0.5)).toEqual([2, 2.5 / 0.75, NaN, 6]);
  });
  it("leaves a constant as it is, and everything at weight 0", () => {
    smooth([3, 3, 3, 3], 0.9).forEach((value) => {
      expect(value).toBeCloseTo(3, 12);
    });
    expect(smooth([1, 5, 2], 0)).toEqual([1, 5, 2]);
  });
});

describe("trainingCurves", () => {
  it("gives a curve one colour and one legend entry over all panels", () => {
    const { data } = sampleCurves(4);
    const shown = data.filter((each) => each["showlegend"] === true);
    expect(shown.map((each) => each["name"])).toEqual(["CoT SFT + DAPO", "CoT SFT + TAPO"]);
    for (const each of data.filter((one) => one["name"] === "CoT SFT + TAPO" && one["hoverinfo"] !== "skip")) {
      expect(each["line"]).toMatchObject({ color: PALETTE[1] });
    }
  });
  it("turns NaN into a gap, which JSON can hold", () => {
    const figure = trainingCurves([{ title: "loss", curves: [{ name: "a", y: [1, NaN, 3] }] }], { title: "t" });
    expect(trace(figure, 0)["y"]).toEqual([1, null, 3]);
    expect(JSON.parse(JSON.stringify(figure))).toEqual(figure);
  });
  it("keeps the colour of a curve that owns one, and gives it to no other", () => {
    const curves = ["a", "b", "c"].map((name) => ({ name, y: [1, 2] }));
    const figure = trainingCurves([{ title: "loss", curves }], { title: "t", colours: { c: PALETTE[0] } });
    const found = figure.data.map(({ line }) => (line as JsonObject)["color"]);
    expect(found).toEqual([PALETTE[1], PALETTE[2], PALETTE[0]]);
  });
  it("breaks the title of a panel that is longer than the panel is high", () => {
    const title = "KL divergence between the policy under the anchor and the policy under the negative";
    const figure = trainingCurves([{ title, curves: [{ name: "a", y: [1] }] }], { title: "t" });
    const { text } = (figure.layout["yaxis"] as { title: { text: string } }).title;
    expect(text.split("<br>").length).toBeGreaterThan(1);
    expect(text.replaceAll("<br>", " ")).toBe(title);
  });
  it("has a logarithmic axis where one curve would flatten the others, and none where a value is zero", () => {
    const axisOf = (...all: readonly number[][]): unknown => {
      const curves = all.map((y, at) => ({ name: String(at), y }));
      return trainingCurves([{ title: "KL", curves }], { title: "t" }).layout["yaxis"];
    };
    expect(axisOf([1, NaN, 2], [90, 80, 70])).toMatchObject({ type: "log" }); // 80 is more than 30 · 2
    for (const curves of [[[1, 2], [20, 30]], [[0, 1], [90, 80]], [[1, 1000]]]) expect(axisOf(...curves)).not.toHaveProperty("type"); // prettier-ignore
  });
  it("keeps panels apart", () => {
    const { layout } = sampleCurves(4);
    const domain = (key: string): number[] => (layout[key] as { domain: number[] }).domain;
    expect(domain("xaxis")[1]!).toBeLessThan(domain("xaxis2")[0]!);
    expect(domain("yaxis3")[1]!).toBeLessThan(domain("yaxis")[0]!);
    expect(domain("yaxis4")).toEqual(domain("yaxis3"));
  });
});

describe("groupedBars", () => {
  it("draws intervals to both sides, and none where there is none", () => {
    // base, direct: 0.461 ± 0.05 in percent; SFT in the closed world has no interval.
    const open = trace(sampleBars(), 0)["error_y"] as { array: number[]; arrayminus: number[] };
    expect(open.array[0]).toBeCloseTo(5, 10);
    expect(open.arrayminus[1]).toBeCloseTo(5, 10);
    expect(open.array[1]).toBeCloseTo(3, 10); // cut off at 100 %
    const closed = trace(sampleBars(), 1)["error_y"] as { array: unknown[] };
    expect(closed.array[1]).toBe("none");
    expect(trace(sampleBars(), 2)["y"]).toEqual([47, null, 66, 67]);
  });
  it("explains the marks under the title and sets them beside the names", async () => {
    const found = texts(await renderSvg(sampleBars())).join("\n");
    expect(found).toContain("† from results/, not trained in this run");
    expect(found).toContain("SFT <labels>†");
    expect(found).toContain("Error bars: 95 % over items.");
  });
  it("refuses intervals that nothing explains", () => {
    const options = { title: "t", label: "method", values: ["seen_open"], yTitle: "y" };
    expect(() => groupedBars(sampleTable(), options)).toThrow(/bars of seen_open: the intervals have no explanation/);
  });
  it("refuses a column that is not there", () => {
    const options = { title: "t", label: "method", values: ["nothing"], yTitle: "y" };
    expect(() => groupedBars(sampleTable(), options)).toThrow(/bars of nothing: is no number column/);
  });
});

describe("renderSvg", () => {
  it("gives the same bytes for the same figure, and different identifiers for different figures", async () => {
    const [a, b, other] = [await renderSvg(samplePca()), await renderSvg(samplePca()), await renderSvg(sampleBars())];
    expect(a).toBe(b);
    const ids = (svg: string): string[] => [...parse(svg).querySelectorAll("[id]")].map((node) => node.id);
    expect(ids(a).length).toBeGreaterThan(0);
    expect(ids(a).filter((id) => ids(other).includes(id))).toEqual([]);
    for (const [, id] of a.matchAll(/url\(#([^)]+)\)/g)) expect(ids(a)).toContain(id);
  });
  it("draws every point, curve, bar and cell", async () => {
    const count = (svg: string, selector: string): number => parse(svg).querySelectorAll(selector).length;
    expect(count(await renderSvg(samplePca()), ".points path.point")).toBe(180); // 120 correct, 60 incorrect
    expect(count(await renderSvg(sampleHeatMap()), ".points .point")).toBe(25); // 5 × 5 classes
    expect(count(await renderSvg(sampleBars()), ".points .point path")).toBeGreaterThanOrEqual(10); // 12 less 2 gaps
    const curves = await renderSvg(sampleCurves(1));
    expect(count(curves, "path.js-line")).toBeGreaterThanOrEqual(4); // 2 raw, 2 smoothed
  });
  it("labels the axes with the variance explained, and keeps the legend inside the picture", async () => {
    const svg = await renderSvg(samplePca());
    expect(texts(svg)).toContain("PC 1 (34.2 % of the variance)");
    expect(texts(svg)).toContain("PC 2 (12.1 % of the variance)");
    const legend = parse(svg).querySelector("g.legend")?.getAttribute("transform") ?? "";
    const left = Number(/translate\(([\d.]+)/.exec(legend)?.[1]);
    const width = Number(parse(svg).querySelector("g.legend rect.bg")?.getAttribute("width"));
    expect(width).toBeGreaterThan(100);
    expect(left + width).toBeLessThanOrEqual(640);
  });
});

describe("control characters in names", () => {
  const evil = "wing\0\x1b[31m\x9b\u202e\ud800\uffff";
  const shown = "wing\\u0000\\u001b[31m\\u009b\\u202e\\ud800\\uffff";
  const table = resultTable({
    caption: "c",
    columns: [
      { key: "name", title: "N", kind: "text" },
      { key: "x", title: evil, kind: "number" },
    ],
    rows: [{ name: evil, x: 1 }],
  });
  it.each([
    ["bars", groupedBars(table, { title: evil, label: "name", values: ["x"], yTitle: evil })],
    ["curves", trainingCurves([{ title: evil, curves: [{ name: evil, y: [1, 2] }] }], { title: evil })],
    ["points", pcaScatter([{ name: evil, points: [[0, 1]], labels: [evil] }], { title: evil, explained: [0.5, 0.1] })],
    [
      "cells",
      heatMap([[1]], { title: evil, rows: [evil], columns: [evil], xTitle: evil, yTitle: evil, scaleTitle: evil }),
    ],
    ["a chart of somebody else's", { data: [{ type: "bar", x: [evil], y: [1] }], layout: { title: { text: evil } } }],
  ])("are written out in %s", async (_, figure) => {
    const svg = await renderSvg(figure);
    expect(svg.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202e\uffff]/u);
    expect(texts(svg).join("\n")).toContain(shown);
    expect((await sharp(Buffer.from(svg, "utf8")).metadata()).format).toBe("svg");
  });
  it("are written out in a strip of pictures", async () => {
    const { svg } = await imageStrip([{ image: stripes(8, 8, 40), heading: evil, caption: evil }], { title: evil });
    expect(texts(svg).join("\n")).toContain(shown);
  });
});

describe("heatMap", () => {
  it("draws cells where values are and numbers that can be read", async () => {
    const found = texts(await renderSvg(sampleHeatMap()));
    for (const value of ["24", "23", "22", "21", "20"]) expect(found).toContain(value);
    expect(trace(sampleHeatMap(), 0)["base"]).toEqual(
      [0, 1, 2, 3, 4].flatMap((row) => Array.from({ length: 5 }, () => row - 0.5)),
    );
  });
});

describe("lineChart", () => {
  const line = { name: "seen", points: [0, 1, 2].map((x) => ({ x, value: x })) };
  const label = "CoT SFT and then reinforcement learning with matched weights";
  const options = { title: "t", xTitle: "x", yTitle: "y", ticks: [0, 1, 2].map((at) => ({ at, label })) };
  it("breaks what stands under a tick, and joins its points unless their places have no order", () => {
    const { data, layout } = lineChart([line], options);
    expect(data[0]).toMatchObject({ mode: "lines+markers" });
    const [tick = ""] = (layout["xaxis"] as { ticktext: string[] }).ticktext;
    expect(tick.split("<br>").length).toBeGreaterThan(1);
    expect(tick.replaceAll("<br>", " ")).toBe(label);
    expect(lineChart([line], { ...options, joined: false }).data[0]).toMatchObject({ mode: "markers" });
  });
});

describe("dotPlot", () => {
  it("draws everything twice: whole, and the middle of the axis larger", () => {
    const rows = [{ label: "a − b", group: "reproduced", value: { value: 0.5, low: 0.4, high: 0.6 }, beside: 0.01 }];
    const names = ["here", "paper"] as const;
    const figure = dotPlot(rows, { title: "t", xTitle: "points", notes: [], names, colours: { reproduced: "#000000" }, zoom: 6 }); // prettier-ignore
    expect(figure.data.map(({ name, x, xaxis }) => [name, x, xaxis])).toEqual([
      ["here: reproduced", [50], undefined],
      ["paper", [1], undefined],
      ["here: reproduced", [50], "x2"],
      ["paper", [1], "x2"],
    ]);
    expect(figure.layout["xaxis2"]).toMatchObject({ range: [-6, 6] });
  });
});

describe("imageStrip", () => {
  it("holds the pixels of its pictures", async () => {
    const { svg } = await sampleStrip();
    const urls = [...svg.matchAll(/xlink:href="data:image\/png;base64,([^"]+)"/g)].map(([, data]) => data ?? "");
    expect(urls.length).toBe(3);
    expect(await decodeImage(Buffer.from(urls[0]!, "base64"), "strip")).toEqual(stripes(84, 84, 40));
    expect(texts(svg)).toEqual(expect.arrayContaining(["anchor", "positive", "negative", "elmont swifttail"]));
  });
  it("breaks a heading that is wider than its picture, and keeps the pictures of a row on one line", async () => {
    const headings = ["its own name", "the name of the class that is most like it"];
    const pictures = headings.map((heading) => ({ image: stripes(8, 8, 40), heading }));
    const { svg } = await imageStrip(pictures, { title: "t", size: 120 });
    expect(texts(svg)).toContain("its own name");
    expect(texts(svg)).not.toContain(headings[1]);
    const tops = [...svg.matchAll(/<image x="\d+" y="(\d+)"/g)].map(([, y]) => Number(y));
    expect(tops[0]).toBe(tops[1]);
    const lowest = Math.max(...[...svg.matchAll(/<text x="\d+" y="(\d+)" font-size="13" font-weight="bold"/g)].map(([, y]) => Number(y))); // prettier-ignore
    expect(lowest).toBeLessThan(tops[0]!);
  });
});

describe("exportFigure", () => {
  it("writes a page, a drawing and a picture, and shares the script", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "figure-"));
    try {
      const hostile = trainingCurves([{ title: "</script><b>", curves: [{ name: "a", y: [1, 2] }] }], {
        title: "<i>A&B",
      });
      const files = await exportFigure(hostile, folder, "curves");
      await exportFigure(await sampleStrip(), folder, "strip");
      expect(fs.readdirSync(folder).sort()).toEqual(
        ["curves.html", "curves.png", "curves.svg", "plotly.min.js", "strip.html", "strip.png", "strip.svg"].sort(),
      );
      const page = fs.readFileSync(
        files.find((file) => file.endsWith("html"))!,
        "utf8",
      );
      const { document } = new JSDOM(page).window;
      expect(document.querySelectorAll("script").length).toBe(2); // the shared one and the figure: no text ended it
      expect(document.querySelector("#figure svg")).not.toBeNull();
      expect(page).not.toMatch(/src="https?:/);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
  it("draws the page's chart in a browser window from the shared script alone", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "figure-"));
    try {
      const [, , file] = await exportFigure(samplePca(), folder, "pca");
      const dom = await JSDOM.fromFile(file!, {
        runScripts: "dangerously",
        resources: "usable",
        pretendToBeVisual: true,
      });
      await new Promise((resolve) => {
        dom.window.addEventListener("load", resolve);
      });
      expect(dom.window.document.querySelector("#figure .plotly")).not.toBeNull();
      dom.window.close();
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
  it("rasterises at the asked scale", async () => {
    // 640 × 480 at scale 2
    const image = await decodeImage(await rasterizeSvg(await figureSvg(samplePca()), 2), "png");
    expect([image.width, image.height]).toEqual([1280, 960]);
    // the first colour of the palette, #0072B2 over white at 0.75 opacity: blue well above red
    let blue = 0;
    for (let at = 0; at < image.data.length; at += 3) if (image.data[at + 2]! - image.data[at]! > 80) blue += 1;
    expect(blue).toBeGreaterThan(1000);
  });
});
