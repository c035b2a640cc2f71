import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import type { CotRecord } from "../../src/cot/records";
import { conceptsOf, conceptView } from "../../src/report/conceptView";
import { smokeWorld } from "../miniworld/worlds";

const record = (imageId: string, ...concepts: string[]): CotRecord => ({
  ...{ version: 1, imageId, question: "bird ?", label: "x", superCategory: "bird", concepts, text: "t" },
  stages: { analysis: "a", candidates: ["c"], comparison: "c", prediction: "p" },
  provenance: { teacher: "t", attempts: 1, seed: 1 },
});
const seen = smokeWorld.subCategories.filter((c) => c.seen);
const idsOf = (id: string): string[] =>
  smokeWorld.train.filter(({ subCategory }) => subCategory.id === id).map((image) => image.id);

describe("conceptsOf", () => {
  it("takes of each super-category the first class by id with several pictures, in the order of the training pictures", async () => {
    const birds = seen.filter(({ superCategory }) => superCategory === "bird").map(({ id }) => id).sort(); // prettier-ignore
    const [first, second, third] = birds.map(idsOf);
    const records = [
      ...third!.map((id) => record(id, "third")),
      ...second!.slice(0, 3).map((id, i) => record(id, "crown", `only ${i}`)),
      record(first![0]!, "alone"), // one picture alone shows no difference
      record("no/picture/of/it", "nothing"),
    ];
    const found = await conceptsOf(records, smokeWorld);
    expect(found.map(({ label }) => `bird/${label}`)).toEqual([birds[1]]);
    expect(found[0]!.pictures.map(({ id, concepts }) => [id, concepts])).toEqual(
      second!.slice(0, 3).map((id, i) => [id, ["crown", `only ${i}`]]),
    );
    expect(found[0]!.shows).toBe(smokeWorld.describe(seen.find(({ id }) => id === birds[1])!));
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    const { train } = smokeWorld;
    expect((await conceptsOf(records, { train }))[0]).not.toHaveProperty("shows");
  });
});

describe("conceptView", () => {
  const picture = "data:image/png;base64,AAAA";
  const hostile = `</li><script>window.hit=1</script>`;
  const pictures = [
    { id: "1", picture, concepts: ["red crown", "long tail"] },
    { id: "2", picture, concepts: ["red crown", hostile] },
  ];

  it("makes those bold that not every picture has, and lets no text become a part of the page", () => {
    const { html, text } = conceptView([{ label: hostile, superCategory: "bird", pictures }]);
    const { window } = new JSDOM(html.source, { runScripts: "dangerously" });
    expect(Reflect.get(window, "hit")).toBeUndefined();
    expect([...window.document.querySelectorAll("li")].map((item) => item.textContent)).toEqual(pictures.flatMap(({ concepts }) => concepts)); // prettier-ignore
    expect([...window.document.querySelectorAll("li b")].map((item) => item.textContent)).toEqual(["long tail", hostile]); // prettier-ignore
    expect(text).toContain("  1: red crown, long tail\n  2: red crown");
  });
});
