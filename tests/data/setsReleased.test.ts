import * as fs from "node:fs";
import * as path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openDataset } from "../../src/lab/datasets";
import { temporaryFolder } from "./folderFixture";
import { cubFolder, flowersFolder } from "./setsFixture";

interface Line {
  readonly image_path: string;
  readonly question: string;
  readonly options: readonly string[];
  readonly ground_truth: string;
}

/** Test pictures of setsFixture's birds: number 5 and 6 of each; the release keeps them in a folder of its own. */
const line = (folder: string, label: number, i: number, name: string, others: readonly string[]): Line => ({
  image_path: `bird_200/images/${folder}/${folder.slice(4)}_000${i}_${100 * label + i}.jpg`,
  question: `Which of the birds is this, ${i}?`,
  options: [name, ...others],
  ground_truth: name,
});
const SEEN = [
  line("001.Black_footed_Albatross", 0, 5, "Black-Footed Albatross", ["Mallard", "Auk"]),
  line("001.Black_footed_Albatross", 0, 6, "Black-Footed Albatross", ["Sooty Albatross", "Auk"]),
  line("004.Mallard", 3, 5, "Mallard", ["Auk", "Sooty Albatross"]),
];
const UNSEEN = [line("005.Fen_Auk", 4, 6, "Auk", ["Mallard", "Sooty Albatross"])];

function released(seen: readonly unknown[], unseen: readonly unknown[], word = "bird"): string {
  const folder = temporaryFolder();
  const write = (split: string, lines: readonly unknown[]): void => {
    fs.writeFileSync(
      path.join(folder, `${word}_${split}.jsonl`),
      lines.map((one) => `${JSON.stringify(one)}\n`).join(""),
    );
  };
  write("seen", seen);
  write("unseen", unseen);
  return folder;
}

let root: string;
beforeAll(async () => {
  root = await cubFolder();
});
const open = (folder: string, more = "") => openDataset(`cub:${root}?shots=2&split=${folder}${more}`);

describe("split=FOLDER of released lines", () => {
  it("gives the release's classes, names, questions and options; a class without lines is left out", async () => {
    const birds = await open(released(SEEN, UNSEEN));
    expect(birds.subCategories.map(({ name, seen }) => [name, seen])).toEqual([
      ["Black-Footed Albatross", true],
      ["Mallard", true],
      ["Auk", false],
    ]);
    expect(birds.test("seen").map(({ image: { id }, question, options, groundTruth }) => ({ image_path: id.replace("cub/", "bird_200/"), question, options, ground_truth: groundTruth }))).toEqual(SEEN); // prettier-ignore
    expect(birds.test("unseen").map(({ options }) => options)).toEqual([UNSEEN[0]?.options]);
    expect(birds.train).toHaveLength(2 * 2);
    expect(new Set(birds.train.map(({ subCategory }) => subCategory.name))).toEqual(new Set(["Black-Footed Albatross", "Mallard"])); // prettier-ignore
    expect(birds.report?.leftOut.map(({ folder }) => folder)).toEqual(["002.Sooty_Albatross", "003.Chuck_will_Widow"]);
    expect(birds.report?.notes.join("\n")).toContain("4 of the test pictures have a released line.");
  });

  it("is found in the set's own folder, too", async () => {
    const at = await cubFolder();
    fs.renameSync(released(SEEN, UNSEEN), path.join(at, "released"));
    expect((await openDataset(`cub:${at}?split=released`)).subCategories).toHaveLength(3);
  });

  it("puts the truth first where a line does not", async () => {
    const turned = { ...UNSEEN[0], options: ["Mallard", "Auk"] };
    expect((await open(released(SEEN, [turned]))).test("unseen")[0]?.options).toEqual(["Auk", "Mallard"]);
  });

  it.each([
    ["a training picture", [line("004.Mallard", 3, 1, "Mallard", ["Auk"])], /bird_unseen\.jsonl, line 1: asks about bird_200.*no test picture by the official split of CUB-200-2011\. Check the lists: some papers swap/], // prettier-ignore
    ["no picture of the set", [{ ...UNSEEN[0], image_path: "x/y.jpg" }], /line 1: asks about x\/y\.jpg, which CUB-200-2011 does not have/], // prettier-ignore
    ["a class under two names", [UNSEEN[0], line("005.Fen_Auk", 4, 5, "Mallard", ["Auk"])], /line 2: calls the class "Mallard" that .*line 1 calls "Auk"/], // prettier-ignore
    ["a class of both splits", [line("004.Mallard", 3, 6, "Mallard", ["Auk"])], /has the class "Mallard" as unseen/],
    [
      "no option that is true",
      [{ ...UNSEEN[0], options: ["A", "B"] }],
      /does not have the truth "Auk" among its options/,
    ],
    ["a picture twice", [UNSEEN[0], UNSEEN[0]], /line 2: asks about .* once more/],
    ["no options at all", [{ ...UNSEEN[0], options: undefined }], /line 1 cannot be used \(key options is missing/],
  ])("refuses %s", async (_, unseen, message) => {
    await expect(open(released(SEEN, unseen))).rejects.toThrow(message);
  });

  it("says what a folder holds that lacks the lines of a set", async () => {
    await expect(open(released(SEEN, UNSEEN, "boat"))).rejects.toThrow(/has no bird_seen\.jsonl about CUB-200-2011 \(it holds boat_seen\.jsonl, boat_unseen\.jsonl\)/); // prettier-ignore
    await expect(open("/no/such")).rejects.toThrow(/\/no\/such: cannot be read/);
  });

  it("tells where trnid and tstid were swapped", async () => {
    const flowers = await flowersFolder(); // picture 1 is of trnid
    const one = { image_path: "flower102/jpg/image_00001.jpg", question: "?", options: ["a", "b"], ground_truth: "a" };
    await expect(openDataset(`flowers:${flowers}?split=${released([one], [], "flower")}`)).rejects.toThrow(/trnid and tstid of Flowers-102/); // prettier-ignore
  });
});

describe("chains=FILE", () => {
  const chains = (...images: readonly string[]): string => {
    const file = path.join(temporaryFolder(), "stage1.json");
    fs.writeFileSync(file, JSON.stringify(images.map((image) => ({ messages: [], images: [image] }))));
    return file;
  };

  it("makes the pictures of released chains the first shots of their classes", async () => {
    const file = chains(
      "bird_200/images_train/004.Mallard/Mallard_0003_303.jpg",
      "x/Fen_Auk_0000_400.jpg",
      "cars/1.jpg",
    );
    const folder = released(SEEN, UNSEEN);
    const birds = await open(folder, `&chains=${file}`);
    const mallards = birds.train.filter(({ subCategory }) => subCategory.name === "Mallard");
    expect(mallards[0]?.id).toBe("cub/images/004.Mallard/Mallard_0003_303.jpg");
    expect(new Set(mallards.map(({ id }) => id)).size).toBe(2);
    expect(birds.report?.notes).toContain(
      "2 of 3 pictures with chains are of these sets; 1 begin the shots of their classes. 1 are of unseen classes and not used.",
    );
    expect(birds.fingerprint).not.toBe((await open(folder)).fingerprint);
    await expect(open(folder, `&chains=${folder}`)).rejects.toThrow(/is a folder, not a file/);
  });
});
