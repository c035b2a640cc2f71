import * as fs from "node:fs";
import * as path from "node:path";
import { unreadable } from "../../core/files";
import type { RgbImage } from "../../core/image";
import { limit, requireWithin } from "../../core/limits";
import type { Dataset } from "../dataset";
import { ENDINGS, partOf, UNREAD, UNREAD_ENDINGS, type SkipReason } from "../folder/scan";
import type { LabelledImage } from "../types";

/** What a picture is for; "all" where nothing says so. */
export type Part = "train" | "validation" | "test" | "all";

/** A picture to be looked at: a file, or what a dataset gives of it. */
export interface ListedPicture {
  /** Its path in the folder, or its id in the dataset. */
  readonly id: string;
  readonly part: Part;
  readonly class: string;
  /** Where its file lies; absent where the dataset does not say, or draws it. */
  readonly file?: string;
  readonly load?: () => Promise<RgbImage>;
}

/** What should be a picture and is none, cannot be read, or is cut short. */
export interface Broken extends Pick<ListedPicture, "id" | "part"> {
  /** Absent where a dataset passed it over: it is of none of its classes. */
  readonly class?: string;
  readonly reason: string;
}

/** What there is to look at. */
export interface Listing {
  readonly name: string;
  readonly pictures: readonly ListedPicture[];
  /** Those found while listing; they are not among the pictures. */
  readonly broken: readonly Broken[];
  /** Files that are no pictures and need not be, such as texts. */
  readonly others: number;
}

/**
 * Every picture under a folder, at any depth and in whatever layout; a folder called train, test, validation or val says what those in it
 * are for, the folder of a picture is its class. Hidden files are passed over, folders behind links too.
 * @throws LabError when the folder cannot be read or holds more files than FINE_R1_MAX_PICTURES
 */
export function listFolder(root: string): Listing {
  const pictures: ListedPicture[] = [];
  const broken: Broken[] = [];
  let others = 0;
  for (const id of filesUnder(root)) {
    const unread = UNREAD_ENDINGS.test(id);
    if (!unread && !ENDINGS.test(id)) {
      others++;
      continue;
    }
    const file = path.join(root, id);
    const about = { id, part: partByFolders(id), class: id.split("/").at(-2) ?? "" };
    const reason = unread ? UNREAD : problemOf(file);
    if (reason === undefined) pictures.push({ ...about, file });
    else broken.push({ ...about, reason });
  }
  return { name: root, pictures, broken, others };
}

/** What a picture is for, by how the folders are called that it lies in. */
function partByFolders(id: string): Part {
  const folders = id.split("/").slice(0, -1);
  return folders.map(partOf).find((one) => one !== undefined) ?? "all";
}

/** Why a file is not even opened. */
function problemOf(file: string): string | undefined {
  try {
    const found = fs.statSync(file);
    if (!found.isFile()) return "no file";
    return found.size > limit("FINE_R1_MAX_PICTURE_BYTES") ? "larger than is taken" : undefined;
  } catch {
    return "a link that leads nowhere";
  }
}

function filesUnder(root: string): string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of entriesOf(path.join(root, folder))) {
      if (entry.name.startsWith(".")) continue;
      const id = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) visit(id);
      else found.push(id);
      requireWithin("FINE_R1_MAX_PICTURES", found.length, `more than ${found.length - 1} files`, root);
    }
  };
  visit("");
  return found.sort();
}

function entriesOf(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw unreadable(folder, error);
  }
}

/** Why a dataset passed over a file that should be a picture. */
const BROKEN: ReadonlySet<string> = new Set<SkipReason>([
  UNREAD,
  "an empty file",
  "larger than is taken",
  "not decodable as a picture",
  "not readable, or a broken link",
]);

/** The same of a benchmark's line, which is no file: its picture is not there. */
const PICTURELESS = /^its picture.* is not there$/u;

/** The pictures that a dataset trains on, validates and tests with, or a benchmark asks about, each once; broken ones among those that its reader passed over. */
export function listDataset(dataset: Dataset): Listing {
  const listed = new Map<string, ListedPicture>();
  const add = (part: Part, images: readonly LabelledImage[]): void => {
    for (const image of images) {
      const { id, file, subCategory } = image;
      const where = file === undefined ? { load: () => image.load() } : { file };
      listed.set(id, listed.get(id) ?? { id, part, class: subCategory.id, ...where });
    }
  };
  add("train", dataset.train);
  add("validation", dataset.validation);
  for (const split of ["seen", "unseen"] as const) add("test", dataset.test(split).map(({ image }) => image)); // prettier-ignore
  const isBenchmark = dataset.subCategories.length === 0;
  if (isBenchmark) {
    const loads = new Map(dataset.questions?.draw(0).flatMap((one) => (one.load === undefined ? [] : [[one.load, one]]))); // prettier-ignore
    for (const [load, { id, kind }] of loads) listed.set(id, { id, part: "test", class: kind, load });
  }
  const skipped = dataset.report?.skipped ?? [];
  const broken = skipped.filter(({ reason }) => (isBenchmark ? PICTURELESS.test(reason) : BROKEN.has(reason)));
  return {
    name: dataset.name,
    pictures: [...listed.values()],
    broken: broken.map(({ file: id, reason }) => ({ id, part: isBenchmark ? "test" : partByFolders(id), reason })),
    others: isBenchmark ? 0 : skipped.length - broken.length, // lines of a benchmark are no files
  };
}
