import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it, vi } from "vitest";
import { openFolder, type FolderDataset, type FolderOptions } from "../../src/data/folder/folder";
import { readImage } from "../../src/data/images";
import { groupByClass } from "../../src/data/fewshot";
import { folderOf, several } from "./folderFixture";

const FIVE = ["fly_agaric", "death-cap", "penny bun", "puffball", "morel"];

const open = async (
  files: Readonly<Record<string, string | null>>,
  options: FolderOptions = {},
): Promise<FolderDataset> => openFolder(await folderOf(files), options);

describe("a plain folder of pictures", () => {
  it("has its task finished when reading it is stopped", async () => {
    const root = await folderOf(several(["a", "b"], 5));
    const stop = new AbortController();
    const finish = vi.fn();
    const progress = {
      start: () => {
        stop.abort(new Error("stopped"));
        return { update: () => undefined, finish };
      },
    };
    await expect(openFolder(root, {}, { progress, signal: stop.signal })).rejects.toThrow("stopped");
    expect(finish).toHaveBeenCalledOnce();
  });

  it("names classes by their folders, splits them and draws few-shot, validation and test pictures", async () => {
    const dataset = await open(several(FIVE, 12), { superCategory: "mushroom" });
    expect(dataset.subCategories.map(({ id }) => id)).toEqual([
      "mushroom/death cap",
      "mushroom/fly agaric",
      "mushroom/morel",
      "mushroom/penny bun",
      "mushroom/puffball",
    ]);
    // 0.6 · 5 = 3 seen classes; of 12 pictures 4 train, a quarter of the other 8 validates and 6 test
    expect(dataset.subCategories.filter(({ seen }) => seen)).toHaveLength(3);
    expect(dataset.train).toHaveLength(3 * 4);
    expect(dataset.validation).toHaveLength(3 * 2);
    expect(dataset.test("seen")).toHaveLength(3 * 6);
    expect(dataset.test("unseen")).toHaveLength(2 * 12);
    expect([...groupByClass(dataset.train).values()].map((group) => group.length)).toEqual([4, 4, 4]);
    const ids = [...dataset.train, ...dataset.validation, ...dataset.test("seen"), ...dataset.test("unseen")];
    expect(new Set(ids.map(({ id }) => id)).size).toBe(5 * 12);
    expect(ids.map(({ id }) => id)).toContain("mushroom/penny bun/7.png");
    expect(dataset.report).toMatchObject({ pictures: 60, skipped: [], leftOut: [], notes: [] });
    expect(dataset.teacher).toBeUndefined();
  });

  it("asks with four names of the super-category, the true one first, its genus before the others", async () => {
    const classes = ["a", "b", "c", "d", "e", "f"];
    const csv = "folder,genus\na,Amanita\nb,Boletus\nc,Amanita\nd,Boletus\ne,Boletus\nf,\n";
    const dataset = await open({ ...several(classes, 5), "classes.csv": csv });
    const of = (name: string) =>
      dataset.optionsFor({ id: "any", subCategory: dataset.subCategories.find((c) => c.name === name)! });
    expect(of("a").slice(0, 2)).toEqual(["a", "c"]);
    expect(of("b")[0]).toBe("b");
    expect(new Set(of("b").slice(0, 3))).toEqual(new Set(["b", "d", "e"]));
    for (const item of dataset.test("unseen")) {
      expect(item.options).toEqual(of(item.groundTruth));
      expect(new Set(item.options).size).toBe(4);
    }
    expect(await open(several(["x", "y"], 5)).then((two) => two.test("unseen")[0]?.options)).toHaveLength(2);
  });

  it("words its questions as the released benchmarks do, or as the mini-world does", async () => {
    const files = several(FIVE, 12);
    const released = await open(files, { superCategory: "mushroom" });
    const questions = new Set(released.test("unseen").map(({ question }) => question));
    expect(questions.size).toBeGreaterThan(3);
    for (const question of questions) expect(question).toMatch(/^(Can|Do|What) .*\bmushroom\b.*\?$/);
    expect(released.wording).toBe("released");
    const mini = await open(files, { superCategory: "mushroom", wording: "mini" });
    expect(new Set(mini.test("unseen").map(({ question }) => question))).toEqual(new Set(["mushroom ?"]));
  });

  it("is drawn by the seed alone: the same again, another with another seed", async () => {
    const root = await folderOf(several(FIVE, 12));
    const summary = async (options: FolderOptions) => {
      const dataset = await openFolder(root, options);
      const items = [...dataset.test("seen"), ...dataset.test("unseen")];
      return [
        dataset.train.map(({ id }) => id),
        items.map(({ id, question, options: names }) => [id, question, names]),
      ];
    };
    expect(await summary({ seed: 3 })).toEqual(await summary({ seed: 3 }));
    expect(await summary({ seed: 3 })).not.toEqual(await summary({ seed: 4 }));
  });

  it("keeps the draw of a class when another class comes", async () => {
    const csv = (classes: readonly string[]) => `folder,split\n${classes.map((c) => `${c},seen\n`).join("")}`;
    const before = await open({ ...several(["a", "b"], 9), "classes.csv": csv(["a", "b"]) });
    const after = await open({ ...several(["a", "b", "c"], 9), "classes.csv": csv(["a", "b", "c"]) });
    const ofA = (dataset: FolderDataset) =>
      dataset.train.map(({ id }) => id).filter((id) => id.startsWith("object/a/"));
    expect(ofA(after)).toEqual(ofA(before));
  });

  it("has a fingerprint of pictures, names and options, not of the place", async () => {
    const files = several(["a", "b", "c"], 6);
    const fingerprint = async (change: Readonly<Record<string, string | null>>, options: FolderOptions = {}) =>
      (await open({ ...files, ...change }, options)).fingerprint;
    const same = await fingerprint({});
    expect(await fingerprint({}, { shots: 4 })).toBe(same);
    expect(await fingerprint({ "README.txt": "not a picture" })).toBe(same);
    const others = [
      await fingerprint({ "a/7.png": null }),
      await fingerprint({ "classes.csv": "folder,name\na,alpha\n" }),
      await fingerprint({}, { shots: 3 }),
      await fingerprint({}, { seed: 2 }),
      await fingerprint({}, { wording: "paper" }),
      await fingerprint({}, { testPerClass: 1 }),
    ];
    expect(new Set([same, ...others]).size).toBe(others.length + 1);
  });

  it("reads pixels as readImage does, keeps them, and forgets the oldest where memory ends", async () => {
    const root = await folderOf(several(["a", "b"], 6));
    const picture = (dataset: FolderDataset, index: number) => dataset.test("unseen")[index]!.image;
    const dataset = await openFolder(root);
    const [first, again] = await Promise.all([picture(dataset, 0).load(), picture(dataset, 0).load()]);
    expect(again).toBe(first);
    expect(await picture(dataset, 0).load()).toBe(first);
    const name = picture(dataset, 0).id.split("/").slice(1).join("/");
    expect(first).toEqual(await readImage(path.join(root, name)));
    // 4 × 4 × 3 bytes per picture: room for two of them
    const small = await openFolder(root, {}, { cacheMiB: (2 * 48) / 2 ** 20 });
    const held = await picture(small, 0).load();
    await picture(small, 1).load();
    expect(await picture(small, 0).load()).toBe(held);
    await picture(small, 2).load(); // picture 1 was used longest ago
    expect(await picture(small, 0).load()).toBe(held);
    await picture(small, 1).load();
    await picture(small, 2).load();
    expect(await picture(small, 0).load()).not.toBe(held);
  });

  it("names a picture that cannot be decoded, or has changed, when it is loaded", async () => {
    const root = await folderOf(several(["a", "b"], 6));
    const whole = fs.readFileSync(path.join(root, "a", "1.png"));
    for (const name of ["a", "b"])
      fs.writeFileSync(path.join(root, name, "1.png"), whole.subarray(0, whole.length - 30));
    const dataset = await openFolder(root, { shots: 1 });
    const torn = dataset.test("unseen").find(({ id }) => id.endsWith("/1.png"))!;
    await expect(torn.image.load()).rejects.toThrow(/1\.png: the image cannot be read/);
    fs.writeFileSync(path.join(root, torn.id.split("/").slice(1).join("/")), whole);
    await expect(torn.image.load()).rejects.toThrow(/has changed since the dataset was opened/);
    fs.rmSync(path.join(root, torn.id.split("/").slice(1).join("/")));
    await expect(torn.image.load()).rejects.toThrow(/1\.png: cannot be read/);
  });
});

describe("train/, test/ and validation/", () => {
  it("are used where they are there", async () => {
    const files = { ...several(FIVE, 6, "train/"), ...several(FIVE, 3, "test/"), ...several(FIVE, 2, "val/") };
    const dataset = await open(files);
    expect(dataset.subCategories.filter(({ seen }) => seen)).toHaveLength(3);
    expect([dataset.train.length, dataset.validation.length]).toEqual([12, 6]);
    expect(dataset.train.every(({ id }) => id.split("/")[2] === "train")).toBe(true);
    expect(dataset.validation.every(({ id }) => id.split("/")[2] === "validation")).toBe(true);
    expect([dataset.test("seen").length, dataset.test("unseen").length]).toEqual([9, 6]);
    expect((await open(files, { testPerClass: 2 })).test("seen")).toHaveLength(6);
  });

  it("leave to training what has no folder of its own", async () => {
    const noValidation = await open({ ...several(FIVE, 6, "train/"), ...several(FIVE, 3, "test/") });
    expect(noValidation.validation).toHaveLength(3 * 2); // all that 4 of 6 leave
    const noTest = await open({ ...several(FIVE, 6, "train/"), ...several(FIVE, 2, "validation/") });
    expect([noTest.test("seen").length, noTest.test("unseen").length]).toEqual([3 * 2, 2 * 6]);
  });

  it("give the split where some classes have test pictures only", async () => {
    const files = { ...several(["a", "b"], 5, "train/"), ...several(["a", "b", "c"], 2, "test/") };
    const dataset = await open(files);
    expect(dataset.subCategories.map(({ seen }) => seen)).toEqual([true, true, false]);
  });

  it("are classes where they hold pictures: a data set may be of trains", async () => {
    const dataset = await open(several(["train", "tram", "bus"], 5));
    expect(dataset.subCategories.map(({ name }) => name)).toEqual(["bus", "train", "tram"]);
  });

  it("are asked for when only others are there, and may not mean the same", async () => {
    await expect(open(several(FIVE, 6, "test/"))).rejects.toThrow(/holds test\/, but no train\//);
    const twice = { ...several(FIVE, 6, "train/"), ...several(FIVE, 2, "val/"), ...several(FIVE, 2, "validation/") };
    await expect(open(twice)).rejects.toThrow(/two of which mean the same/);
  });
});
