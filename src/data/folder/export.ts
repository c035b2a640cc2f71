import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { LabError } from "../../core/errors";
import { requireEmpty, writeFileAtomic, writeNewFolder, writeJson } from "../../core/files";
import { asTask, check, silent } from "../../core/progress";
import type { Dataset } from "../dataset";
import { PROMPT_SETS } from "../prompts";
import { encodePng } from "../rasters";
import type { BenchmarkItem, LabelledImage, SubCategory } from "../types";
import { CLASSES_FILE, classesCsv, classNameSchema, type ClassRow } from "./classes";
import type { Part, ScanContext } from "./scan";

/** The file of an export that keeps what folders and classes.csv cannot: ids, order, questions, options. */
export const EXPORT_FILE = "dataset.json";

const text = z.string().min(1);
const classSchema = z.strictObject({
  id: text,
  folder: text,
  name: text,
  superCategory: text,
  genus: text.optional(),
  seen: z.boolean(),
  description: z.string().optional(),
});
const pictureSchema = z.strictObject({
  id: text,
  /** Id of its class. */
  class: text,
  /** Path in the folder. */
  file: text,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  question: z.string(),
  /** `optionsFor` the picture. */
  options: z.array(text),
});
/** A test question; `picture` is an id. */
const itemSchema = z.strictObject({
  id: text,
  picture: text,
  question: z.string(),
  options: z.array(text),
  groundTruth: text,
});

/** dataset.json: the dataset in full but for its pixels. Lists are in the dataset's order; pictures are named by their ids. */
export const exportSchema = z.strictObject({
  version: z.literal(2),
  name: text,
  wording: z.enum(PROMPT_SETS),
  origin: z.strictObject({ kind: text, fingerprint: text, config: z.unknown() }).optional(),
  classes: z.array(classSchema),
  pictures: z.array(pictureSchema),
  train: z.array(text),
  validation: z.array(text),
  test: z.strictObject({ seen: z.array(itemSchema), unseen: z.array(itemSchema) }),
});

export type ExportedDataset = Readonly<z.infer<typeof exportSchema>>;
type ExportedClass = z.infer<typeof classSchema>;
type ExportedPicture = z.infer<typeof pictureSchema>;

/**
 * Writes a dataset as a folder of pictures: train/<class>/0001.png, the same under validation/ and test/, a classes.csv and
 * a dataset.json. `openFolder` gives the very dataset back: classes, pixels, ids, order, questions and options. Without its
 * dataset.json the folder is a plain one.
 * @returns the number of pictures written
 * @throws LabError unless the folder is empty or not there, and for a name that a spec, or classes.csv, cannot hold
 */
export async function exportDataset(dataset: Dataset, folder: string, context: ScanContext = {}): Promise<number> {
  requireEmpty(folder);
  requireNameable(folder);
  const classes = exportedClasses(dataset);
  const items = { seen: dataset.test("seen"), unseen: dataset.test("unseen") };
  const tested = [...items.seen, ...items.unseen].map(({ image }) => image);
  const places = placesOf(classes, { train: dataset.train, validation: dataset.validation, test: tested });
  await writeNewFolder(folder, async (temporary) => {
    const { name, wording, origin } = dataset;
    const pictures = await writePictures(dataset, places, temporary, context);
    const exported: ExportedDataset = {
      version: 2,
      name,
      wording,
      ...(origin === undefined ? {} : { origin }),
      classes,
      pictures,
      train: dataset.train.map(({ id }) => id),
      validation: dataset.validation.map(({ id }) => id),
      test: { seen: items.seen.map(exportedItem), unseen: items.unseen.map(exportedItem) },
    };
    writeFileAtomic(path.join(temporary, CLASSES_FILE), classesCsv(classes.map(classRow)));
    writeJson(path.join(temporary, EXPORT_FILE), exported);
  });
  return places.length;
}

/** Behind a ? in the last step of a path, `folder:PATH` has options. */
function requireNameable(folder: string): void {
  if (!path.basename(folder).includes("?")) return;
  const reason = "could not be opened as folder:PATH, where options stand behind a ?";
  throw new LabError(reason, "Choose a folder without a ? in its name.", { subject: folder });
}

/** The line of classes.csv that says the same as dataset.json of a class. */
export function classRow({ folder, name, superCategory, genus, seen }: ExportedClass): ClassRow {
  return { folder, name, superCategory, ...(genus === undefined ? {} : { genus }), split: seen ? "seen" : "unseen" };
}

interface Place {
  readonly image: LabelledImage;
  readonly file: string;
}

/** A file for each picture, the pictures of a class numbered in each part. */
function placesOf(
  classes: readonly ExportedClass[],
  images: Readonly<Record<Part, readonly LabelledImage[]>>,
): readonly Place[] {
  const folders = new Map(classes.map(({ id, folder }) => [id, folder]));
  const places = new Map<string, Place>();
  for (const part of ["train", "validation", "test"] as const) {
    const counts = new Map<string, number>();
    for (const image of images[part]) {
      if (places.has(image.id)) continue;
      const { id } = image.subCategory;
      const number = (counts.get(id) ?? 0) + 1;
      counts.set(id, number);
      const file = `${part}/${folders.get(id) ?? ""}/${String(number).padStart(4, "0")}.png`;
      places.set(image.id, { image, file });
    }
  }
  return [...places.values()];
}

async function writePictures(
  dataset: Dataset,
  places: readonly Place[],
  folder: string,
  { progress = silent, signal }: ScanContext,
): Promise<ExportedPicture[]> {
  const pictures: ExportedPicture[] = [];
  await asTask(progress, "writing pictures", places.length, async (task) => {
    for (const { image, file } of places) {
      check(signal);
      const bytes = await encodePng(await image.load());
      fs.mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
      fs.writeFileSync(path.join(folder, file), bytes);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const asked = { question: dataset.question(image), options: [...dataset.optionsFor(image)] };
      pictures.push({ id: image.id, class: image.subCategory.id, file, sha256, ...asked });
      task.update(pictures.length);
    }
  });
  return pictures;
}

function exportedItem({ id, image, question, options, groundTruth }: BenchmarkItem): z.infer<typeof itemSchema> {
  return { id, picture: image.id, question, options: [...options], groundTruth };
}

function exportedClasses(dataset: Dataset): ExportedClass[] {
  const taken = new Set<string>();
  return dataset.subCategories.map((subCategory) => {
    const { id, name, superCategory, genus, seen } = subCategory;
    for (const written of [name, superCategory, genus]) requireWritable(written, id);
    const description = dataset.describe?.(subCategory);
    return {
      id,
      folder: folderName(subCategory, taken),
      name,
      superCategory,
      ...(genus === undefined ? {} : { genus }),
      seen,
      ...(description === undefined ? {} : { description }),
    };
  });
}

/** A folder's name on every file system: the class's, with `_` for spaces and whatever paths do not take. */
function folderName({ name }: SubCategory, taken: Set<string>): string {
  const plain = name.replaceAll(/[^\p{L}\p{M}\p{N}.'()-]+/gu, "_").replaceAll(/^[_.]+|[_.]+$/gu, "");
  const short = Array.from(plain).slice(0, 60).join("");
  const base = short === "" || /^(con|prn|aux|nul|com\d|lpt\d)$/i.test(short) ? `class_${short}` : short;
  let folder = base;
  for (let i = 2; taken.has(folder.toLowerCase()); i++) folder = `${base}_${i}`;
  taken.add(folder.toLowerCase());
  return folder;
}

function requireWritable(name: string | undefined, id: string): void {
  if (name === undefined || classNameSchema.safeParse(name).data === name) return;
  throw new LabError(
    `has the name ${JSON.stringify(name)}, which ${CLASSES_FILE} cannot hold`,
    "Names are one line of at most 200 characters, with single spaces and without < and >.",
    { subject: id },
  );
}
