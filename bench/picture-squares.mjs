// node bench/picture-squares.mjs FOLDER [COUNT]: different JPEGs of 512 × 512 pixels, cut out of photographs, to time `fine-r1 data check FOLDER` with.
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";

const SIDE = 512;
const [folder, count = "2000"] = process.argv.slice(2);
if (folder === undefined) throw new Error("Usage: node bench/picture-squares.mjs FOLDER [COUNT]");
const packages = new URL("../node_modules/@stdlib/", import.meta.url);
const photographs = readdirSync(packages)
  .filter((name) => name.startsWith("datasets-img-"))
  .map((name) => new URL(`${name}/data/image.jpg`, packages).pathname);
mkdirSync(folder, { recursive: true });
for (let i = 0; i < Number(count); i++) {
  const photograph = sharp(decodeURIComponent(photographs[i % photographs.length]));
  const { width, height } = await photograph.metadata();
  const scale = Math.max(1, (SIDE + 40) / Math.min(width, height));
  const [wide, high] = [Math.ceil(scale * width), Math.ceil(scale * height)];
  const [left, top] = [(7 * i) % (wide - SIDE), (11 * i) % (high - SIDE)];
  const square = photograph.resize(wide, high).extract({ left, top, width: SIDE, height: SIDE });
  await square.jpeg({ quality: 70 }).toFile(join(folder, `${String(i).padStart(5, "0")}.jpg`));
}
