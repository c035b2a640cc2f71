import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { LabError } from "../../core/errors";
import { unreadable } from "../../core/files";
import type { RgbImage } from "../../core/image";
import { decodeImage } from "../images";

/** A picture's file, and what was found of it when the folder was opened: its hash, or where hashing all would take minutes its size. */
export type KnownPicture = { readonly file: string } & ({ readonly sha256: string } | { readonly bytes: number });

/** Reads the pictures of a dataset's folder. */
export type PictureReader = (picture: KnownPicture) => Promise<RgbImage>;

/** Memory that decoded pictures may take, in MiB, unless a caller says otherwise. */
const CACHE_MIB = 256;

/**
 * Reads pictures of a folder and keeps the last used ones. What it gives is what was found when the folder was opened: a
 * file that has changed since is an error that names it, as is one that cannot be decoded.
 * @param cacheMiB bound on the pixels kept
 */
export function pictureReader(root: string, cacheMiB = CACHE_MIB): PictureReader {
  const cache = new PictureCache(cacheMiB * 2 ** 20);
  return (picture) =>
    cache.get(picture.file, async () => {
      const { file } = picture;
      const absolute = path.join(root, file);
      const bytes = await fs.readFile(absolute).catch((error: unknown) => {
        throw unreadable(absolute, error);
      });
      const same =
        "sha256" in picture
          ? createHash("sha256").update(bytes).digest("hex") === picture.sha256
          : bytes.length === picture.bytes;
      if (same) return decodeImage(bytes, absolute);
      throw new LabError(
        "has changed since the dataset was opened",
        "Start again; in a notebook, open the dataset with { fresh: true }.",
        { subject: absolute },
      );
    });
}

/**
 * Pictures that were read, the last used ones within a bound on memory. While a picture is held, or still being read, it
 * is the same object for everyone; one larger than the bound is read each time.
 */
export class PictureCache {
  /** In the order of their last use. */
  private readonly held = new Map<string, RgbImage>();
  private readonly reading = new Map<string, Promise<RgbImage>>();
  private bytes = 0;

  /** @param capacity bytes of pixels held at most */
  constructor(private readonly capacity: number) {}

  async get(key: string, read: () => Promise<RgbImage>): Promise<RgbImage> {
    const image = this.held.get(key);
    if (image === undefined) return this.reading.get(key) ?? this.readOnce(key, read);
    this.held.delete(key);
    this.held.set(key, image);
    return image;
  }

  private readOnce(key: string, read: () => Promise<RgbImage>): Promise<RgbImage> {
    const reading = read()
      .then((image) => this.hold(key, image))
      .finally(() => this.reading.delete(key));
    this.reading.set(key, reading);
    return reading;
  }

  private hold(key: string, image: RgbImage): RgbImage {
    if (image.data.length > this.capacity) return image;
    this.held.set(key, image);
    this.bytes += image.data.length;
    for (const [oldest, { data }] of this.held) {
      if (this.bytes <= this.capacity) break;
      this.held.delete(oldest);
      this.bytes -= data.length;
    }
    return image;
  }
}
