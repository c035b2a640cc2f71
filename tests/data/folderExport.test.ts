import * as fs from "node:fs";
import * as path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset";
import { exportDataset } from "../../src/data/folder/export";
import { openFolder, type FolderDataset } from "../../src/data/folder/folder";
import { buildPrompt } from "../../src/data/prompts";
import { hardestNegative } from "../../src/data/negatives";
import { drawTriplets, mineTriplets } from "../../src/data/triplets";
import type { LabelledImage, SubCategory, Triplet } from "../../src/data/types";
import { restoreMiniWorld } from "../../src/miniworld/restore";
import { buildMiniWorld } from "../../src/miniworld/world";
import { QwenModel } from "../../src/model/qwen/model";
import { MiniDualEncoder } from "../../src/model/siglip/dualEncoder";
import { smokeWorld, testConfig } from "../miniworld/worlds";
import { folderOf, several, temporaryFolder } from "./folderFixture";

/** Everything about a dataset but its pixels and its fingerprint. */
function contentOf(dataset: Dataset): unknown {
  const plain = ({ id, name, superCategory, genus, seen }: SubCategory) => ({ id, name, superCategory, genus, seen });
  const picture = (image: LabelledImage) => [
    image.id,
    image.subCategory.id,
    dataset.question(image),
    dataset.optionsFor(image),
  ];
  return {
    name: dataset.name,
    wording: dataset.wording,
    classes: dataset.subCategories.map((c) => [plain(c), dataset.describe?.(c)]),
    train: dataset.train.map(picture),
    validation: dataset.validation.map(picture),
    test: [...dataset.test("seen"), ...dataset.test("unseen")].map((item) => ({ ...item, image: picture(item.image) })),
  };
}

function allImages(dataset: Dataset): LabelledImage[] {
  const items = [...dataset.test("seen"), ...dataset.test("unseen")];
  return [...dataset.train, ...dataset.validation, ...items.map(({ image }) => image)];
}

const idsOf = (triplets: readonly Triplet[]) =>
  triplets.map(({ anchor, positive, negative }) => [anchor.id, positive.id, negative.id]);

describe("a mini-world exported as a folder of pictures", () => {
  const folder = path.join(temporaryFolder(), "world");
  let opened: FolderDataset;
  beforeAll(async () => {
    await exportDataset(smokeWorld, folder);
    opened = await openFolder(folder);
  });

  it("comes back with the same classes, order, ids, questions, options and descriptions", () => {
    expect(contentOf(opened)).toEqual(contentOf(smokeWorld));
    expect(opened.report).toMatchObject({ pictures: allImages(smokeWorld).length, skipped: [], leftOut: [] });
    expect(fs.readdirSync(folder).sort()).toEqual(["classes.csv", "dataset.json", "test", "train", "validation"]);
  });

  it("comes back to the pixel", async () => {
    const [ours, theirs] = [allImages(opened), allImages(smokeWorld)];
    for (const [i, image] of ours.entries()) expect(await image.load(), image.id).toEqual(await theirs[i]!.load());
  });

  it("has a fingerprint of its own, the same at every place, and can be exported again", async () => {
    expect(opened.fingerprint).not.toBe(smokeWorld.fingerprint);
    const second = path.join(temporaryFolder(), "again");
    await exportDataset(opened, second);
    expect((await openFolder(second)).fingerprint).toBe(opened.fingerprint);
  });

  it("gets the mini-world's teacher and judge of chains back, from the config that it keeps", async () => {
    const restored = restoreMiniWorld(opened);
    const [image, theirs] = [opened.train[3]!, smokeWorld.train[3]!];
    expect(await restored.teacher!.describe(image, 3, 1)).toEqual(await smokeWorld.teacher.describe(theirs, 3, 1));
    const chain = "<think> nothing </think> <answer> x </answer>";
    expect(restored.chains!.mark(chain, image.subCategory)).toEqual(smokeWorld.chains.mark(chain, theirs.subCategory));
    expect(JSON.stringify(restored.questions!.draw(3))).toBe(JSON.stringify(smokeWorld.questions.draw(3)));
    expect(opened.questions).toBeUndefined();
    expect([restored.name, restored.fingerprint]).toEqual([opened.name, opened.fingerprint]);
  });

  it("goes without them where the mini-world is made otherwise today, and says so", () => {
    const origin = { ...smokeWorld.origin!, fingerprint: "0123456789abcdef" };
    const restored = restoreMiniWorld({ ...opened, origin });
    expect(restored.teacher).toBeUndefined();
    expect(restored.report?.notes[0]).toMatch(/made otherwise today/);
    expect(restoreMiniWorld({ ...opened, origin: { ...origin, config: {} } }).teacher).toBeUndefined();
  });

  it("has the world's hardest negatives, once the world is found again, and none before", () => {
    const hardest = (dataset: Dataset) => idsOf(drawTriplets(dataset, hardestNegative(dataset), 1));
    expect(hardest(restoreMiniWorld(opened))).toEqual(hardest(smokeWorld));
    expect(() => hardest(opened)).toThrow(/does not know which of its classes/);
  });

  it("is answered as the mini-world is, to the digit", async () => {
    const model = await QwenModel.load("assets/smoke/base");
    const ask = async (dataset: Dataset) => {
      const items = dataset.test("unseen").slice(0, 4);
      const prompts = items.map(async ({ image, question, options }) => {
        const { superCategory } = image.subCategory;
        const request = { question, superCategory, options, image: await image.load(), thinking: true };
        return buildPrompt(dataset.wording, request);
      });
      const sampling = { samples: 2, maxNewTokens: 12, temperature: 1, topP: 1, seed: 1 };
      return model.generate(await Promise.all(prompts), sampling);
    };
    expect(await ask(opened)).toEqual(await ask(smokeWorld));
    model.dispose();
  });
});

it("gives the same triplets as the mini-world does, mined with the mini encoder", async () => {
  const world = buildMiniWorld({ ...testConfig, name: "few", domains: ["bird", "car"], generaPerDomain: 2 });
  const folder = path.join(temporaryFolder(), "few");
  await exportDataset(world, folder);
  const encoder = MiniDualEncoder.load("assets/mini/siglip");
  const mine = (dataset: Dataset) => mineTriplets(dataset, (images) => encoder.encodeImages(images), { seed: 1 });
  expect(idsOf(await mine(await openFolder(folder)))).toEqual(idsOf(await mine(world)));
  encoder.dispose();
});

describe("an exported folder", () => {
  const exported = async (): Promise<string> => {
    const root = await folderOf({
      ...several(["a", "b", "c"], 6),
      "classes.csv": "folder,name\na,Ännchen (Ω)\nb,CON\n",
    });
    const folder = path.join(root, "out");
    await exportDataset(await openFolder(root), folder);
    return folder;
  };

  it("keeps what a folder was drawn as, under names that every file system takes", async () => {
    const folder = await exported();
    const [back, again] = [await openFolder(folder), await openFolder(path.dirname(folder))];
    expect(contentOf(back)).toEqual(contentOf(again));
    expect(fs.readdirSync(path.join(folder, "test")).sort()).toEqual(["c", "class_CON", "Ännchen_(Ω)"]);
  });

  it("is a plain folder without its dataset.json, with the split that it had", async () => {
    const folder = await exported();
    const before = await openFolder(folder);
    fs.rmSync(path.join(folder, "dataset.json"));
    const plain = await openFolder(folder);
    expect(plain.subCategories).toEqual(before.subCategories);
    expect(plain.train).toHaveLength(before.train.length);
    expect(plain.test("unseen")).toHaveLength(before.test("unseen").length);
  });

  it("is told from its dataset.json: changed and missing pictures, another classes.csv, options", async () => {
    const folder = await exported();
    const change = (file: string, text: string): (() => void) => {
      const before = fs.readFileSync(path.join(folder, file));
      fs.writeFileSync(path.join(folder, file), text);
      return () => {
        fs.writeFileSync(path.join(folder, file), before);
      };
    };
    await expect(openFolder(folder, { shots: 2 })).rejects.toThrow(/leaves no choice of shots/);
    await expect(openFolder(folder, { shots: 4 })).resolves.toBeDefined(); // the default: nothing is asked for
    const restoreCsv = change("classes.csv", "folder,name\nc,sea\n");
    await expect(openFolder(folder)).rejects.toThrow(/classes\.csv: says otherwise of ".*" than dataset\.json/);
    restoreCsv();
    const other = fs.readFileSync(path.join(folder, "test/c/0002.png"));
    fs.writeFileSync(path.join(folder, "test/c/0001.png"), other);
    await expect(openFolder(folder)).rejects.toThrow(
      /1 of 18 pictures are not as written: test\/c\/0001\.png has changed/,
    );
    fs.rmSync(path.join(folder, "test/c/0001.png"));
    await expect(openFolder(folder)).rejects.toThrow(/test\/c\/0001\.png is missing or cannot be read/);
  });

  it("lists what was put beside its pictures, and refuses a dataset.json that names what is not there", async () => {
    const folder = await exported();
    fs.copyFileSync(path.join(folder, "test/c/0001.png"), path.join(folder, "test/c/mine.png"));
    expect((await openFolder(folder)).report.skipped).toEqual([
      { file: "test/c/mine.png", reason: "not listed in dataset.json" },
    ]);
    const file = path.join(folder, "dataset.json");
    const text = fs.readFileSync(file, "utf8");
    fs.writeFileSync(file, text.replace('"train": [', '"train": ["nobody",'));
    await expect(openFolder(folder)).rejects.toThrow(/names "nobody" without saying what it is\. Export it again/);
    fs.writeFileSync(file, text.replace('"version": 2', '"version": 3'));
    await expect(openFolder(folder)).rejects.toThrow(/is no export of a dataset \(key version must be one of 2/);
  });

  it("is written into an empty folder only, whole or not at all", async () => {
    const root = await folderOf(several(["a", "b"], 5));
    const dataset = await openFolder(root);
    await expect(exportDataset(dataset, root)).rejects.toThrow(/is not empty\. Choose a new folder/);
    await expect(exportDataset(dataset, path.join(root, "a/1.png"))).rejects.toThrow(/1\.png: is a file/);
    await expect(exportDataset(dataset, path.join(root, "what?"))).rejects.toThrow(
      /what\?: could not be opened as folder:PATH/,
    );
    const out = path.join(root, "out");
    const stop = AbortSignal.abort(new Error("stopped"));
    await expect(exportDataset(dataset, out, { signal: stop })).rejects.toThrow("stopped");
    expect(fs.readdirSync(root).sort()).toEqual(["a", "b"]);
    const odd = { ...dataset, subCategories: dataset.subCategories.map((c) => ({ ...c, name: "two  spaces" })) };
    await expect(exportDataset(odd, out)).rejects.toThrow(/the name "two {2}spaces", which classes\.csv cannot hold/);
  });
});
