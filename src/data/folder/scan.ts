import * as fs from "node:fs";
import * as path from "node:path";
import { LabError } from "../../core/errors";
import { unreadable } from "../../core/files";
import { statOf } from "../../core/folders";
import { hashFile } from "../../core/hash";
import { limit, requireWithin } from "../../core/limits";
import { printableLine } from "../../core/printable";
import { asTask, breathe, check, silent, type Progress } from "../../core/progress";
import { readHeader } from "../images";

/** Why a file is passed over. */
export type SkipReason =
  | "a hidden file"
  | "no picture by its ending"
  | "a format that is not read: convert it to JPEG"
  | "an empty file"
  | "larger than is taken"
  | "not decodable as a picture"
  | "not readable, or a broken link"
  | "a name with control characters"
  | "a folder inside a class's folder"
  | "outside of the classes' folders";

export interface SkippedFile {
  readonly file: string;
  readonly reason: SkipReason;
}

/** What the folders of classes stand in: one of these, or in the dataset's folder itself. */
export type Part = "train" | "validation" | "test";

const PARTS: Readonly<Record<string, Part>> = {
  train: "train",
  val: "validation",
  validation: "validation",
  test: "test",
};

export interface FoundPicture {
  /** Path in the dataset's folder, with forward slashes. */
  readonly file: string;
  /** The file's name alone. */
  readonly name: string;
  readonly sha256: string;
}

/** The pictures of one class, each list in the order of the files' names. */
export interface FoundClass {
  /** The folder's name, in Unicode's composed form. */
  readonly folder: string;
  /** By the part they lie in; "all" where there are no parts. */
  readonly pictures: ReadonlyMap<Part | "all", readonly FoundPicture[]>;
}

export interface Scan {
  /** None where the classes' folders stand in the dataset's folder itself. */
  readonly parts: readonly Part[];
  /** In the order of their folders' names. */
  readonly classes: readonly FoundClass[];
  readonly skipped: readonly SkippedFile[];
}

export interface ScanContext {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

interface Entry {
  /** Path in the dataset's folder. */
  readonly file: string;
  readonly name: string;
  readonly kind: "folder" | "file" | "other";
  readonly bytes: number;
}

interface Candidate extends Entry {
  readonly folder: string;
  readonly part: Part | "all";
}

/** Files of a dataset that are no pictures, in its own folder. */
const OWN_FILES = ["classes.csv", "dataset.json"];
/** Endings of files that are read as pictures. */
export const ENDINGS = /\.(png|jpe?g|webp|gif|tiff?|avif)$/i;
/** Pictures that cannot be decoded here, by their endings: a telephone's, a camera's raw ones and such. */
export const UNREAD_ENDINGS = /\.(hei[cf]|bmp|jxl|jp2|dng|cr[23]|nef|arw|orf|rw2|raf)$/i;
export const UNREAD = "a format that is not read: convert it to JPEG";

/**
 * Looks through a folder of pictures: `<class>/<picture>`, or `train/<class>/<picture>` and the same under test/ and
 * validation/ (or val/). It goes no deeper, so that links cannot lead it round in circles. Headers are read and contents
 * hashed, no pixel is made.
 * @throws LabError when the folder cannot be read or holds more files than FINE_R1_MAX_PICTURES
 */
export async function scanFolder(root: string, context: ScanContext = {}): Promise<Scan> {
  const walk = new Walk(root);
  const candidates = walk.candidates();
  const found: (Candidate & FoundPicture)[] = [];
  const together = 16;
  await asTask(context.progress ?? silent, "reading pictures", candidates.length, async (task) => {
    for (let from = 0; from < candidates.length; from += together) {
      check(context.signal);
      const group = candidates.slice(from, from + together);
      const problems = await Promise.all(group.map((one) => headerProblem(root, one)));
      group.forEach((one, i) => {
        const reason = problems[i];
        if (reason !== undefined) walk.skipped.push({ file: one.file, reason });
        else found.push({ ...one, sha256: hashFile(path.join(root, one.file)) });
      });
      task.update(from + group.length);
      await breathe();
    }
  });
  return { parts: walk.parts, classes: classesOf(walk.folders, found), skipped: walk.skipped };
}

/** The pictures of all classes and parts. */
export function allPictures({ classes }: Scan): FoundPicture[] {
  return classes.flatMap(({ pictures }) => [...pictures.values()].flat());
}

function classesOf(folders: ReadonlySet<string>, found: readonly (Candidate & FoundPicture)[]): FoundClass[] {
  const classes = new Map([...folders].sort().map((folder) => [folder, new Map<Part | "all", FoundPicture[]>()]));
  for (const { folder, part, file, name, sha256 } of found) {
    const pictures = classes.get(folder)?.get(part) ?? [];
    pictures.push({ file, name, sha256 });
    classes.get(folder)?.set(part, pictures);
  }
  return [...classes].map(([folder, pictures]) => ({ folder, pictures }));
}

/** One walk over a dataset's folder. */
class Walk {
  readonly skipped: SkippedFile[] = [];
  readonly parts: Part[] = [];
  /** Names of the folders that stand for a class. */
  readonly folders = new Set<string>();
  /** Folders of classes that were met, with the place of each. */
  private readonly places = new Set<string>();
  private entries = 0;

  constructor(private readonly root: string) {}

  /** Everything that may be a picture, in the order of class and name. */
  candidates(): Candidate[] {
    const top = this.list("");
    const folders = top.filter(({ kind }) => kind === "folder");
    const parts = folders.filter(({ name, file }) => partOf(name) !== undefined && this.holdsClasses(file));
    for (const { name } of parts) this.parts.push(partOf(name) as Part);
    requireDifferent(this.root, parts);
    for (const { file, name, kind } of top) {
      if (kind !== "folder" && !OWN_FILES.includes(name)) this.skip(file, kind === "file" ? outside(name) : UNREADABLE);
    }
    if (parts.length === 0) return folders.flatMap((folder) => this.pictures(folder, "all"));
    for (const { file } of folders.filter((one) => !parts.includes(one))) this.skip(`${file}/`, OUTSIDE);
    return parts.flatMap(({ file, name: part }) =>
      this.list(file).flatMap((entry) => {
        if (entry.kind === "folder") return this.pictures(entry, partOf(part) as Part);
        this.skip(entry.file, outside(entry.name));
        return [];
      }),
    );
  }

  private pictures({ file, name }: Entry, part: Part | "all"): Candidate[] {
    const folder = name.normalize("NFC");
    this.requireOne(join(path.posix.dirname(file), folder), name);
    this.folders.add(folder);
    return this.list(file).flatMap((entry): Candidate[] => {
      const reason = problemOf(entry);
      if (reason === undefined) return [{ ...entry, folder, part }];
      this.skip(entry.kind === "folder" ? `${entry.file}/` : entry.file, reason);
      return [];
    });
  }

  /** Refuses two folders in one place whose names differ in the bytes of their accents alone: one class, and its pictures twice. */
  private requireOne(place: string, name: string): void {
    if (this.places.has(place)) {
      const reason = `holds two folders that are both called "${name.normalize("NFC")}", spelt with different bytes`;
      throw new LabError(reason, "Put their pictures into one of them.", { subject: this.root });
    }
    this.places.add(place);
  }

  /** Folders, and no pictures: a class may itself be called "train". */
  private holdsClasses(file: string): boolean {
    const entries = this.names(file).filter((name) => !name.startsWith("."));
    const isFolder = (name: string): boolean => this.entry(file, name).kind === "folder";
    return entries.some(isFolder) && !entries.some((name) => ENDINGS.test(name) && !isFolder(name));
  }

  /** What stands in a folder, by name; hidden entries are passed over. */
  private list(folder: string): Entry[] {
    const names = this.names(folder).sort();
    this.entries += names.length;
    requireWithin("FINE_R1_MAX_PICTURES", this.entries, `more than ${this.entries - 1} files`, this.root);
    const hidden = names.filter((name) => name.startsWith("."));
    for (const name of hidden) this.skip(join(folder, name), "a hidden file");
    return names.filter((name) => !name.startsWith(".")).map((name) => this.entry(folder, name));
  }

  private names(folder: string): string[] {
    try {
      return fs.readdirSync(path.join(this.root, folder));
    } catch (error) {
      if (folder === "") throw unreadable(this.root, error);
      this.skip(`${folder}/`, UNREADABLE);
      return [];
    }
  }

  /** Links are followed, one at a time: what they lead to counts. */
  private entry(folder: string, name: string): Entry {
    const file = join(folder, name);
    const found = statOf(path.join(this.root, file));
    const kind = found?.isDirectory() === true ? "folder" : found?.isFile() === true ? "file" : "other";
    return { file, name, kind, bytes: found?.size ?? 0 };
  }

  private skip(file: string, reason: SkipReason): void {
    this.skipped.push({ file, reason });
  }
}

const UNREADABLE = "not readable, or a broken link";
const OUTSIDE = "outside of the classes' folders";

function problemOf({ kind, name, bytes }: Entry): SkipReason | undefined {
  if (kind === "folder") return "a folder inside a class's folder";
  if (kind === "other") return UNREADABLE;
  if (name !== printableLine(name)) return "a name with control characters";
  if (!ENDINGS.test(name)) return noPicture(name);
  if (bytes === 0) return "an empty file";
  return bytes > limit("FINE_R1_MAX_PICTURE_BYTES") ? "larger than is taken" : undefined;
}

async function headerProblem(root: string, { file }: Entry): Promise<SkipReason | undefined> {
  const absolute = path.join(root, file);
  try {
    fs.accessSync(absolute, fs.constants.R_OK);
  } catch {
    return UNREADABLE;
  }
  try {
    const { width, height, format } = await readHeader(absolute);
    if (format === "svg") return "not decodable as a picture";
    return width * height > limit("FINE_R1_MAX_PIXELS") ? "larger than is taken" : undefined;
  } catch {
    return "not decodable as a picture";
  }
}

function outside(name: string): SkipReason {
  return ENDINGS.test(name) ? OUTSIDE : noPicture(name);
}

function noPicture(name: string): SkipReason {
  return UNREAD_ENDINGS.test(name) ? UNREAD : "no picture by its ending";
}

/** What a folder of this name holds, where it is one of a part. */
export function partOf(name: string): Part | undefined {
  const key = name.toLowerCase();
  return Object.hasOwn(PARTS, key) ? PARTS[key] : undefined;
}

function requireDifferent(root: string, parts: readonly Entry[]): void {
  const twice = parts.find(({ name }, i) => parts.findIndex((other) => partOf(other.name) === partOf(name)) < i);
  if (twice === undefined) return;
  throw new LabError(
    `holds ${parts.map(({ name }) => `${name}/`).join(", ")}, two of which mean the same`,
    "Put their classes into one of them.",
    { subject: root },
  );
}

function join(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
