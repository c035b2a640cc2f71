import * as fs from "node:fs";
import { LabError } from "../core/errors";
import { writeFileAtomic } from "../core/files";
import type { RgbImage } from "../core/image";
import { asTask, breathe, check, silent, type Progress } from "../core/progress";

/** A picture that is rendered when first asked for, and kept. */
export interface Picture {
  readonly id: string;
  load(): Promise<RgbImage>;
  /** Gives the pixels from elsewhere, so that they need not be rendered. */
  hold(image: RgbImage): void;
}

/** A picture whose pixels come from `render`, once. */
export function lazyPicture(id: string, render: () => Promise<RgbImage>): Picture {
  let pixels: Promise<RgbImage> | undefined;
  return {
    id,
    load: () => (pixels ??= render()),
    hold: (image) => {
      pixels = Promise.resolve(image);
    },
  };
}

export interface PackOptions {
  /** What the pixels depend on beside the pictures' ids: the world's digest. */
  readonly key: string;
  /** Side of the pictures. */
  readonly size: number;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/**
 * Renders many pictures once: takes their pixels from a packed file if it was written for the same key and ids, else
 * renders them and writes that file, atomically. Afterwards every picture holds its pixels.
 */
export async function packPictures(pictures: readonly Picture[], file: string, options: PackOptions): Promise<void> {
  const bytes = 3 * options.size ** 2;
  const header = packHeader(pictures, options);
  const body = readPack(file, header, bytes * pictures.length) ?? (await renderPack(pictures, bytes, options));
  if (body.fresh) writeFileAtomic(file, Buffer.concat([header, body.data]));
  pictures.forEach((picture, i) => {
    const data = body.data.subarray(i * bytes, (i + 1) * bytes);
    picture.hold({ width: options.size, height: options.size, data });
  });
}

interface PackBody {
  readonly data: Uint8Array;
  /** Rendered just now, so not on disk yet. */
  readonly fresh: boolean;
}

/** One line of text in front of the pixels; the key says what they depend on, so no file is taken for another. */
function packHeader(pictures: readonly Picture[], { key, size }: PackOptions): Buffer {
  const ids = `${pictures.length} ${pictures[0]?.id ?? ""} ${pictures.at(-1)?.id ?? ""}`;
  return Buffer.from(`fine-r1-lab pictures 1 ${key} ${size} ${ids}\n`);
}

function readPack(file: string, header: Buffer, length: number): PackBody | undefined {
  if (!fs.existsSync(file) || fs.statSync(file).size !== header.length + length) return undefined;
  const content = fs.readFileSync(file);
  if (!content.subarray(0, header.length).equals(header)) return undefined;
  return { data: content.subarray(header.length), fresh: false };
}

async function renderPack(pictures: readonly Picture[], bytes: number, options: PackOptions): Promise<PackBody> {
  const data = new Uint8Array(bytes * pictures.length);
  const together = 16;
  await asTask(options.progress ?? silent, "rendering", pictures.length, async (task) => {
    for (let from = 0; from < pictures.length; from += together) {
      check(options.signal);
      const images = await Promise.all(pictures.slice(from, from + together).map((picture) => picture.load()));
      images.forEach((image, i) => {
        if (image.data.length !== bytes) throw wrongSize(pictures[from + i]?.id ?? "a picture", options.size);
        data.set(image.data, (from + i) * bytes);
      });
      task.update(Math.min(pictures.length, from + together));
      await breathe();
    }
  });
  return { data, fresh: true };
}

function wrongSize(id: string, size: number): LabError {
  return new LabError(`is not ${size} pixels a side`, "Pack pictures of one world only.", { subject: id });
}
