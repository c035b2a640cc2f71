import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { crc32 } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { LabError } from "../../src/core/errors";
import { decodeImage, readImage } from "../../src/data/images";

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "images-"));
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Red, green / blue, white: 2 × 2, three bytes per pixel. */
const PIXELS = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255);
const raw = { raw: { width: 2, height: 2, channels: 3 as const } };

test("a lossless picture is read byte for byte", async () => {
  const file = path.join(folder, "a.png");
  await sharp(PIXELS, raw).png().toFile(file);
  expect(await readImage(file)).toEqual({ width: 2, height: 2, data: PIXELS });
});

test("grey, 16-bit and palette pictures become three channels", async () => {
  const grey = await sharp(Uint8Array.of(0, 90, 180, 255), { raw: { width: 2, height: 2, channels: 1 } })
    .toColourspace("b-w")
    .png()
    .toBuffer();
  expect([...(await decodeImage(grey, "grey")).data]).toEqual([0, 0, 0, 90, 90, 90, 180, 180, 180, 255, 255, 255]);
  const deep = await sharp(PIXELS, raw).toColourspace("rgb16").png().toBuffer();
  expect((await decodeImage(deep, "deep")).data).toEqual(PIXELS);
  const palette = await sharp(PIXELS, raw).png({ palette: true }).toBuffer();
  expect((await decodeImage(palette, "palette")).data).toEqual(PIXELS);
});

test("transparency is laid on white", async () => {
  // One pixel of black at opacity 0, one of black at full opacity.
  const file = await sharp(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 255), { raw: { width: 2, height: 1, channels: 4 } })
    .png()
    .toBuffer();
  expect([...(await decodeImage(file, "alpha")).data]).toEqual([255, 255, 255, 0, 0, 0]);
});

test("EXIF orientation is applied: 6 turns the picture clockwise", async () => {
  const wide = Uint8Array.of(255, 0, 0, 0, 0, 255); // red, blue
  const bytes = await sharp(wide, { raw: { width: 2, height: 1, channels: 3 } })
    .withMetadata({ orientation: 6 })
    .png()
    .toBuffer();
  const image = await decodeImage(bytes, "turned");
  expect([image.width, image.height]).toEqual([1, 2]);
  expect([...image.data]).toEqual([...wide]); // red above blue
});

test("a picture beyond the bound is refused by its header, in well under a second, with the way to raise it", async () => {
  const side = 16_000;
  const png = await sharp({ create: { width: side, height: 2, channels: 3, background: "#fff" } })
    .png()
    .toBuffer();
  png.writeUInt32BE(side, 20); // the header's height; its checksum comes after it
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  const svg = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"><rect width="9" height="9"/></svg>`,
  );
  for (const bytes of [png, svg]) {
    const started = performance.now();
    await expect(decodeImage(bytes, "huge")).rejects.toThrow(
      /huge: the picture has 16000 × 16000 = 256000000 pixels, and at most 64000000 are taken.*FINE_R1_MAX_PIXELS/u,
    );
    expect(performance.now() - started).toBeLessThan(500);
  }
  vi.stubEnv("FINE_R1_MAX_PIXELS", "3");
  await expect(decodeImage(await sharp(PIXELS, raw).png().toBuffer(), "four")).rejects.toThrow(/at most 3 are taken/u);
  vi.stubEnv("FINE_R1_MAX_PIXELS", "4");
  expect((await decodeImage(await sharp(PIXELS, raw).png().toBuffer(), "four")).data).toEqual(PIXELS);
  vi.unstubAllEnvs();
});

test("a drawing is no picture: its filters could take minutes at a size within the bound", async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';
  await expect(decodeImage(Buffer.from(svg), "drawn")).rejects.toThrow(
    /^drawn: is a drawing \(SVG\), not a picture of pixels\. Save it as PNG\.$/,
  );
});

test("a pipe is no picture, and is not waited for", async () => {
  const pipe = path.join(folder, "pipe.png");
  spawnSync("mkfifo", [pipe]);
  await expect(readImage(pipe)).rejects.toThrow(/pipe\.png: is a pipe or a device/u);
});

test("colours are the file's own numbers, or managed by its profile", async () => {
  // Display P3, made by tests/reference/make_images.py: the first pixels of its gradient, as PIL gives them
  const file = path.join("tests", "reference", "golden", "image_colours", "p3.png");
  expect([...(await readImage(file)).data.subarray(0, 9)]).toEqual([0, 0, 0, 3, 0, 0, 6, 0, 0]);
  const managed = (await readImage(file, { colours: "managed" })).data;
  expect([...managed.subarray(0, 3)]).toEqual([0, 0, 0]);
  expect(managed[3]!).toBeGreaterThan(3); // P3's red is redder than sRGB's
});

test("missing, truncated and foreign files are errors that name the file", async () => {
  await expect(readImage(path.join(folder, "none.png"))).rejects.toThrow(/none\.png: there is no such image/u);
  const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251);
  for (const format of ["png", "jpeg"] as const) {
    const whole = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
      .toFormat(format)
      .toBuffer();
    const file = path.join(folder, `cut.${format}`);
    fs.writeFileSync(file, whole.subarray(0, Math.floor(whole.length / 2)));
    await expect(readImage(file)).rejects.toThrow(LabError);
    await expect(readImage(file)).rejects.toThrow(`cut.${format}`);
  }
  await expect(decodeImage(Buffer.from("not a picture"), "text.jpg")).rejects.toThrow(/text\.jpg/u);
});
