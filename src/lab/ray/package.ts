import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import type { ZippableFile } from "fflate";
import { ROOT } from "../../config/load";
import { placeOf } from "../../config/places";
import { LabError } from "../../core/errors";
import { namesIn, unreadable } from "../../core/files";
import { MOST_PACKAGE_BYTES } from "./client";

/** A zip file, and the SHA-256 of it: the same files give the same bytes, whenever and wherever they are packed. */
export interface Package {
  readonly bytes: Uint8Array;
  readonly hash: string;
}

/** What set-up needs to bring this project to life on another machine: its sources, and no product of them. */
const PROJECT = [
  ...["package.json", "package-lock.json", ".npmrc", "requirements.txt", "requirements-cuda.txt"],
  ...["tsconfig.json", "tsconfig.build.json", "src", "scripts", "configs", "assets"],
];
/** Made by tools, or their memory: never packed. */
const LEFT_OUT = new Set([".git", "node_modules", ".venv", ".setup", "__pycache__"]);
/** More is a slip: the wrong folder. */
const MOST_BYTES = 2 ** 30;
const MIB = 2 ** 20;

/** This project as a package. */
export function packProject(root = ROOT): Promise<Package> {
  return pack(root, PROJECT);
}

/**
 * A folder as a package, without what tools make (`node_modules`, `.venv`, `.git` and the like).
 * @param names what of it; default: all
 * @throws LabError when it is larger than a cluster takes, with what is largest in it
 */
export async function pack(folder: string, names?: readonly string[]): Promise<Package> {
  const files = listed(folder, names ?? namesIn(folder));
  const all = files.reduce((sum, { size }) => sum + size, 0);
  if (all > MOST_BYTES) throw tooLarge(folder, files, `${Math.round(all / MIB)} MiB, unpacked`);
  const { zipSync } = await import("fflate");
  const mtime = "1980-01-01T00:00:00"; // the time of a file is no part of it
  const entries = files.map(({ name, mode }): [string, ZippableFile] => {
    const data = reading(path.join(folder, name), () => fs.readFileSync(path.join(folder, name)));
    return [name, [data, { mtime, os: 3, attrs: (mode & 0xffff) * 2 ** 16 }]];
  });
  const bytes = zipSync(Object.fromEntries(entries), { level: 6 });
  if (bytes.length > MOST_PACKAGE_BYTES) throw tooLarge(folder, files, `${Math.ceil(bytes.length / MIB)} MiB, zipped`);
  return { bytes, hash: createHash("sha256").update(bytes).digest("hex") };
}

interface Listed {
  readonly name: string;
  readonly size: number;
  readonly mode: number;
}

/** The files below some names of a folder, in the order of their code units. Links are followed, but for those to a folder above. */
function listed(folder: string, names: readonly string[], above: readonly string[] = []): Listed[] {
  const from = [...above, reading(folder, () => fs.realpathSync(folder))];
  return names
    .filter((name) => !LEFT_OUT.has(path.basename(name)))
    .flatMap((name): Listed[] => {
      const place = path.join(folder, name);
      if (!fs.existsSync(place)) return []; // a link to nothing, or in circles
      const found = reading(place, () => fs.statSync(place));
      if (found.isFile()) return [{ name, size: found.size, mode: found.mode }];
      if (!found.isDirectory() || from.includes(fs.realpathSync(place))) return [];
      return listed(place, namesIn(place), from).map((inner) => ({ ...inner, name: `${name}/${inner.name}` }));
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function reading<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(place, error);
  }
}

function tooLarge(folder: string, files: readonly Listed[], how: string): LabError {
  const largest = [...files].sort((a, b) => b.size - a.size).slice(0, 3);
  const told = largest.map(({ name, size }) => `${name} (${Math.ceil(size / MIB)} MiB)`).join(", ");
  return new LabError(
    `is too large for a package: ${how}; a cluster takes ${MOST_PACKAGE_BYTES / MIB} MiB`,
    `Put what is large on storage that the nodes share and name it by its path. Largest: ${told}.`,
    { subject: placeOf(folder) },
  );
}

/** SHA-256 of the compiled program: what tells whether two machines would do the same. @throws LabError where it is not built */
export function buildDigest(root = ROOT): string {
  const folder = path.join(root, "dist");
  const files = listed(root, fs.existsSync(folder) ? ["dist"] : []).filter(({ name }) => name.endsWith(".js"));
  if (files.length === 0) throw new LabError("is not there", "Run `npm run build`.", { subject: placeOf(folder) });
  const hash = createHash("sha256");
  for (const { name } of files)
    hash.update(`${name}\n`).update(reading(name, () => fs.readFileSync(path.join(root, name))));
  return hash.digest("hex");
}
