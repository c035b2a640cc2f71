import fc from "fast-check";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { classesCsv, readClasses, type ClassRow } from "../../src/data/folder/classes";
import { folderOptionsSchema, openFolder, type FolderDataset } from "../../src/data/folder/folder";
import { folderOf, several } from "./folderFixture";

afterEach(() => {
  vi.unstubAllEnvs();
});

const open = async (files: Readonly<Record<string, string | null>>): Promise<FolderDataset> =>
  openFolder(await folderOf(files));

describe("what cannot be used", () => {
  it("is listed with its reason and passed over", async () => {
    const root = await folderOf({
      ...several(["a", "b", "c"], 6),
      ...several(["few"], 4),
      "a/notes.txt": "x",
      "a/.DS_Store": "x",
      "a/IMG_1.HEIC": "x",
      "a/empty.jpg": "",
      "a/text.png": "no picture at all",
      "a/drawing.png": `<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>`,
      "a/more/1.png": null,
      "b/a\tb.png": null,
      "stray.png": null,
      "README.md": "x",
      "classes.csv": "folder,name\na,alpha\ngone,gone\n",
    });
    fs.symlinkSync("nowhere", path.join(root, "b", "broken.png"));
    fs.symlinkSync("loop.png", path.join(root, "b", "loop.png"));
    fs.symlinkSync(root, path.join(root, "c", "round"));
    fs.mkdirSync(path.join(root, "nothing"));
    const { report, subCategories } = await openFolder(root);
    expect(subCategories.map(({ name }) => name)).toEqual(["alpha", "b", "c"]);
    expect(Object.fromEntries(report.skipped.map(({ file, reason }) => [file, reason]))).toEqual({
      "README.md": "no picture by its ending",
      "a/.DS_Store": "a hidden file",
      "a/IMG_1.HEIC": "a format that is not read: convert it to JPEG",
      "a/drawing.png": "not decodable as a picture",
      "a/empty.jpg": "an empty file",
      "a/more/": "a folder inside a class's folder",
      "a/notes.txt": "no picture by its ending",
      "a/text.png": "not decodable as a picture",
      "b/a\tb.png": "a name with control characters",
      "b/broken.png": "not readable, or a broken link",
      "b/loop.png": "not readable, or a broken link",
      "c/round/": "a folder inside a class's folder",
      "stray.png": "outside of the classes' folders",
    });
    expect(report.pictures).toBe(3 * 6 + 4);
    expect(report.leftOut).toEqual([
      { folder: "gone", reason: "classes.csv names it, but there is no such folder" },
      { folder: "few", reason: "4 pictures, 5 needed for 4 training pictures and a test question" },
      { folder: "nothing", reason: "0 pictures, 5 needed for 4 training pictures and a test question" },
    ]);
  });

  it("is said of training pictures of classes that are only tested", async () => {
    const csv = "folder,split\na,seen\nb,seen\nc,unseen\n";
    const parts = (part: string): Record<string, string | null> => several(["a", "b", "c"], 5, `${part}/`);
    const { report } = await open({ ...parts("train"), ...parts("test"), "classes.csv": csv });
    expect(report.notes).toEqual(["5 pictures in train/ of unseen classes (c) are not used."]);
  });

  it("is not one class in two folders whose names differ in the bytes of an accent", async () => {
    const [composed, decomposed] = ["caf\u00e9", "cafe\u0301"]; // é as one character, and as e with an accent
    await expect(open({ ...several([composed, decomposed, "b"], 6) })).rejects.toThrow(
      /two folders that are both called/,
    );
    // a class may have a folder in each part
    const both = { ...several([`train/${composed}`, `test/${decomposed}`, "train/b", "test/b"], 6) };
    expect((await open(both)).subCategories.map(({ name }) => name)).toEqual(["b", composed]);
  });

  it("is bounded in pixels, bytes and files", async () => {
    const root = await folderOf(several(["a", "b", "c"], 5));
    vi.stubEnv("FINE_R1_MAX_PIXELS", "15");
    await expect(openFolder(root)).rejects.toThrow(
      /no class that can be used, and two are needed \(left out: a: 0 pic/,
    );
    vi.stubEnv("FINE_R1_MAX_PIXELS", "16");
    expect((await openFolder(root)).report.skipped).toEqual([]);
    vi.stubEnv("FINE_R1_MAX_PICTURE_BYTES", "10");
    await expect(openFolder(root)).rejects.toThrow(/no class that can be used/);
    vi.stubEnv("FINE_R1_MAX_PICTURE_BYTES", "");
    vi.stubEnv("FINE_R1_MAX_PICTURES", "17");
    await expect(openFolder(root)).rejects.toThrow(/at most 17 are taken.*FINE_R1_MAX_PICTURES higher/);
    vi.stubEnv("FINE_R1_MAX_PICTURES", "18"); // three folders and fifteen pictures
    await expect(openFolder(root)).resolves.toBeDefined();
  });

  it("is said before a run: lone classes, splits with one side", async () => {
    const csv = "folder,superCategory\na,bird\nb,bird\nc,car\n";
    const { report, subCategories } = await open({ ...several(["a", "b", "c"], 5), "classes.csv": csv });
    expect(subCategories.filter(({ superCategory }) => superCategory === "car").map(({ seen }) => seen)).toEqual([
      false,
    ]);
    expect(report.notes).toEqual([
      'Only one class of the super-category "bird" is seen: no triplets can be mined for it.',
    ]);
    const all = "folder,split\na,seen\nb,seen\n";
    expect((await open({ ...several(["a", "b"], 5), "classes.csv": all })).report.notes[0]).toMatch(
      /No class is unseen/,
    );
    const none = "folder,split\na,unseen\nb,unseen\n";
    expect((await open({ ...several(["a", "b"], 1), "classes.csv": none })).report.notes[0]).toMatch(
      /No class is seen/,
    );
  });

  it.each<[string, Readonly<Record<string, string | null>>, RegExp]>([
    ["no class", {}, /has no class that can be used.*Give each class a folder of its own with 5 pictures or more/],
    ["one class", several(["a"], 5), /has one class that can be used, and two are needed/],
    ["equal names", several(["red_kite", "Red-Kite", "x"], 5), /the folders "Red-Kite" and "red_kite" both stand for/],
    ["a split of some", { ...several(["a", "b"], 5), "classes.csv": "folder,split\na,seen\n" }, /but not of "b"/],
    ["a wrong heading", { "classes.csv": "name\nx\n" }, /begins with "name"\. The first line names the columns/],
    ["semicolons", { "classes.csv": "folder;name\na;b\n" }, /The fields are separated by commas/],
    [
      "a wrong column",
      { "classes.csv": "folder,genius\na,x\n" },
      /line 2: unknown key genius \(did you mean genus\?\)/,
    ],
    ["a wrong split", { "classes.csv": "folder,split\na,sen\n" }, /column split must be one of.*did you mean "seen"\?/],
    ["a line twice", { "classes.csv": "folder\na\na\n" }, /line 3: "a" has a line already/],
    ["a comma too many", { "classes.csv": "folder,name\na,b,c\n" }, /Put a name with a comma in quotes/],
    ["a name of two lines", { "classes.csv": 'folder,name\na,"b\nc"\n' }, /column name: must be one line/],
    ["a name with a tag", { "classes.csv": "folder,name\na,<b>\n" }, /must not hold < or >/],
    ["a lost character", { "classes.csv": "folder,name\na,\ufffd\n" }, /must not hold \ufffd, which stands where/],
  ])("is refused in plain words: %s", async (_, files, message) => {
    await expect(open(files)).rejects.toThrow(message);
  });

  it("refuses options and places in plain words", async () => {
    const root = await folderOf(several(["a", "b"], 5));
    const wrong = (options: object) => openFolder(root, options);
    await expect(wrong({ shot: 4 })).rejects.toThrow(/unknown option shot \(did you mean shots\?\)/);
    await expect(wrong({ seenFraction: 1 })).rejects.toThrow(/option seenFraction must be less than 1, but is 1/);
    await expect(openFolder(path.join(root, "none"))).rejects.toThrow(/there is no such folder/);
    await expect(openFolder(path.join(root, "a", "1.png"))).rejects.toThrow(/there is no such folder/);
  });
});

describe("docs/datasets.md", () => {
  it("lists every option with its default", () => {
    const page = fs.readFileSync("docs/datasets.md", "utf8");
    const rows = [...page.matchAll(/^\| `(\w+)` +\| (\S+)/gm)].map(([, key, value]) => [
      key,
      value?.replaceAll("`", ""),
    ]);
    const defaults = new Map(Object.entries(folderOptionsSchema.parse({})));
    const keys = Object.keys(folderOptionsSchema.shape);
    expect(rows).toEqual(keys.map((key) => [key, String(defaults.get(key) ?? "all")]));
  });
});

describe("classes.csv", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 12 });
  const tame = (name: string): string =>
    name
      .replaceAll(/[\p{C}\p{Z}<>\ufffd]+/gu, " ")
      .normalize("NFC")
      .trim();
  const name = fc
    .oneof(text, fc.constantFrom('a,b "c"', "Ännchen, 'x'", ",", '"', "火焰"))
    .map(tame)
    .filter((n) => n !== "");
  const row = fc.record(
    {
      folder: name,
      name,
      superCategory: name,
      genus: name,
      split: fc.constantFrom("seen" as const, "unseen" as const),
    },
    { requiredKeys: ["folder"] },
  );
  const rows = fc.uniqueArray(row, { selector: ({ folder }) => folder, minLength: 1 });

  it("gives back every odd name that it holds", async () => {
    const file = path.join(await folderOf({}), "classes.csv");
    fc.assert(
      fc.property(rows, fc.boolean(), (written: ClassRow[], mark) => {
        fs.writeFileSync(file, (mark ? "\ufeff" : "") + classesCsv(written));
        expect([...readClasses(file).values()]).toEqual(written);
      }),
    );
  });
});
