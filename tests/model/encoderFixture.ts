import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { unzipSync } from "fflate";
import { z } from "zod";
import { readJson } from "../../src/core/files";
import type { RgbImage } from "../../src/core/image";
import { parseEncoderImages, pixelsOf } from "../../src/model/onnx/imageProcessor";

const vectors = z.array(z.array(z.number()));

/** What `make_encoders.py` wrote of a model: its pictures' sizes, its texts, and what the Python library makes of them. */
export function readExpected(file: string) {
  return z
    .object({
      sizes: z.array(z.tuple([z.number(), z.number()])),
      texts: z.array(z.string()),
      /** SHA-256 of each picture's bytes after resizing and cutting. */
      grey: z.array(z.string()),
      images: vectors,
      encoded: vectors,
    })
    .parse(readJson(file));
}

/** The pictures that `make_encoders.py` draws: whole numbers alone, so that both languages come to the same bytes. */
export function drawn(sizes: readonly (readonly [number, number])[]): RgbImage[] {
  return sizes.map(([width, height], index) => {
    const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
      const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
      return (3 * x * x + 5 * x * y + 7 * (c + 1) * y + 31 * index) % 256;
    });
    return { width, height, data };
  });
}

/** SHA-256 of what our preparation makes of a picture, as bytes. @param settings a preprocessor_config.json */
export function greyDigest(image: RgbImage, settings: string): string {
  const how = parseEncoderImages(readJson(settings), settings);
  const { data, width, height } = pixelsOf([image], how);
  const bytes = Uint8Array.from({ length: data.length }, (_, i) => {
    const [c, at] = [i % 3, Math.floor(i / 3)];
    return Math.round((data[c * width * height + at]! * how.deviation[c]! + how.mean[c]!) * 255);
  });
  return createHash("sha256").update(bytes).digest("hex");
}

/** The largest difference between two lists of vectors. */
export function furthest(ours: readonly ArrayLike<number>[], theirs: readonly (readonly number[])[]): number {
  if (ours.length !== theirs.length) return Infinity;
  return Math.max(
    ...theirs.flatMap((vector, i) => vector.map((value, d) => Math.abs(value - (ours[i]?.[d] ?? Infinity)))),
  );
}

/** Unpacks a recorded encoder (tests/reference/encoders) into a folder. @returns the folder */
export function unpackEncoder(name: "clip" | "siglip2", folder: string): string {
  const packed = unzipSync(fs.readFileSync(path.join(RECORDED, `${name}.zip`)));
  for (const [file, content] of Object.entries(packed)) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), content);
  }
  return folder;
}

/** Where `tests/interop/encoders/record.py` left the recorded encoders, and what the Python library makes of pictures and texts with them. */
export const RECORDED = path.resolve(__dirname, "..", "reference", "encoders");
