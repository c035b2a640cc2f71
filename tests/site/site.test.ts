import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashFile } from "../../src/core/hash";
import { exportFigure } from "../../src/report/figure/export";
import { pcaScatter } from "../../src/report/figure/scatter";
import { imageStrip } from "../../src/report/figure/strip";
import { exportTable } from "../../src/report/table/export";
import { resultTable } from "../../src/report/table/table";
import { newHome, printed, refusal, removeHome, ROOT } from "../cli/home";
import { CHROMIUM, Chromium, type OpenedPage, type View } from "./chromium";

/** The site of what is recorded, of a run of one's own, and of figures and tables of no experiment that the code knows. */
let [home, site] = ["", ""];
const stranger = (): string => path.join(home, "results", "elsewhere", "smoke");
const report = (...args: string[]): string => printed(home, "report", "--mine", ...args);

beforeAll(async () => {
  home = newHome("site");
  site = path.join(home, "site");
  const record = path.join(ROOT, "results", "quickstart", "mini");
  fs.cpSync(record, path.join(home, "results", "quickstart", "mini"), { recursive: true });
  const scatter = pcaScatter(
    [
      { name: "right", points: [[0, 0], [1, 2]], labels: ["least auklet", "tern"] },
      { name: "wrong", points: [[3, 1]], labels: ["gull"] },
    ],
    { title: "States <of> the base", explained: [0.5, 0.25] },
  ); // prettier-ignore
  await exportFigure(scatter, stranger(), "states");
  const picture = { width: 2, height: 2, data: new Uint8Array(12).fill(90) };
  await exportFigure(await imageStrip([{ image: picture }], { title: "Grey" }), stranger(), "strip");
  fs.writeFileSync(path.join(stranger(), "cases.html"), "<!doctype html><title>cases</title><p>cases</p>");
  fs.copyFileSync(path.join(record, "run.json"), path.join(stranger(), "run.json"));
  const columns = [
    { key: "claim", title: "Claim", kind: "text" },
    { key: "effect", title: "Effect", kind: "number", percent: true, interval: "range" },
  ] as const;
  const rows = [
    { claim: "a", effect: { value: 0.09, low: 0, high: 0.2 } },
    { claim: "b", effect: null },
    { claim: "c <b>", effect: { value: -0.1, low: -0.2, high: 0, mark: "†" } },
    { claim: "d", effect: 0.1 },
  ];
  const scorecard = resultTable({ caption: "The claims", columns, rows, marks: { "†": "three seeds" } });
  exportTable(scorecard, path.join(home, "results", "scorecard"), "table");
  printed(home, "run", "quickstart", "-p", "smoke", "--only", "base,cot-sft");
  report("--out", site);
}, 400_000);
afterAll(() => {
  removeHome(home);
});

/** The paths of all files below a folder. */
function filesIn(folder: string): string[] {
  const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name)).sort(); // prettier-ignore
}
const pages = (): string[] =>
  filesIn(site)
    .map((file) => path.relative(site, file))
    .filter((file) => file.endsWith(".html"));
const digests = (): [string, string][] => filesIn(site).map((file) => [path.relative(site, file), hashFile(file)]);

describe("fine-r1 report", () => {
  it("gives the same bytes for the same results, and says where they are", () => {
    const before = digests();
    expect(before.length).toBeGreaterThan(50);
    const text = report("--out", site);
    expect(digests()).toEqual(before);
    expect(text).toMatch(
      /^8 pages in .*site\. 3 experiments in their profiles\. 2 of them have no answers in the store/,
    );
    expect(text).toContain(pathToFileURL(path.join(site, "index.html")).href);
  });

  it("keeps what lies there when it cannot finish, and names the broken file", () => {
    const table = path.join(home, "results", "quickstart", "mini", "table.json");
    const [whole, before] = [fs.readFileSync(table, "utf8"), digests()];
    fs.writeFileSync(table, whole.replace('"kind": "text"', '"kind": "picture"'));
    expect(refusal(home, ["report", "--out", site])).toMatch(/quickstart.mini.table\.json: is not a result table/);
    fs.writeFileSync(table, whole);
    expect(digests()).toEqual(before);
    expect(filesIn(home).filter((file) => file.includes(".tmp-"))).toEqual([]);
  });

  it("clears what killed reports left, and brings the old site back where they left none", () => {
    const [dead, before] = [spawnSync(process.execPath, ["-e", ""]).pid, digests()];
    const beside = (name: string): string => path.join(home, name);
    const own = `site.old-${dead}0`; // by name a leftover, and no site
    fs.mkdirSync(beside(own));
    fs.writeFileSync(path.join(beside(own), "index.html"), "<!doctype html><title>mine</title>");
    fs.renameSync(site, beside(`site.old-${dead}`));
    fs.mkdirSync(beside(`site.tmp-${dead}`));
    fs.writeFileSync(path.join(beside(`site.tmp-${dead}`), ".unfinished"), "");
    // it fails, and so all that stands there afterwards was there before it began to write
    const table = path.join(home, "results", "quickstart", "mini", "table.json");
    const whole = fs.readFileSync(table, "utf8");
    fs.writeFileSync(table, whole.replace('"kind": "text"', '"kind": "picture"'));
    refusal(home, ["report", "--out", site]);
    fs.writeFileSync(table, whole);
    expect(digests()).toEqual(before);
    expect(fs.readdirSync(home).filter((name) => name.startsWith("site"))).toEqual(["site", own]);
  });

  it("takes the place of a site, and of nothing else", () => {
    const own = path.join(home, "own");
    fs.mkdirSync(own);
    fs.writeFileSync(path.join(own, "index.html"), "<!doctype html><title>mine</title>");
    expect(refusal(home, ["report", "--out", own])).toMatch(/own: holds something else than a site.*--out/);
    expect(fs.readdirSync(own)).toEqual(["index.html"]);
  });

  it("shows one plotly for all pages, recorded runs alone unless asked, and how to make what is not there", () => {
    expect(filesIn(site).filter((file) => file.endsWith("plotly.min.js"))).toHaveLength(1);
    const recorded = path.join(home, "recorded");
    printed(home, "report", "--out", recorded);
    expect(fs.existsSync(path.join(recorded, "mine"))).toBe(false);
    expect(fs.readFileSync(path.join(site, "answers.html"), "utf8")).toContain("npx fine-r1 run quickstart --all");
  });
});

describe.skipIf(CHROMIUM === undefined)("the site in a browser", () => {
  let browser: Chromium;
  beforeAll(() => {
    browser = Chromium.start();
  });
  afterAll(() => browser.stop());

  const open = (page: string, view?: View): Promise<OpenedPage> =>
    browser.open(pathToFileURL(path.join(site, page)).href, view);
  const rowsOf = (page: OpenedPage, table: string, column: number): Promise<string[]> =>
    page.evaluate(
      `[...document.querySelectorAll("#${table} tbody tr")].map((row) => row.cells[${column}].textContent.trim())`,
    );

  it("loads every page without an error or a request to anybody, and no page is wider than a phone", async () => {
    expect(pages()).toHaveLength(9); // with the one that was copied
    const root = pathToFileURL(site).href;
    for (const name of pages().filter((page) => !page.endsWith("cases.html"))) {
      const page = await open(name, { width: 390, dark: true });
      await page.evaluate("new Promise((done) => setTimeout(done, 100))");
      expect([name, page.errors]).toEqual([name, []]);
      expect(page.requests.filter((url) => !url.startsWith(root))).toEqual([]);
      expect([name, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([name, 390]);
      expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(22, 24, 27)");
      await page.close();
    }
  });

  it("has no dead link: every file and every place in it that a page names is there", async () => {
    const ids = new Map<string, Set<string>>();
    const links: [string, string][] = [];
    for (const name of pages()) {
      const page = await open(name);
      const found = await page.evaluate<{ ids: string[]; urls: string[] }>(
        `({ ids: [...document.querySelectorAll("[id]")].map(({ id }) => id),
            urls: [...document.querySelectorAll("[href], [src]")].map((one) => one.href ?? one.src) })`,
      );
      ids.set(pathToFileURL(path.join(site, name)).href, new Set(found.ids));
      links.push(...found.urls.map((url): [string, string] => [name, url]));
      await page.close();
    }
    expect(links.length).toBeGreaterThan(80);
    for (const [from, url] of links.filter(([, to]) => !to.startsWith("data:"))) {
      const [target = "", place] = url.split("#");
      expect(fs.existsSync(new URL(target)), `${from} → ${url}`).toBe(true);
      if (place !== undefined) expect(ids.get(target)?.has(place), `${from} → ${url}`).toBe(true);
    }
  });

  it("draws every chart in the place of its drawing, and shows the drawing where there are no scripts", async () => {
    for (const [name, charts] of [
      ["quickstart/mini/index.html", 4],
      ["elsewhere/smoke/index.html", 1],
    ] as const) {
      // prettier-ignore
      const page = await open(name);
      const drawn = `[...document.querySelectorAll("[data-chart]")].filter((one) => one.querySelector("svg.main-svg .trace") && !one.querySelector("img"))`;
      await page.until(`${drawn}.length === ${charts}`);
      expect(page.errors).toEqual([]);
      await page.close();
    }
    const page = await open("elsewhere/smoke/index.html", { scripts: false });
    const shown = `[...document.querySelectorAll("figure img")].map((image) => [image.alt, image.naturalWidth > 0])`;
    expect(await page.evaluate(shown)).toEqual([
      [
        "States <of> the base. Chart of PC 2 (25.0 % of the variance) by PC 1 (50.0 % of the variance): right (n = 2), wrong (n = 1).",
        true,
      ],
      ["Grey", true],
    ]);
    await page.close();
  });

  it("tells what a point of a scatter is where the mouse stands on it", async () => {
    const page = await open("elsewhere/smoke/index.html");
    await page.until(`document.querySelector(".trace path.point")`);
    const { x, y } = await page.evaluate<{ x: number; y: number }>(
      `(() => { const point = document.querySelectorAll(".trace path.point")[2]; point.scrollIntoView({ block: "center" });
        const { left, top, width, height } = point.getBoundingClientRect(); return { x: left + width / 2, y: top + height / 2 }; })()`,
    );
    await page.hover(x, y);
    await page.until(`document.querySelector(".hovertext")?.textContent.includes("gull")`);
    await page.close();
  });

  it("sorts a table by a heading, numbers by their values, what is missing last, and gives its own order back", async () => {
    const page = await open("index.html");
    const click = (column: number): Promise<unknown> =>
      page.evaluate(`document.querySelectorAll("#scorecard-table thead button")[${column}].click()`);
    const claims = (): Promise<string[]> => rowsOf(page, "scorecard-table", 0);
    await click(1);
    expect(await claims()).toEqual(["d", "a", "c <b>", "b"]);
    await click(1);
    expect(await claims()).toEqual(["c <b>", "a", "d", "b"]);
    expect(await rowsOf(page, "scorecard-table", 1)).toEqual(["−10.0 [−20.0, 0.0]†", "9.0 [0.0, 20.0]", "10.0", "–"]);
    await click(1);
    expect(await claims()).toEqual(["a", "b", "c <b>", "d"]);
    // by keyboard, and a text
    await page.evaluate(`document.querySelector("#scorecard-table thead button").focus()`);
    await page.press("Enter");
    await page.press("Enter");
    expect(await claims()).toEqual(["d", "c <b>", "b", "a"]);
    expect(await page.evaluate(`[...document.querySelectorAll("#scorecard-table [aria-sort]")].map((one) => one.ariaSort)`)).toEqual(["descending", "none"]); // prettier-ignore
    expect(await page.evaluate(`document.querySelector("#scorecard-table .notes").textContent`)).toMatch(
      /† three seeds/,
    );
    await page.close();
  });

  it("shows answers of the base beside those of what was trained, and finds them by class and by right or wrong", async () => {
    const page = await open("mine/quickstart/smoke/answers.html");
    const cards = (): Promise<string[]> =>
      page.evaluate(`[...document.querySelectorAll("article h2")].map((one) => one.textContent)`);
    const choose = (name: string, value: string): Promise<unknown> =>
      page.evaluate(`(() => { const field = document.querySelector("#filters [name=${name}]"); field.value = ${JSON.stringify(value)};
        field.dispatchEvent(new Event(field.tagName === "INPUT" ? "input" : "change", { bubbles: true })); })()`);
    const all = await cards();
    expect(new Set(all).size).toBe(all.length); // one picture of every class
    expect(await page.evaluate(`[...document.querySelectorAll("article:first-child h3")].map((one) => one.textContent)`)).toEqual(["Base, direct", "CoT SFT"]); // prettier-ignore
    await page.until(`document.querySelector("article img").naturalWidth > 0`);
    expect(await page.evaluate(`document.querySelectorAll("article:first-child .chain .mark").length`)).toBeGreaterThan(
      0,
    );
    await choose("class", all[3]!.slice(0, 5).toUpperCase());
    const found = await cards();
    expect(found).toEqual(all.filter((name) => name.includes(all[3]!.slice(0, 5))));
    await choose("class", "");
    const parts: string[][] = [];
    for (const change of ["mended", "spoiled", "both-right", "both-wrong"]) {
      await choose("change", change);
      parts.push(await cards());
    }
    expect(parts.flat().sort()).toEqual([...all].sort());
    await choose("change", "");
    await choose("split", "unseen");
    const unseen = await cards();
    await choose("split", "seen");
    expect([...unseen, ...(await cards())].sort()).toEqual([...all].sort());
    await page.close();
  });
});
