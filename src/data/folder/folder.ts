import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { describeIssue } from "../../config/describe";
import { LabError } from "../../core/errors";
import { isFolder } from "../../core/folders";
import { LARGEST_SEED } from "../../core/random";
import type { Dataset, DatasetReport } from "../dataset";
import { drawDataset, notesOn, type ClassPool } from "../drawn";
import { PROMPT_SETS } from "../prompts";
import type { LabelledImage, SubCategory } from "../types";
import { classNameSchema } from "./classes";
import { draftClasses, type Draft } from "./drafts";
import { EXPORT_FILE } from "./export";
import { openExport } from "./openExport";
import { pictureReader, type PictureReader } from "./pictures";
import { allPictures, scanFolder, type FoundPicture, type Scan, type ScanContext } from "./scan";

/** How a folder of pictures becomes a dataset. All of it is part of the fingerprint. */
export const folderOptionsSchema = z.strictObject({
  /** Training pictures of a seen class (§5.1: 4). */
  shots: z.int().min(1).default(4),
  /** Draws the seen classes, the pictures of each split and the look-alikes of closed questions. */
  seed: z.int().min(0).max(LARGEST_SEED).default(1),
  /** Share of each super-category's classes that are drawn as seen (§5.1: 60 %). */
  seenFraction: z.number().gt(0).lt(1).default(0.6),
  /** Test pictures of a class at most; all that there are by default. */
  testPerClass: z.int().min(1).optional(),
  /** What the pictures show, such as "mushroom", where classes.csv does not say it. */
  superCategory: classNameSchema.default("object"),
  /** The wording that questions are asked in. */
  wording: z.enum(PROMPT_SETS).default("released"),
});

export type FolderOptions = Readonly<z.input<typeof folderOptionsSchema>>;
type Settings = Readonly<z.output<typeof folderOptionsSchema>>;

export interface FolderContext extends ScanContext {
  /** Memory for decoded pictures, in MiB; 256 by default. */
  readonly cacheMiB?: number;
}

/** A dataset that was read from files, and what was found there. */
export interface FolderDataset extends Dataset {
  readonly report: DatasetReport;
}

/**
 * Opens a folder of pictures as a dataset: a sub-folder for each class, in the folder itself or in train/, test/ and
 * validation/ (or val/); beside them, where the folders' names do not say it all, a classes.csv. Files that are no pictures
 * and classes with too few are left out; the report lists them.
 *
 * - A class is called as its folder, `_` and `-` read as spaces, unless classes.csv gives another name.
 * - Which classes are seen says classes.csv; else the folders, where some classes have test pictures only; else it is drawn
 *   in each super-category. A lone class of one is unseen: no other could be its negative.
 * - `shots` training pictures of each seen class are drawn. Of what is left, a quarter, but not more than `shots`, is for
 *   validation and the rest for testing, where there is no folder for these.
 * - Ids are `<superCategory>/<class>/<file>`, with the part before the file where there are parts.
 * - The other names of a closed question are of the class's super-category: those of its genus first, drawn within each.
 *
 * What `exportDataset` wrote comes back as it was instead: all of this is said by its dataset.json.
 * @throws LabError when fewer than two classes can be used, two have one name, or an option or classes.csv is wrong
 */
export async function openFolder(
  folder: string,
  options: FolderOptions = {},
  context: FolderContext = {},
): Promise<FolderDataset> {
  const settings = parseFolderOptions(options, folder);
  if (!isFolder(folder))
    throw new LabError("there is no such folder", "Put the pictures there, or correct the path: docs/datasets.md.", {
      subject: folder,
    });
  const scan = await scanFolder(folder, context);
  const read = pictureReader(folder, context.cacheMiB);
  if (fs.existsSync(path.join(folder, EXPORT_FILE))) {
    requireDefaults(settings, folder);
    return openExport(folder, scan, read);
  }
  const { drafts, leftOut } = draftClasses(folder, scan, settings);
  const drawn = drawDataset(
    drafts.map((draft) => poolOf(draft, { folder, read })),
    settings,
  );
  return {
    name: `folder/${path.basename(path.resolve(folder))}`,
    fingerprint: fingerprintOf(settings, drawn.subCategories, scan),
    ...drawn,
    report: {
      folder,
      pictures: allPictures(scan).length,
      skipped: scan.skipped,
      leftOut,
      notes: [...notesOn(drawn.subCategories), ...unusedPictures(drafts)],
    },
  };
}

/** Checks options. @throws LabError naming each wrong one and what may be meant; `subject` is where they were given */
export function parseFolderOptions(options: unknown, subject: string): Settings {
  return parseOptions(folderOptionsSchema, options, subject, "docs/datasets.md");
}

/** The same for the options of any dataset. @param page where they are described */
export function parseOptions<T>(
  schema: z.ZodType<T> & { readonly shape: object },
  options: unknown,
  subject: string,
  page: string,
): T {
  const result = schema.safeParse(options, { reportInput: true });
  if (result.success) return result.data;
  const known = Object.keys(schema.shape);
  const reasons = result.error.issues.map((issue) =>
    describeIssue(issue, known).replace(/^(unknown )?key /, "$1option "),
  );
  throw new LabError(reasons.join("; "), `The options are ${known.join(", ")} (${page}).`, { subject });
}

/** An export is drawn already. @throws LabError for an option that is not the default one */
function requireDefaults(settings: Settings, folder: string): void {
  const [given] = Object.entries(settings).filter(([key, value]) => value !== DEFAULTS[key]);
  if (given === undefined) return;
  throw new LabError(
    `is an exported dataset: its ${EXPORT_FILE} leaves no choice of ${given[0]}`,
    `Open it without options, or remove ${EXPORT_FILE}: then the folder is read as a plain one.`,
    { subject: folder },
  );
}
const DEFAULTS: Readonly<Record<string, unknown>> = folderOptionsSchema.parse({});

/** What lies in train/ of classes that are only tested, with pictures of their own. */
function unusedPictures(drafts: readonly Draft[]): string[] {
  const unused = drafts.filter(
    ({ subCategory, train, test }) => !subCategory.seen && test !== undefined && train.length > 0,
  );
  const pictures = unused.reduce((sum, { train }) => sum + train.length, 0);
  const names = unused.slice(0, 3).map(({ folder }) => folder).join(", ") + (unused.length > 3 ? ", …" : ""); // prettier-ignore
  return pictures === 0 ? [] : [`${pictures} pictures in train/ of unseen classes (${names}) are not used.`];
}

/** Ids name the part before the file, where the folder has parts. */
function poolOf(
  { subCategory, ...found }: Draft,
  { folder, read }: { readonly folder: string; readonly read: PictureReader },
): ClassPool {
  const parts = found.test !== undefined || found.validation !== undefined;
  const images = (pictures: readonly FoundPicture[], part: string): LabelledImage[] =>
    pictures.map((picture) => ({
      id: [subCategory.id, ...(parts ? [part] : []), picture.name].join("/"),
      subCategory,
      file: path.resolve(folder, picture.file),
      load: () => read(picture),
    }));
  return {
    subCategory,
    train: images(found.train, "train"),
    ...(found.validation === undefined ? {} : { validation: images(found.validation, "validation") }),
    ...(found.test === undefined ? {} : { test: images(found.test, "test") }),
  };
}

function fingerprintOf(settings: Settings, subCategories: readonly SubCategory[], scan: Scan): string {
  const pictures = allPictures(scan).map(({ file, sha256 }) => [file, sha256] as const);
  return createHash("sha256")
    .update(JSON.stringify(["folder", 1, settings, subCategories, pictures.sort(([a], [b]) => (a < b ? -1 : 1))]))
    .digest("hex")
    .slice(0, 16);
}
