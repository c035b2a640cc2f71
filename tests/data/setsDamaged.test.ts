import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import type { FolderDataset } from "../../src/data/folder/folder";
import { openPictureSets, PICTURE_SETS } from "../../src/data/sets/open";
import { openDataset } from "../../src/lab/datasets";
import { cubFolder, dogsFolder, flowersFolder } from "./setsFixture";

function open(kind: string, root: string): Promise<FolderDataset> {
  const sets = PICTURE_SETS.filter((set) => set.kind === kind);
  return openPictureSets(sets, root);
}

/** The birds, with one list changed. */
async function birds(list: string, change: (text: string) => string | Buffer): Promise<string> {
  const root = await cubFolder();
  const file = path.join(root, list);
  fs.writeFileSync(file, change(fs.readFileSync(file, "utf8")));
  return root;
}

describe("lists that are damaged are refused, not read as another set:", () => {
  it.each([
    ["images.txt", /^3[0-5] .*\n/gmu, "", /image_class_labels\.txt, line 30: names "30", of which images\.txt says nothing/], // prettier-ignore
    ["classes.txt", /$/u, "1 999.Zebra\n", /classes\.txt, line 6: has another line about "1"/],
    ["train_test_split.txt", /$/u, "1 0\n", /train_test_split\.txt, line 36: has another line about "1"/],
    ["image_class_labels.txt", /$/u, "9 2\n", /image_class_labels\.txt, line 36: has another line about "9"/],
    ["images.txt", /[^]*/u, "", /its lists name no picture|says nothing/],
  ])("%s of CUB, %s → %j", async (list, from, to, message) => {
    await expect(birds(list, (text) => text.replace(from, to)).then((root) => open("cub", root))).rejects.toThrow(message); // prettier-ignore
  });

  it("all lists of CUB empty, or one in another encoding", async () => {
    const empty = Object.fromEntries(["images", "classes", "image_class_labels", "train_test_split"].map((name) => [`${name}.txt`, ""])); // prettier-ignore
    await expect(open("cub", await cubFolder(empty))).rejects.toThrow(/its lists name no picture/);
    const latin1 = birds("classes.txt", (text) => Buffer.from(text.replace("Mallard", "Mällard"), "latin1"));
    await expect(latin1.then((root) => open("cub", root))).rejects.toThrow(/classes\.txt: is not in UTF-8 \(line 4\)/);
  });

  it("setid.mat of Flowers that names fewer pictures than have labels", async () => {
    const root = await flowersFolder();
    const file = path.resolve(__dirname, "../reference/mat/setid.mat"); // names 6 pictures of 40
    fs.copyFileSync(file, path.join(root, "setid.mat"));
    await expect(open("flowers", root)).rejects.toThrow(/setid\.mat: names 6 pictures, and imagelabels\.mat has 40 labels/); // prettier-ignore
  });

  it.each([
    ["002.", /the name of its class "002\." must not be empty/],
    ["002.___", /must not be empty/],
    ["002.Sooty\u0007Albatross", /must be one line of printable text/],
    ["002.<answer>", /must not hold < or >/],
    ["002.B\ufffdrd", /must not hold \ufffd/],
  ])("a class called %j", async (name, message) => {
    const renamed = birds("classes.txt", (text) => text.replace("002.Sooty_Albatross", name));
    await expect(renamed.then((root) => open("cub", root))).rejects.toThrow(message);
  });
});

it("pictures that no file can be are counted as missing, and named in few words", async () => {
  const root = await birds("images.txt", (text) => text.replace("001.Black_footed_Albatross/Black_footed_Albatross_0001_1.jpg", "x".repeat(3_000_000)).replace("_0002_2.jpg", "_\0.jpg")); // prettier-ignore
  const own = path.join(root, "images/005.Fen_Auk/Fen_Auk_0000_400.jpg");
  fs.rmSync(own);
  fs.symlinkSync(own, own);
  const error: unknown = await open("cub", root).catch((thrown: unknown) => thrown);
  expect(String(error)).toMatch(/3 of the 35 pictures that the lists of CUB-200-2011 name are not there, such as images\/x+…\. Unpack/); // prettier-ignore
  expect(String(error).length).toBeLessThan(600);
});

describe("what is there is compared with what the authors publish:", () => {
  it("a smaller set is noted", async () => {
    const { report } = await open("dogs", await dogsFolder());
    expect(report.notes).toContain("Its authors publish Stanford Dogs with 120 classes; by the official split 12000 train, 8580 test: these lists are of a part, or cut."); // prettier-ignore
  });

  it("by the counts that the page about them has", () => {
    const page = fs.readFileSync(path.resolve(__dirname, "../../docs/published-sets.md"), "utf8").replaceAll(",", "");
    for (const { kind, counts } of PICTURE_SETS) {
      const { classes, train, validation, test } = counts;
      const row = `^\\| \`${kind}:PATH\` +\\|[^|]*\\| ${classes} +\\| ${train} ${validation === 0 ? "–" : validation} ${test} +\\|`; // prettier-ignore
      expect(page).toMatch(new RegExp(row, "mu"));
    }
  });
});

it("a spec with an option twice is refused", async () => {
  await expect(openDataset(`cub:${await cubFolder()}?shots=4&shots=2`)).rejects.toThrow(/gives the option shots twice/);
});
