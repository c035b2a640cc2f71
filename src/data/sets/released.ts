import * as path from "node:path";
import { LabError } from "../../core/errors";
import { namesIn, readJsonl } from "../../core/files";
import type { Asked } from "../drawn";
import { parseReleasedLine, type ReleasedLine } from "../releasedLines";
import type { Split } from "../types";
import type { ListedPicture, PictureSet, SetListing } from "./listing";

/** A released line, the split that its file is about, and where it stands. */
interface PlacedLine extends ReleasedLine {
  readonly split: Split;
  readonly at: string;
}

/** What released lines say of a set. */
export interface ReleasedSplit {
  /** By the classes' keys: their names as they are asked for, and whether they are seen. Classes without a line are not there. */
  readonly classes: ReadonlyMap<string, { readonly name: string; readonly seen: boolean }>;
  /** By the pictures' files. */
  readonly asked: ReadonlyMap<string, Asked>;
}

/**
 * Reads the released lines about a set: bird_seen.jsonl and bird_unseen.jsonl for the birds.
 * @throws LabError when a file is missing or a line cannot be used
 */
export function readReleasedLines(
  folder: string,
  { title, released }: Pick<PictureSet, "title" | "released">,
): PlacedLine[] {
  const there = namesIn(folder).filter((name) => name.endsWith(".jsonl"));
  return (["seen", "unseen"] as const).flatMap((split) => {
    const names = released.map((word) => `${word}_${split}.jsonl`);
    const name = names.find((one) => there.includes(one));
    if (name === undefined) throw lacking(folder, there, names, title);
    const file = path.join(folder, name);
    return readJsonl(file, (value, line) => ({ ...parseReleasedLine(value), split, at: `${file}, line ${line}` }));
  });
}

function lacking(folder: string, there: readonly string[], names: readonly string[], title: string): LabError {
  const found = there.length === 0 ? "no *.jsonl" : there.slice(0, 6).join(", ") + (there.length > 6 ? ", …" : "");
  return new LabError(
    `has no ${names[0] ?? ""} about ${title} (it holds ${found})`,
    "Give the folder eval/data of the Fine-R1 release, or leave the option split out: then classes are drawn by the seed.",
    { subject: folder },
  );
}

/**
 * Finds the pictures and classes that released lines are about: a picture by its file's name, which is unique in each set, whatever folders
 * the release kept it in; a class by the official label of its pictures.
 * @throws LabError naming the line that is about no official test picture, has no option that is the truth, or says otherwise of a
 * picture or a class than an earlier one
 */
export function resolveReleased(listing: SetListing, lines: readonly PlacedLine[], title: string): ReleasedSplit {
  const tested = byName(listing.pictures.filter(({ part }) => part === "test"));
  const others = byName(listing.pictures.filter(({ part }) => part !== "test"));
  const classes = new Map<string, { name: string; seen: boolean; at: string }>();
  const asked = new Map<string, Asked>();
  for (const line of lines) {
    const { imagePath, question, groundTruth: name, options, split, at } = line;
    const picture = tested.get(path.posix.basename(imagePath));
    if (picture === undefined) throw untested(line, others, title);
    if (asked.has(picture.file)) throw wrong(at, `asks about ${imagePath} once more`);
    if (!options.includes(name)) throw wrong(at, `does not have the truth "${name}" among its options`);
    const known = classes.get(picture.class) ?? { name, seen: split === "seen", at };
    if (known.name !== name) throw wrong(at, `calls the class "${name}" that ${known.at} calls "${known.name}"`);
    if (known.seen !== (split === "seen")) throw wrong(at, `has the class "${name}" as ${split}, ${known.at} has not`);
    classes.set(picture.class, known);
    asked.set(picture.file, { question, options: [name, ...options.filter((option) => option !== name)] });
  }
  return { classes, asked };
}

/** Pictures by their files' names alone. */
function byName(pictures: readonly ListedPicture[]): Map<string, ListedPicture> {
  return new Map(pictures.map((picture) => [path.posix.basename(picture.file), picture]));
}

function untested({ imagePath, at }: PlacedLine, others: ReadonlyMap<string, unknown>, title: string): LabError {
  if (!others.has(path.posix.basename(imagePath))) return wrong(at, `asks about ${imagePath}, which ${title} does not have`); // prettier-ignore
  return new LabError(
    `asks about ${imagePath}, which is no test picture by the official split of ${title}`,
    "Check the lists: some papers swap them (trnid and tstid of Flowers-102), the release does not.",
    { subject: at },
  );
}

function wrong(at: string, reason: string): LabError {
  return new LabError(reason, "Give the lines as they were released.", { subject: at });
}
