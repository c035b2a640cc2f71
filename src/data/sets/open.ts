import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { readStored } from "../../config/stored";
import { LabError } from "../../core/errors";
import { isFolder, statOf } from "../../core/folders";
import { briefly } from "../../core/printable";
import { asTask, breathe, check, silent } from "../../core/progress";
import { digest } from "../../store/key";
import { drawDataset, notesOn, type Asked, type ClassPool } from "../drawn";
import { folderOptionsSchema, parseOptions, type FolderContext, type FolderDataset } from "../folder/folder";
import { pictureReader } from "../folder/pictures";
import type { Part } from "../folder/scan";
import { drawSeen } from "../splits";
import type { LabelledImage, SubCategory } from "../types";
import { aircraft } from "./aircraft";
import { cars } from "./cars";
import { requireNamed, requireOnce } from "./checks";
import { cub } from "./cub";
import { dogs } from "./dogs";
import { flowers } from "./flowers";
import { AbsentFiles, SetFolder, type ListedPicture, type PictureSet, type SetListing } from "./listing";
import { pets } from "./pets";
import { readReleasedLines, resolveReleased, type ReleasedSplit } from "./released";

/** The six sets of the paper (§5.1). */
export const PICTURE_SETS: readonly PictureSet[] = [cub, cars, dogs, flowers, pets, aircraft];

/** How published sets become a dataset. All but the places is part of the fingerprint. */
export const setOptionsSchema = folderOptionsSchema.omit({ superCategory: true }).extend({
  /** A folder of released lines: its classes, names, questions and options; absent, classes are drawn by the seed. */
  split: z.string().min(1).optional(),
  /** The released stage-1 file: the pictures that its chains are about are the first of each class's shots. */
  chains: z.string().min(1).optional(),
});

export type SetOptions = Readonly<z.input<typeof setOptionsSchema>>;
export type SetSettings = Readonly<z.output<typeof setOptionsSchema>>;

/** A set where it lies, and all that was found out about it. */
interface Opened {
  readonly set: PictureSet;
  readonly root: string;
  readonly listing: SetListing;
  /** Bytes of each picture's file. */
  readonly sizes: ReadonlyMap<string, number>;
  readonly released: ReleasedSplit | undefined;
}

/**
 * Opens published sets as their authors ship them, as one dataset with a domain for each; their labels, class names and official splits.
 * - Shots are drawn from the official training pictures of the seen classes; the official validation pictures are the validation ones, where
 *   a set has them; test questions are about the official test pictures, or those of them that released lines ask about.
 * - Ids are `<kind>/<path in the set's folder>`, such as "cub/images/001.Black_footed_Albatross/….jpg".
 * - Pictures are not hashed when a set is opened (74,000 of them): that each is there is checked, and its size is part of the fingerprint.
 * @param at the folder of the one set, or that in which the folders of several stand
 * @throws AbsentFiles naming every set that is missing, in whole or in part, and where it is published
 * @throws LabError for an option that is wrong, or lists that say what cannot be
 */
export async function openPictureSets(
  sets: readonly PictureSet[],
  at: string,
  options: SetOptions = {},
  context: FolderContext = {},
): Promise<FolderDataset> {
  const settings = parseOptions(setOptionsSchema, options, at, "docs/published-sets.md");
  if (!isFolder(at)) throw new LabError("there is no such folder", "Put the pictures there, or correct the path: docs/published-sets.md.", { subject: at }); // prettier-ignore
  const opened = await openAll(sets, at, settings, context);
  const asked = new Map(opened.flatMap(({ set, released }) => [...(released?.asked ?? [])].map(([file, one]) => [idOf(set, file), one] as const))); // prettier-ignore
  const first = settings.chains === undefined ? new Set<string>() : picturesIn(settings.chains);
  const pools = opened.flatMap((one) => poolsOf(one, settings, first, context.cacheMiB));
  const drawn = drawDataset(pools, settings, asked);
  const titles = sets.map(({ title }) => title).join(", ");
  return {
    name: sets.length === 1 ? titles : `${sets.length} sets`,
    fingerprint: fingerprintOf(settings, opened, drawn.subCategories, asked, pools),
    ...drawn,
    report: {
      folder: at,
      pictures: opened.reduce((sum, { sizes }) => sum + sizes.size, 0),
      skipped: [],
      leftOut: opened.flatMap(leftOutOf),
      notes: [
        "The pictures' files are there; none was opened yet.",
        ...opened.flatMap(notesOnSet),
        ...firstNote(first, pools),
        ...notesOn(drawn.subCategories),
      ],
    },
  };
}

/** Looks at all sets before it says what is missing: who fetches one set after the other asks for all at once. */
async function openAll(
  sets: readonly PictureSet[],
  at: string,
  settings: SetSettings,
  context: FolderContext,
): Promise<Opened[]> {
  const opened: Opened[] = [];
  const absent: AbsentFiles[] = [];
  for (const set of sets) {
    try {
      opened.push(await openOne(set, sets.length === 1, at, settings, context));
    } catch (error) {
      if (!(error instanceof AbsentFiles)) throw error;
      absent.push(error);
    }
  }
  const [first, another] = absent;
  if (first === undefined) return opened;
  if (another === undefined) throw first;
  throw new AbsentFiles(
    absent.flatMap(({ what }) => what),
    absent.map(({ reason }) => reason).join("; "),
    "docs/published-sets.md has the address and the layout of each.",
    { subject: at },
  );
}

async function openOne(
  set: PictureSet,
  alone: boolean,
  at: string,
  { split }: SetSettings,
  context: FolderContext,
): Promise<Opened> {
  const folder = locate(set, alone, at);
  const listing = set.read(folder);
  requireNamed(listing, folder.root, set);
  requireOnce(listing, folder.root, set);
  const released = split === undefined ? undefined : resolveReleased(listing, readReleasedLines(split, set), set.title); // prettier-ignore
  const names = listing.classes.map(({ key, name }) => released?.classes.get(key)?.name ?? name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new LabError(`calls two classes "${twice}"`, set.published, { subject: folder.root });
  return { set, root: folder.root, listing, released, sizes: await sizesOf(set, folder.root, listing, context) };
}

/** The folder of a set: the one given, or one of the set's names in it. */
function locate(set: PictureSet, alone: boolean, at: string): SetFolder {
  const inside = set.folders.map((name) => path.join(at, name));
  const [own = ""] = set.folders;
  const places = [...(alone ? [at] : []), ...inside].flatMap((place) => [place, path.join(place, own)]);
  const found = places.find((place) => set.marks.some((mark) => fs.existsSync(path.join(place, mark))));
  if (found !== undefined) return new SetFolder(found, set);
  const where = alone ? "" : ` in ${set.folders.map((name) => `${name}/`).join(" or ")}`;
  throw new AbsentFiles(
    [set.title],
    `has no ${set.title}${where}: there is no ${set.marks.join(" and no ")}`,
    `${set.published} docs/published-sets.md shows the layout.`,
    { subject: at },
  );
}

/** Looks for every picture that the lists name. */
async function sizesOf(
  set: PictureSet,
  root: string,
  { pictures }: SetListing,
  { progress = silent, signal }: FolderContext,
) {
  // prettier-ignore
  const sizes = new Map<string, number>();
  const missing: string[] = [];
  await asTask(progress, `looking for pictures of ${set.title}`, pictures.length, async (task) => {
    for (const [index, { file }] of pictures.entries()) {
      const found = statOf(path.join(root, file));
      if (found?.isFile() === true && found.size > 0) sizes.set(file, found.size);
      else missing.push(file);
      if (index % 1000 !== 999) continue;
      check(signal);
      task.update(index + 1);
      await breathe();
    }
    task.update(pictures.length);
  });
  if (missing.length === 0) return sizes;
  throw new AbsentFiles(
    [`${missing.length} picture${missing.length === 1 ? "" : "s"} of ${set.title}`],
    `${missing.length} of the ${pictures.length} pictures that the lists of ${set.title} name are not there, such as ${briefly(missing[0] ?? "")}`,
    `Unpack the archive again. ${set.published}`,
    { subject: root },
  );
}

function idOf({ kind }: PictureSet, file: string): string {
  return `${kind}/${file}`;
}

function poolsOf(
  { set, root, listing, sizes, released }: Opened,
  { seed, seenFraction }: SetSettings,
  first: ReadonlySet<string>,
  cacheMiB?: number,
): ClassPool[] {
  // prettier-ignore
  const { superCategory } = set;
  const read = pictureReader(root, cacheMiB);
  const held = new Map(listing.classes.map(({ key }) => [key, [] as ListedPicture[]]));
  for (const picture of listing.pictures) held.get(picture.class)?.push(picture);
  const named = listing.classes.flatMap(({ key, name: own, genus }) => {
    const given = released?.classes.get(key);
    if (given === undefined && (released !== undefined || held.get(key)?.length === 0)) return [];
    const name = given?.name ?? own;
    const about = { id: `${superCategory}/${name}`, name, superCategory, ...(genus === undefined ? {} : { genus }) };
    return [{ key, about, given }];
  });
  const seen = drawSeen(named.map(({ about }) => about), seenFraction, seed); // prettier-ignore
  const validated = listing.pictures.some(({ part }) => part === "validation");
  return named.map(({ key, about, given }): ClassPool => {
    const subCategory: SubCategory = { ...about, seen: given?.seen ?? seen.has(about.id) };
    const all = (held.get(key) ?? []).map(({ file, part }) => {
      const load = () => read({ file, bytes: sizes.get(file) ?? 0 });
      return { image: { id: idOf(set, file), subCategory, file: path.resolve(root, file), load }, part, file };
    });
    const of = (wanted: Part): LabelledImage[] => all.filter(({ part }) => part === wanted).map(({ image }) => image);
    const test = all.filter(({ part, file }) => part === "test" && released?.asked.has(file) !== false);
    return {
      subCategory,
      train: of("train"),
      ...(validated ? { validation: of("validation") } : {}),
      test: test.map(({ image }) => image),
      first: all.filter(({ part, file }) => part !== "test" && first.has(path.posix.basename(file))).map(({ image }) => image), // prettier-ignore
    };
  });
}

function leftOutOf({ listing, released }: Opened): { folder: string; reason: string }[] {
  const used = released?.classes ?? new Set(listing.pictures.map((picture) => picture.class));
  const reason = released === undefined ? "the lists name no picture of it" : "no released line is about it";
  return listing.classes.filter(({ key }) => !used.has(key)).map(({ key }) => ({ folder: key, reason }));
}

/** What the lists say, and what they say otherwise than the set's authors. */
function notesOnSet({ set, listing, released }: Opened): string[] {
  const count = (part: Part): number => listing.pictures.filter((picture) => picture.part === part).length;
  const found = { classes: listing.classes.length, train: count("train"), validation: count("validation"), test: count("test") }; // prettier-ignore
  const lines = released === undefined ? "" : ` ${released.asked.size} of the test pictures have a released line.`;
  const other = countsText(found) !== countsText(set.counts);
  return [
    `${set.title}: ${countsText(found)}.${lines}`,
    ...(other ? [`Its authors publish ${set.title} with ${countsText(set.counts)}: these lists are of a part, or cut.`] : []), // prettier-ignore
  ];
}

function countsText(counts: PictureSet["counts"]): string {
  const parts = (["train", "validation", "test"] as const).filter((part) => counts[part] > 0);
  return `${counts.classes} classes; by the official split ${parts.map((part) => `${counts[part]} ${part}`).join(", ")}`; // prettier-ignore
}

/** Names of the pictures' files in the released stage-1 file. */
function picturesIn(chains: string): ReadonlySet<string> {
  const schema = z.array(z.object({ images: z.array(z.string()) }));
  const records = readStored(chains, schema, "stage-1 file of the Fine-R1 release", "Give Fine-R1-Stage1-data.json.");
  return new Set(records.flatMap(({ images }) => images.map((file) => path.posix.basename(file))));
}

function firstNote(first: ReadonlySet<string>, pools: readonly ClassPool[]): string[] {
  if (first.size === 0) return [];
  const found = pools.flatMap((pool) => pool.first ?? []);
  const seen = found.filter(({ subCategory }) => subCategory.seen).length;
  const unseen = found.length - seen;
  const rest = unseen === 0 ? "" : ` ${unseen} are of unseen classes and not used.`;
  return [`${found.length} of ${first.size} pictures with chains are of these sets; ${seen} begin the shots of their classes.${rest}`]; // prettier-ignore
}

function fingerprintOf(
  { shots, seed, seenFraction, testPerClass, wording }: SetSettings,
  opened: readonly Opened[],
  subCategories: readonly SubCategory[],
  asked: ReadonlyMap<string, Asked>,
  pools: readonly ClassPool[],
): string {
  const pictures = opened.flatMap(({ set, listing, sizes }) =>
    listing.pictures.map(({ file, part, class: key }) => [idOf(set, file), sizes.get(file) ?? 0, key, part]),
  );
  const first = pools.flatMap((pool) => (pool.first ?? []).map(({ id }) => id));
  const settings = { shots, seed, seenFraction, testPerClass, wording };
  return digest({ sets: 1, settings, subCategories, pictures, first, asked: [...asked] }).slice(0, 16);
}
