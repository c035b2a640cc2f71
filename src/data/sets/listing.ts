import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { parserOf } from "../../config/stored";
import { LabError, messageOf, required } from "../../core/errors";
import { readText } from "../../core/files";
import { isFolder } from "../../core/folders";
import { briefly } from "../../core/printable";
import type { Part } from "../folder/scan";
import { readMat } from "./mat";

/** A class as a set's authors list it. */
export interface ListedClass {
  /** The authors' own name, such as "001.Black_footed_Albatross": what their lists call it. */
  readonly key: string;
  /** Readable, as it is asked for and answered: "Black Footed Albatross". */
  readonly name: string;
  readonly genus?: string;
}

/** A picture, its class by key, and the part of the official split that it belongs to. */
export interface ListedPicture {
  /** Path in the set's folder, with forward slashes. */
  readonly file: string;
  readonly class: string;
  readonly part: Part;
}

/** All that the lists of a set say, in the authors' order. */
export interface SetListing {
  readonly classes: readonly ListedClass[];
  readonly pictures: readonly ListedPicture[];
}

/** A published set of pictures: how its folder is told, and how its lists are read. */
export interface PictureSet {
  /** The kind of its spec, and what its pictures' ids begin with. */
  readonly kind: string;
  readonly title: string;
  readonly superCategory: string;
  /** What its folder may be called beside those of the other sets; the first is the authors' own, where they have one. */
  readonly folders: readonly string[];
  /** Words that the release's files about it may begin with, such as "bird" of bird_seen.jsonl. */
  readonly released: readonly string[];
  /** A file by which its folder is known, or one of several. */
  readonly marks: readonly string[];
  /** How many classes and pictures its authors publish. */
  readonly counts: Readonly<Record<"classes" | Part, number>>;
  /** Where its authors publish what, a sentence. */
  readonly published: string;
  /** @throws LabError that names a list which is missing or says something else than it should */
  read(folder: SetFolder): SetListing;
}

/** Whole sets, lists or pictures are not there, where their folder is. A plan and a dry run go on without them. */
export class AbsentFiles extends LabError {
  /** @param what each thing that is not there, such as "Stanford Cars" or "2 pictures of Stanford Dogs" */
  constructor(
    readonly what: readonly string[],
    reason: string,
    remedy: string,
    options: { subject: string },
  ) {
    super(reason, remedy, options);
  }

  /** In short: "Stanford Cars and 4 more are missing". */
  get summary(): string {
    const [first = "", ...more] = this.what;
    if (more.length > 0) return `${first} and ${more.length} more are missing`;
    return `${first} ${/^\d+ pictures/u.test(first) ? "are" : "is"} missing`;
  }
}

/** A row of a list: its fields, and where it stands. */
export interface ListRow {
  readonly fields: readonly string[];
  readonly at: string;
}

/** The folder that a set was unpacked into. */
export class SetFolder {
  constructor(
    readonly root: string,
    private readonly set: Pick<PictureSet, "title" | "published" | "marks">,
  ) {}

  has(file: string): boolean {
    return fs.existsSync(path.join(this.root, file));
  }

  /** The first of some folders that is there; "." is the set's own. @throws LabError when none is */
  folderOf(...folders: readonly string[]): string {
    const found = folders.find((folder) => isFolder(path.join(this.root, folder)));
    return required(found, () => this.missing(`${folders[0] ?? ""}/`));
  }

  /** The first of some files that is there. @throws LabError when none is */
  fileOf(...files: readonly string[]): string {
    return required(
      files.find((file) => this.has(file)),
      () => this.missing(files[0] ?? ""),
    );
  }

  /** Lines of fields between spaces; the last of `count` takes the rest of the line. Empty lines and those with # in front are passed over. */
  rows(file: string, count: number): ListRow[] {
    return readText(this.place(file))
      .split(/\r?\n/u)
      .flatMap((line, index) => {
        const words = line.trim();
        if (words === "" || words.startsWith("#")) return [];
        const at = `${path.join(this.root, file)}, line ${index + 1}`;
        return [{ fields: fieldsOf(words, count, at), at }];
      });
  }

  text(file: string): string {
    return readText(this.place(file));
  }

  /** Variables of a MAT file. @throws LabError when one has another form */
  mat<T>(file: string, schema: z.ZodType<T>): T {
    const place = this.place(file);
    try {
      return parserOf(schema)(Object.fromEntries(readMat(place)));
    } catch (error) {
      if (error instanceof LabError) throw error;
      throw new LabError(`is another MAT file than that of ${this.set.title} (${messageOf(error)})`, this.set.published, { subject: place, cause: error }); // prettier-ignore
    }
  }

  missing(file: string): LabError {
    const { title, published } = this.set;
    return new AbsentFiles([`${file} of ${title}`], `has no ${file}, which ${title} has`, `${published} docs/published-sets.md shows the layout.`, { subject: this.root }); // prettier-ignore
  }

  private place(file: string): string {
    if (!this.has(file)) throw this.missing(file);
    return path.join(this.root, file);
  }
}

function fieldsOf(line: string, count: number, at: string): string[] {
  const words = line.split(/\s+/u);
  if (words.length < count) {
    const reason = `has ${words.length} field${words.length === 1 ? "" : "s"} where ${count} are expected`;
    throw new LabError(reason, "Unpack the lists again.", { subject: at });
  }
  return count === 1 ? [line] : [...words.slice(0, count - 1), words.slice(count - 1).join(" ")];
}

/**
 * The rows of a list by their first field.
 * @throws LabError that names the second of two rows about the same
 */
export function keyed(rows: readonly ListRow[]): Map<string, ListRow> {
  const found = new Map<string, ListRow>();
  for (const row of rows) {
    const [key = ""] = row.fields;
    if (found.has(key)) throw new LabError(`has another line about "${briefly(key)}"`, "Unpack the lists again.", { subject: row.at }); // prettier-ignore
    found.set(key, row);
  }
  return found;
}

/** What a list says of a number or a name. @throws LabError that names what it says nothing of, and where that stands */
export function lookUp<T>(map: ReadonlyMap<string, T>, key: string, file: string, { at }: Pick<ListRow, "at">): T {
  return required(map.get(key), () => {
    return new LabError(`names "${briefly(key)}", of which ${file} says nothing`, "Unpack the lists again.", {
      subject: at,
    });
  });
}

/** "Black_footed_Albatross" as "Black Footed Albatross", as the released benchmark words birds, dogs and pets. */
export function readable(name: string): string {
  return name.replaceAll(/[_-]+/gu, " ").replaceAll(/(^| )(\p{Ll})/gu, (_, gap: string, letter: string) => gap + letter.toUpperCase()); // prettier-ignore
}

/** A list of numbers of a MAT file; a number stands in a list of one. */
export const numbers = z.array(z.int());
export const oneNumber = z.tuple([z.int()]);
