import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCotRecord } from "../../src/cot/records";
import { readReleased, type ReleasedRecord } from "../../src/cot/released";
import { releasedFindings, importReleased } from "../../src/cot/releasedFindings";
import type { Dataset } from "../../src/data/dataset";
import { RELEASED_FIXTURE } from "./releasedFixture";

let records: ReleasedRecord[];
let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(tmpdir(), "cot-"));
  const file = path.join(folder, "stage1.json");
  fs.writeFileSync(file, JSON.stringify(RELEASED_FIXTURE));
  records = readReleased(file);
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

/** A dataset of two of the fixture's pictures, as far as it is looked at. */
function dataset(): Dataset {
  const image = (id: string, name: string, superCategory: string) => ({
    id,
    subCategory: { id: `${superCategory}/${name}`, name, superCategory, seen: true },
    load: () => Promise.reject(new Error("no pixels are read")),
  });
  const train = [image("cub/images/9/001.jpg", "Marsh lark", "bird"), image("x/003.jpg", "Kestrel 40", "aircraft")];
  return { name: "two", fingerprint: "f", subCategories: [], train, validation: [], test: () => [], question: () => "?", optionsFor: () => [], wording: "released" }; // prettier-ignore
}

const kinds = (image: string, given?: Dataset): string[] =>
  releasedFindings(records, given)
    .filter((one) => one.image === image)
    .map(({ finding }) => finding);

describe("findings in released chains", () => {
  // The fixture's predictions: "The bird is the Marsh Lark.", "It is not a boat but a radio.", "Kestrel 40", "Snow Terrier"; its labels
  // Marsh Lark, CR-20, 2012 Kestrel 40, Snow Terrier.
  it("are those of our own curation, all of them, and what it cannot meet", () => {
    expect(kinds("birds/001.jpg")).toEqual(["wrong prediction"]);
    expect(kinds("boats/002.jpg")).toEqual(["no candidates", "wrong prediction", "label not in prediction", "label not among candidates"]); // prettier-ignore
    expect(kinds("planes/003.jpg")).toEqual([
      "wrong prediction",
      "label not in prediction",
      "label not among candidates",
    ]);
    expect(kinds("dogs/004.jpg")).toEqual([]);
  });

  it("tell a second chain of a class, other scripts, and a candidate listed twice", () => {
    const [, , , dog] = records;
    const foreign = { ...dog!, image: "dogs/5.jpg", text: `${dog!.text} 白色` };
    const twice = {
      ...dog!,
      image: "dogs/6.jpg",
      thinking: dog!.thinking.replace("- Lap Hound", "- snow terrier (Snowy)"),
    };
    const found = releasedFindings([dog!, foreign, twice]).map(({ image, finding }) => [image, finding]);
    expect(found).toEqual([
      ["dogs/5.jpg", "mixed language"],
      ["dogs/5.jpg", "class has a chain already"],
      ["dogs/6.jpg", "repeated candidate"],
      ["dogs/6.jpg", "class has a chain already"],
    ]);
  });

  it("tell pictures that a dataset does not train on, and names that it does not use", () => {
    expect(kinds("birds/001.jpg", dataset())).toEqual(["wrong prediction"]); // case is no other name
    expect(kinds("planes/003.jpg", dataset()).at(-1)).toBe("another name"); // 2012 Kestrel 40
    expect(kinds("dogs/004.jpg", dataset())).toEqual(["no training picture"]);
  });
});

describe("importReleased", () => {
  it("gives records that stage 1 trains on, with the pictures' ids of the dataset and the released texts", () => {
    const imported = importReleased(records, dataset());
    expect(imported.map(({ imageId, label, superCategory }) => [imageId, label, superCategory])).toEqual([
      ["cub/images/9/001.jpg", "Marsh Lark", "bird"],
      ["x/003.jpg", "2012 Kestrel 40", "aircraft"],
    ]);
    expect(imported[0]?.text).toBe(records[0]?.text);
    expect(imported.map(parseCotRecord)).toEqual(imported);
  });
});
