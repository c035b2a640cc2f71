import * as fs from "node:fs";
import * as path from "node:path";
import { LabError } from "../../core/errors";
import type { DatasetReport } from "../dataset";
import { drawSeen } from "../splits";
import type { Split, SubCategory } from "../types";
import { CLASSES_FILE, classNameSchema, readClasses, type ClassRow } from "./classes";
import type { FoundClass, FoundPicture, Scan } from "./scan";

/** A class of a folder and the pictures that each of its splits is drawn from. */
export interface Draft {
  readonly folder: string;
  readonly subCategory: SubCategory;
  readonly train: readonly FoundPicture[];
  /** Absent where the dataset has no folder for them: they are drawn from what training leaves. */
  readonly validation?: readonly FoundPicture[];
  readonly test?: readonly FoundPicture[];
}

export interface DraftOptions {
  readonly shots: number;
  readonly seed: number;
  readonly seenFraction: number;
  readonly superCategory: string;
}

/** A class before it is known whether it is seen. */
type Unsplit = Omit<Draft, "subCategory"> & { readonly subCategory: Omit<SubCategory, "seen">; readonly split?: Split };

type LeftOut = DatasetReport["leftOut"][number];

/**
 * The classes of a folder that can be used, each with its name and its split, in the order of their ids.
 * @throws LabError when fewer than two can be used, two have one name, or classes.csv says the split of some only
 */
export function draftClasses(root: string, scan: Scan, options: DraftOptions): { drafts: Draft[]; leftOut: LeftOut[] } {
  requireTraining(root, scan);
  const file = path.join(root, CLASSES_FILE);
  const rows = fs.existsSync(file) ? readClasses(file) : new Map<string, ClassRow>();
  const leftOut: LeftOut[] = [...rows.keys()]
    .filter((folder) => !scan.classes.some((found) => found.folder === folder))
    .map((folder) => ({ folder, reason: `${CLASSES_FILE} names it, but there is no such folder` }));
  const named = scan.classes.flatMap((found) => {
    const draft = nameClass(found, scan, rows.get(found.folder), options);
    if (typeof draft !== "string") return [draft];
    leftOut.push({ folder: found.folder, reason: draft });
    return [];
  });
  const given = givenSplit(named, scan, file);
  const usable = given.filter((draft) => {
    const reason = lacks(draft, options.shots);
    if (reason !== undefined) leftOut.push({ folder: draft.folder, reason });
    return reason === undefined;
  });
  requireTwo(root, usable, leftOut, options.shots);
  requireDifferentNames(root, usable);
  const seen = drawSeen(
    usable.map(({ subCategory }) => subCategory),
    options.seenFraction,
    options.seed,
  );
  const drafts = usable.map(({ split, ...draft }) => ({
    ...draft,
    subCategory: {
      ...draft.subCategory,
      seen: split === undefined ? seen.has(draft.subCategory.id) : split === "seen",
    },
  }));
  return { drafts: drafts.sort((a, b) => (a.subCategory.id < b.subCategory.id ? -1 : 1)), leftOut };
}

/** The class of a folder, or the reason why it has none. */
function nameClass(
  { folder, pictures }: FoundClass,
  { parts }: Scan,
  row: ClassRow | undefined,
  options: DraftOptions,
): Unsplit | string {
  const parsed = classNameSchema.safeParse(row?.name ?? folder.replaceAll(/[_-]/g, " "));
  if (!parsed.success)
    return `its name ${parsed.error.issues[0]?.message ?? "cannot be used"}; give one in ${CLASSES_FILE}`;
  const name = parsed.data;
  const superCategory = row?.superCategory ?? options.superCategory;
  const of = (part: "validation" | "test") => (parts.includes(part) ? { [part]: pictures.get(part) ?? [] } : {});
  return {
    folder,
    subCategory: {
      id: `${superCategory}/${name}`,
      name,
      superCategory,
      ...(row?.genus === undefined ? {} : { genus: row.genus }),
    },
    train: pictures.get(parts.length === 0 ? "all" : "train") ?? [],
    ...of("validation"),
    ...of("test"),
    ...(row?.split === undefined ? {} : { split: row.split }),
  };
}

/** The split as classes.csv gives it, else as the folders do: classes with test pictures only are unseen. */
function givenSplit(drafts: readonly Unsplit[], { parts }: Scan, file: string): readonly Unsplit[] {
  const without = drafts.filter(({ split }) => split === undefined);
  const testedOnly = ({ train, test = [] }: Unsplit): boolean => train.length === 0 && test.length > 0;
  if (without.length === drafts.length) {
    if (!parts.includes("test") || !drafts.some(testedOnly)) return drafts;
    return drafts.map((draft) => ({ ...draft, split: testedOnly(draft) ? "unseen" : "seen" }));
  }
  const [first] = without;
  if (first === undefined) return drafts;
  throw new LabError(
    `gives the split of some classes, but not of "${first.folder}"`,
    "Fill the column split (seen or unseen) for every class, or for none: then it is drawn.",
    { subject: file },
  );
}

/** Why a class has too few pictures, if it has. A class that may be drawn as seen must have enough for that. */
function lacks({ split, train, test }: Unsplit, shots: number): string | undefined {
  if (test === undefined) {
    const needed = split === "unseen" ? 1 : shots + 1;
    const why = split === "unseen" ? "to be tested" : `for ${shots} training pictures and a test question`;
    return train.length < needed ? `${pictures(train.length)}, ${needed} needed ${why}` : undefined;
  }
  if (test.length === 0) return "no test picture";
  return split !== "unseen" && train.length < shots
    ? `${pictures(train.length)} in train/, ${shots} needed`
    : undefined;
}

function pictures(count: number): string {
  return count === 1 ? "1 picture" : `${count} pictures`;
}

function requireTraining(root: string, { parts }: Scan): void {
  if (parts.length === 0 || parts.includes("train")) return;
  throw new LabError(
    `holds ${parts.map((part) => `${part}/`).join(" and ")}, but no train/`,
    "Put the training pictures into train/<class>/, or all class folders into the folder itself: then splits are drawn.",
    { subject: root },
  );
}

function requireTwo(root: string, usable: readonly Unsplit[], leftOut: readonly LeftOut[], shots: number): void {
  if (usable.length >= 2) return;
  const some = leftOut.slice(0, 3).map(({ folder, reason }) => `${folder}: ${reason}`);
  const more = leftOut.length > 3 ? `; and ${leftOut.length - 3} more` : "";
  const why = some.length === 0 ? "" : ` (left out: ${some.join("; ")}${more})`;
  throw new LabError(
    `has ${usable.length === 1 ? "one class" : "no class"} that can be used, and two are needed${why}`,
    `Give each class a folder of its own with ${shots + 1} pictures or more, such as <class>/1.jpg, or ask for fewer shots.`,
    { subject: root },
  );
}

/** Names are compared as answers are: without regard to case, within a super-category. */
function requireDifferentNames(root: string, drafts: readonly Unsplit[]): void {
  const first = new Map<string, string>();
  for (const { folder, subCategory } of drafts) {
    const key = subCategory.id.toLowerCase();
    const other = first.get(key);
    if (other !== undefined) {
      throw new LabError(
        `the folders "${other}" and "${folder}" both stand for the class "${subCategory.id}"`,
        `Put them together, or give them different names in ${CLASSES_FILE}.`,
        { subject: root },
      );
    }
    first.set(key, folder);
  }
}
