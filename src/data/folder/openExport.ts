import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { readStored } from "../../config/stored";
import { LabError, required } from "../../core/errors";
import type { Dataset, DatasetReport } from "../dataset";
import type { BenchmarkItem, LabelledImage, SubCategory } from "../types";
import { CLASSES_FILE, readClasses } from "./classes";
import { classRow, EXPORT_FILE, exportSchema, type ExportedDataset } from "./export";
import type { PictureReader } from "./pictures";
import { allPictures, type Scan } from "./scan";

const AGAIN = `Export it again, or remove ${EXPORT_FILE}: then the folder is read as a plain one.`;

/**
 * Opens what `exportDataset` wrote, as its dataset.json says.
 * @throws LabError when a picture is missing or has changed, or classes.csv says otherwise
 */
export function openExport(
  root: string,
  scan: Scan,
  read: PictureReader,
): Dataset & { readonly report: DatasetReport } {
  const file = path.join(root, EXPORT_FILE);
  const stored = readStored(file, exportSchema, "export of a dataset", AGAIN);
  requireClasses(root, stored);
  requirePictures(root, stored, scan);
  const missing = (id: string) => new LabError(`names "${id}" without saying what it is`, AGAIN, { subject: file });
  const classes = new Map(stored.classes.map((c) => [c.id, c]));
  const classOf = ({ id }: Pick<SubCategory, "id">) => required(classes.get(id), () => missing(id));
  const subCategories = new Map(stored.classes.map((c) => [c.id, subCategoryOf(c)]));
  const images = new Map(
    stored.pictures.map((picture) => {
      const subCategory = required(subCategories.get(picture.class), () => missing(picture.class));
      const image: LabelledImage = {
        ...{ id: picture.id, subCategory, file: path.resolve(root, picture.file) },
        load: () => read(picture),
      };
      return [picture.id, { image, question: picture.question, options: picture.options }];
    }),
  );
  const pictureOf = (id: string) => required(images.get(id), () => missing(id));
  const itemOf = ({ picture, ...item }: ExportedDataset["test"]["seen"][number]): BenchmarkItem => ({
    ...item,
    image: pictureOf(picture).image,
  });
  const items = { seen: stored.test.seen.map(itemOf), unseen: stored.test.unseen.map(itemOf) };
  const described = stored.classes.every(({ description }) => description !== undefined);
  return {
    name: stored.name,
    fingerprint: createHash("sha256")
      .update(JSON.stringify(["export", stored]))
      .digest("hex")
      .slice(0, 16),
    subCategories: [...subCategories.values()],
    train: stored.train.map((id) => pictureOf(id).image),
    validation: stored.validation.map((id) => pictureOf(id).image),
    test: (split) => items[split],
    question: ({ id }) => pictureOf(id).question,
    optionsFor: ({ id }) => pictureOf(id).options,
    wording: stored.wording,
    ...(stored.origin === undefined ? {} : { origin: stored.origin }),
    ...(described ? { describe: (subCategory) => classOf(subCategory).description ?? "" } : {}),
    report: reportOn(root, stored, scan),
  };
}

function subCategoryOf({ id, name, superCategory, genus, seen }: ExportedDataset["classes"][number]): SubCategory {
  return { id, name, superCategory, ...(genus === undefined ? {} : { genus }), seen };
}

function reportOn(folder: string, { pictures }: ExportedDataset, scan: Scan): DatasetReport {
  const listed = new Set(pictures.map(({ file }) => file));
  const others = allPictures(scan).filter(({ file }) => !listed.has(file));
  const unlisted = others.map(({ file }) => ({ file, reason: `not listed in ${EXPORT_FILE}` }));
  return { folder, pictures: listed.size, skipped: [...scan.skipped, ...unlisted], leftOut: [], notes: [] };
}

/** Whoever edits classes.csv wants it to count: it must not be passed over in silence. */
function requireClasses(root: string, { classes }: ExportedDataset): void {
  const file = path.join(root, CLASSES_FILE);
  if (!fs.existsSync(file)) return;
  const rows = readClasses(file);
  const other = classes.find((c) => !isDeepStrictEqual(classRow(c), rows.get(c.folder)));
  if (other === undefined && rows.size === classes.length) return;
  const which = other === undefined ? "" : ` of "${other.folder}"`;
  throw new LabError(
    `says otherwise${which} than ${EXPORT_FILE}`,
    `Put it right, or remove ${EXPORT_FILE}: then the folder is read as a plain one.`,
    { subject: file },
  );
}

function requirePictures(root: string, { pictures }: ExportedDataset, scan: Scan): void {
  const found = new Map(allPictures(scan).map(({ file, sha256 }) => [file, sha256]));
  const wrong = pictures.filter(({ file, sha256 }) => found.get(file) !== sha256);
  const [first] = wrong;
  if (first === undefined) return;
  const what = found.has(first.file) ? "has changed" : "is missing or cannot be read";
  throw new LabError(
    `${wrong.length} of ${pictures.length} pictures are not as written: ${first.file} ${what}`,
    AGAIN,
    {
      subject: root,
    },
  );
}
