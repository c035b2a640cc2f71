import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random";
import type { BenchmarkItem } from "../../src/data/types";
import { changeMeasurements, CHANGES, countChanges, type Change } from "../../src/eval/changes";
import { writeChain } from "../../src/miniworld/chain";
import type { AskedModel } from "../../src/report/browse/book";
import { casesOf, casesView, CHANGE_COLUMNS, changeNotes, type Cases } from "../../src/report/cases";
import { methodTable } from "../../src/report/pivot";
import { answer } from "../eval/helpers";
import { smokeWorld } from "../miniworld/worlds";

const unseen = [...smokeWorld.test("unseen")].sort((a, b) => (a.id < b.id ? -1 : 1));
const chainOf = ({ image }: BenchmarkItem): string =>
  writeChain(smokeWorld, image.subCategory, { random: new Random(1) });

/** A model that is right about the items for which a rule says so. */
function model(title: string, isRight: (item: BenchmarkItem, place: number) => boolean, skip = -1): AskedModel {
  const answers = unseen.flatMap((item, place) => {
    const { superCategory: domain, seen } = item.image.subCategory;
    const output = isRight(item, place) ? chainOf(item) : "<think> so </think> <answer> nobody </answer>";
    return place === skip ? [] : [answer({ id: item.id, image: item.image.id, domain, seen, truth: item.groundTruth, output })]; // prettier-ignore
  });
  return { key: title, title, setting: "open", thinking: true, answers: answers.reverse() };
}
const choose = (asked: readonly AskedModel[], perChange?: number): Promise<Cases> =>
  casesOf(
    { dataset: smokeWorld, asked },
    { setting: "open", split: "unseen", ...(perChange === undefined ? {} : { perChange }) },
  );
// six unseen items by id: base is right about 0 1 2, Fine-R1 about 2 3 4
const base = model("Base", (_, place) => place < 3);
const fine = model("Fine-R1", (_, place) => place >= 2 && place < 5);

describe("casesOf", () => {
  it("takes the first question by id of each of the four kinds, and counts them all", async () => {
    expect(unseen).toHaveLength(6);
    const found = await choose([base, fine]);
    expect(found.counts).toEqual({ mended: 2, spoiled: 2, "both right": 1, "both wrong": 1 });
    expect(found.p).toBe(1); // two against two: as likely as can be
    expect(found.models).toEqual(["Base", "Fine-R1"]);
    const places = ({ cases }: Cases) => cases.map(({ change, id }) => [change, unseen.findIndex((x) => x.id === id)]);
    expect(places(found)).toEqual([["mended", 3], ["spoiled", 0], ["both right", 2], ["both wrong", 5]]); // prettier-ignore
    expect(places(await choose([base, fine], 2)).slice(0, 4)).toEqual([["mended", 3], ["mended", 4], ["spoiled", 0], ["spoiled", 1]]); // prettier-ignore
  });

  it("is plain JSON with the picture, the steps marked and each answer's verdict", async () => {
    const found = await choose([base, fine]);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    const [mended] = found.cases;
    expect(mended).toMatchObject({ question: unseen[3]!.question, truth: unseen[3]!.groundTruth });
    expect(mended!.answers.map(({ title, right, verdict }) => [title, right, verdict])).toEqual([
      ["Base", false, "wrong answer, no chain"],
      ["Fine-R1", true, "right answer, right chain"],
    ]);
    expect(mended!.answers[1]!.lines!.flat().every(({ wrong }) => wrong === null)).toBe(true);
    expect(mended!.picture).toMatch(/^data:image\/png;base64,/u);
    expect("options" in mended!).toBe(false); // an open question offers none
  });

  it("leaves out what a model was not asked, and models that were asked in another setting", async () => {
    const without = model("Fine-R1", (_, place) => place >= 2 && place < 5, 3);
    const other: AskedModel = { ...fine, title: "closed", setting: "closed" };
    const found = await choose([base, other, without]);
    expect(found.models).toEqual(["Base", "Fine-R1"]);
    expect(found.counts).toEqual({ mended: 1, spoiled: 2, "both right": 1, "both wrong": 1 });
    expect(found.cases[0]!.id).toBe(unseen[4]!.id);
  });
});

describe("casesView", () => {
  it("shows the square of counts, the rule, and each case with what became of it", async () => {
    const found = await choose([base, fine]);
    const { html, text } = casesView(found);
    const { document } = new JSDOM(html.source).window;
    const rows = [...document.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent));
    expect(rows).toEqual([
      ["", "Fine-R1: right", "Fine-R1: wrong"],
      ["Base: right", "1", "2"], // both right, spoiled
      ["Base: wrong", "2", "1"], // mended, both wrong
    ]);
    expect(document.querySelectorAll("img")).toHaveLength(4);
    expect(text).toContain("Of 6 open questions about unseen classes 2 were mended and 2 spoiled");
    expect(text).toContain(`Mended: wrong by “Base”, right by “Fine-R1” (${unseen[3]!.id})`);
    expect(text).toContain("of each of the four kinds the question that comes first by id");
  });

  it("lets no text become a part of the page", async () => {
    const hostile = `</td><script>window.hit=1</script><img src=x onerror="window.hit=1">`;
    const found = await choose([{ ...base, title: hostile }, fine]);
    const { window } = new JSDOM(casesView(found).html.source, { runScripts: "dangerously" });
    expect(Reflect.get(window, "hit")).toBeUndefined();
    expect(window.document.querySelectorAll("img")).toHaveLength(4);
  });
});

it("the table of changes gives the numbers of each split, and its notes McNemar's p", () => {
  const changes = (...counts: number[]): Change[] => CHANGES.flatMap((change, i) => Array<Change>(counts[i]!).fill(change)); // prettier-ignore
  const about = { method: "tapo", seed: 1, dataset: "d" };
  const both = { seen: countChanges(changes(5, 0, 3, 1)), unseen: countChanges(changes(20, 2, 3, 1)) };
  const measurements = changeMeasurements(both).map((one) => ({ ...about, ...one }));
  const methods = [{ name: "base", title: "Base" }, { name: "tapo", title: "Fine-R1" }]; // prettier-ignore
  const { rows, columns } = methodTable(measurements, { caption: "c", methods, columns: CHANGE_COLUMNS });
  expect(rows).toHaveLength(1); // nothing becomes of the base's own answers
  expect(columns.slice(1).map(({ key }) => rows[0]![key])).toEqual([5, 0, 3, 1, 20, 2, 3, 1]);
  // 2 / 2⁵ = 0.0625; 2 · (1 + 22 + 231) / 2²² = 0.00012
  const notes = changeNotes({ methods, measurements });
  expect(notes).toEqual([expect.stringMatching(/^Fine-R1: p 0\.063 on seen classes, < 0\.001 on unseen classes/u)]);
});
