import * as fs from "node:fs";
import * as path from "node:path";
import type { RgbImage } from "../../core/image";
import { encodePng } from "../../data/rasters";

/** Writes pictures as PNG files of a folder, each once. */
export class PictureFolder {
  private readonly files = new Map<string, string>();
  private readonly taken = new Set<string>();

  /** @param root the exported folder; @param name the pictures' folder in it */
  constructor(
    private readonly root: string,
    private readonly name = "images",
  ) {
    fs.mkdirSync(path.join(root, name), { recursive: true });
  }

  /** @returns its path from the exported folder, with forward slashes */
  async add(id: string, image: RgbImage): Promise<string> {
    const known = this.files.get(id);
    if (known !== undefined) return known;
    const file = `${this.name}/${this.nameFor(id)}.png`;
    this.files.set(id, file);
    fs.writeFileSync(path.join(this.root, file), await encodePng(image));
    return file;
  }

  get count(): number {
    return this.files.size;
  }

  /** A file's name that tells whose picture it is; ids that differ in other signs alone get a number. */
  private nameFor(id: string): string {
    const plain = Array.from(id.replaceAll(/[^A-Za-z0-9]+/gu, "-")).slice(-80).join("").replace(/^-/u, ""); // prettier-ignore
    const base = plain === "" ? "picture" : plain;
    let name = base;
    for (let i = 2; this.taken.has(name.toLowerCase()); i++) name = `${base}-${i}`;
    this.taken.add(name.toLowerCase());
    return name;
  }
}
