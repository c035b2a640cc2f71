import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { describeIssue } from "../../config/describe";
import { LabError } from "../../core/errors";
import { isFolder } from "../../core/folders";
import { Random } from "../../core/random";
import type { Dataset, DatasetReport } from "../dataset";
import { sampleFewShot } from "../fewshot";
import { openQuestion, PROMPT_SETS } from "../prompts";
import type { BenchmarkItem, LabelledImage, SubCategory } from "../types";
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
  seed: z.int().min(0).max(0xffffffff).default(1),
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

/** Options of a closed question. */
const OPTIONS = 4;

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
  if (!isFolder(folder)) throw new LabError("there is no such folder", "Check the path.", { subject: folder });
  const scan = await scanFolder(folder, context);
  const read = pictureReader(folder, context.cacheMiB);
  if (fs.existsSync(path.join(folder, EXPORT_FILE))) {
    requireDefaults(settings, folder);
    return openExport(folder, scan, read);
  }
  const { drafts, leftOut } = draftClasses(folder, scan, settings);
  const drawn = drafts.map((draft) => drawPictures(draft, settings, { folder, read }));
  const subCategories = drafts.map(({ subCategory }) => subCategory);
  const alike = lookalikes(subCategories, settings.seed);
  const optionsFor = ({ subCategory }: Pick<LabelledImage, "subCategory">): readonly string[] => alike(subCategory);
  const question = (image: LabelledImage): string => openQuestion(settings.wording, image);
  const items = drawn
    .flatMap(({ test }) => test)
    .map((image): BenchmarkItem => {
      const { subCategory } = image;
      const asked = { question: question(image), options: optionsFor(image), groundTruth: subCategory.name };
      return { id: image.id, image, ...asked };
    });
  return {
    name: `folder/${path.basename(path.resolve(folder))}`,
    fingerprint: fingerprintOf(settings, subCategories, scan),
    subCategories,
    train: drawn.flatMap(({ train }) => train),
    validation: drawn.flatMap(({ validation }) => validation),
    test: (split) => items.filter(({ image }) => image.subCategory.seen === (split === "seen")),
    question,
    optionsFor,
    wording: settings.wording,
    report: {
      folder,
      pictures: allPictures(scan).length,
      skipped: scan.skipped,
      leftOut,
      notes: notesOn(subCategories),
    },
  };
}

/** Checks options. @throws LabError naming each wrong one and what may be meant; `subject` is where they were given */
export function parseFolderOptions(options: unknown, subject: string): Settings {
  const result = folderOptionsSchema.safeParse(options, { reportInput: true });
  if (result.success) return result.data;
  const known = Object.keys(folderOptionsSchema.shape);
  const reasons = result.error.issues.map((issue) =>
    describeIssue(issue, known).replace(/^(unknown )?key /, "$1option "),
  );
  throw new LabError(reasons.join("; "), `The options are ${known.join(", ")} (docs/datasets.md).`, { subject });
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

interface Drawn {
  readonly train: readonly LabelledImage[];
  readonly validation: readonly LabelledImage[];
  readonly test: readonly LabelledImage[];
}

function drawPictures(
  { subCategory, ...found }: Draft,
  { shots, seed, testPerClass }: Settings,
  { folder, read }: { readonly folder: string; readonly read: PictureReader },
): Drawn {
  const parts = found.test !== undefined || found.validation !== undefined;
  const images = (pictures: readonly FoundPicture[], part: string): LabelledImage[] =>
    pictures.map((picture) => ({
      id: [subCategory.id, ...(parts ? [part] : []), picture.name].join("/"),
      subCategory,
      file: path.resolve(folder, picture.file),
      load: () => read(picture),
    }));
  const random = new Random(`folder/${seed}/${subCategory.id}`);
  const all = images(found.train, "train");
  const train = subCategory.seen ? sampleFewShot(all, shots, seed) : [];
  let rest = random.shuffle(all.filter((image) => !train.includes(image)));
  const held =
    subCategory.seen && found.validation === undefined ? heldOut(rest.length, shots, found.test === undefined) : 0;
  const validation = found.validation === undefined ? rest.slice(0, held) : images(found.validation, "validation");
  rest = rest.slice(held);
  const test = found.test === undefined ? rest : random.shuffle(images(found.test, "test"));
  return {
    train,
    validation: subCategory.seen ? sorted(validation) : [],
    test: sorted(test.slice(0, testPerClass)),
  };
}

/** How many of the pictures that training leaves are for validation; testing needs the most of them where it has no others. */
function heldOut(rest: number, shots: number, tested: boolean): number {
  return Math.min(shots, tested ? Math.floor(rest / 4) : rest);
}

function sorted(images: readonly LabelledImage[]): LabelledImage[] {
  return [...images].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function lookalikes(classes: readonly SubCategory[], seed: number): (of: SubCategory) => readonly string[] {
  const drawn = new Map<string, readonly string[]>();
  return (of) => {
    const known = drawn.get(of.id);
    if (known !== undefined) return known;
    const others = classes.filter(({ id, superCategory }) => superCategory === of.superCategory && id !== of.id);
    const shuffled = new Random(`options/${seed}/${of.id}`).shuffle(others);
    const sibling = ({ genus }: SubCategory): number => (genus !== undefined && genus === of.genus ? 0 : 1);
    const names = [of, ...shuffled.sort((a, b) => sibling(a) - sibling(b))].slice(0, OPTIONS).map(({ name }) => name);
    drawn.set(of.id, names);
    return names;
  };
}

/** What stands in the way of a run: triplets need another seen class of the super-category, a split both of its sides. */
function notesOn(classes: readonly SubCategory[]): string[] {
  const seen = classes.filter((c) => c.seen);
  const lone = [...new Set(seen.map(({ superCategory }) => superCategory))].filter(
    (name) => seen.filter(({ superCategory }) => superCategory === name).length === 1,
  );
  return [
    ...(seen.length === 0 ? ["No class is seen: nothing can be trained on this dataset."] : []),
    ...(seen.length === classes.length ? ["No class is unseen: there are no test questions about new classes."] : []),
    ...lone.map((name) => `Only one class of the super-category "${name}" is seen: no triplets can be mined for it.`),
  ];
}

function fingerprintOf(settings: Settings, subCategories: readonly SubCategory[], scan: Scan): string {
  const pictures = allPictures(scan).map(({ file, sha256 }) => [file, sha256] as const);
  return createHash("sha256")
    .update(JSON.stringify(["folder", 1, settings, subCategories, pictures.sort(([a], [b]) => (a < b ? -1 : 1))]))
    .digest("hex")
    .slice(0, 16);
}
