import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import { LabError, messageOf } from "../../core/errors";
import { groupBy } from "../../core/groups";
import { asTask, check, silent, type Progress } from "../../core/progress";
import { sideBySide } from "../../workers/job";
import { greyOf, singleThreaded } from "../images";
import { differenceHash, HASHED, hashDistance, nearPairs, type DifferenceHash } from "./fingerprint";
import type { Broken, ListedPicture, Listing, Part } from "./listing";

/** What was found among pictures. Plain JSON. */
export interface PictureCheck {
  readonly name: string;
  readonly parts: readonly PartCount[];
  /** Files that are no pictures and need not be. */
  readonly others: number;
  readonly broken: readonly Broken[];
  /** Pictures of the same bytes (of a dataset that draws them: the same pixels). */
  readonly exact: readonly DuplicateGroup[];
  /** Pictures that look alike by their difference hash, and are not all the same. */
  readonly near: readonly DuplicateGroup[];
}

export interface PartCount {
  readonly part: Part;
  readonly classes: number;
  readonly pictures: number;
  readonly broken: number;
}

/** Pictures that are the same, each the near duplicate of another one of the group. */
export interface DuplicateGroup {
  readonly pictures: readonly Pick<ListedPicture, "id" | "part" | "class">[];
  /** The most bits, of 64, between two that make it a group. */
  readonly bits: number;
  /** Whether a picture that is tested on is also trained or validated on. */
  readonly across: boolean;
}

export interface CheckContext {
  readonly progress?: Progress;
  readonly signal?: AbortSignal | undefined;
}

/** What a decoded picture leaves behind. */
interface Seen {
  readonly picture: ListedPicture;
  /** Of the file's bytes, or the pixels. */
  readonly sha256: string;
  readonly hash: DifferenceHash;
}

/** Decodes every picture in full, several at a time, and looks for broken ones and duplicates. */
export async function checkPictures(
  listing: Listing,
  { progress = silent, signal }: CheckContext = {},
): Promise<PictureCheck> {
  const { name, pictures, others } = listing;
  const broken = [...listing.broken];
  const seen: Seen[] = [];
  const failed: ListedPicture[] = [];
  await asTask(progress, "decoding pictures", pictures.length, (task) =>
    singleThreaded(async () => {
      const ahead = 2 * os.availableParallelism();
      const tasks = pictures.map((one) => async () => ({ one, found: await look(one) }));
      for await (const { one, found } of sideBySide(tasks, { signal, ahead })) {
        if ("reason" in found) failed.push(one);
        else seen.push(found);
        task.update(seen.length + failed.length, { broken: failed.length });
      }
    }),
  );
  // one at a time: of several that fail at once the decoder may tell the reason of one alone
  for (const one of failed) {
    check(signal);
    const found = await look(one);
    if ("reason" in found) broken.push(found);
    else seen.push(found);
  }
  const parts = partsOf([...pictures, ...listing.broken], broken);
  return { name, parts, others, broken, exact: exactGroups(seen), near: nearGroups(seen) };
}

function partsOf(all: readonly (ListedPicture | Broken)[], broken: readonly Broken[]): PartCount[] {
  return [...new Set(all.map(({ part }) => part))].map((part) => {
    const own = all.filter((one) => one.part === part);
    const classes = new Set(own.flatMap((one) => one.class ?? [])).size;
    return { part, classes, pictures: own.length, broken: broken.filter((one) => one.part === part).length };
  });
}

async function look(picture: ListedPicture): Promise<Seen | Broken> {
  const { id, part, class: of, file, load } = picture;
  try {
    const source = file === undefined ? await load?.() : fs.readFileSync(file);
    if (source === undefined) throw new RangeError("it has neither a file nor pixels");
    const bytes = "data" in source ? source.data : source;
    const size = "data" in source ? `${source.width} × ${source.height}` : "";
    if (bytes.length === 0) throw new RangeError("an empty file");
    const grey = await greyOf(source, file ?? id, HASHED);
    return {
      picture,
      sha256: createHash("sha256").update(size).update(bytes).digest("hex"),
      hash: differenceHash(grey),
    };
  } catch (error) {
    return { id, part, class: of, reason: error instanceof LabError ? error.reason : messageOf(error) };
  }
}

function exactGroups(seen: readonly Seen[]): DuplicateGroup[] {
  return [...groupBy(seen, ({ sha256 }) => sha256).values()].flatMap((own) =>
    own.length < 2 ? [] : [groupOf(own, 0)],
  );
}

/** Groups by union and find over near pairs of different hashes. What has no edge at all, such as a plain area, resembles nothing. */
function nearGroups(seen: readonly Seen[]): DuplicateGroup[] {
  const alike = [...groupBy(seen, ({ hash }) => `${hash.high}/${hash.low}`).values()].filter(
    ([first]) => first !== undefined && first.hash.high + first.hash.low > 0,
  );
  const hashes = alike.flatMap(([first]) => (first === undefined ? [] : [first.hash]));
  const above = hashes.map((_, place) => place);
  const top = (place: number): number => {
    let at = place;
    while (above[at] !== at) at = above[at] ?? at;
    above[place] = at;
    return at;
  };
  const bits = hashes.map(() => 0);
  for (const [a, b] of nearPairs(hashes)) {
    const [to, from] = [top(a), top(b)];
    const apart = hashDistance(hashes[a] as DifferenceHash, hashes[b] as DifferenceHash);
    bits[to] = Math.max(bits[to] ?? 0, bits[from] ?? 0, apart);
    above[from] = to;
  }
  const groups = groupBy(
    alike.map((own, place) => ({ own, place })),
    ({ place }) => String(top(place)),
  );
  return [...groups].flatMap(([place, members]) => {
    const own = members.flatMap((one) => one.own);
    return new Set(own.map(({ sha256 }) => sha256)).size < 2 ? [] : [groupOf(own, bits[Number(place)] ?? 0)];
  });
}

function groupOf(own: readonly Seen[], bits: number): DuplicateGroup {
  const pictures = own.map(({ picture: { id, part, class: of } }) => ({ id, part, class: of }));
  const parts = new Set(pictures.map(({ part }) => part));
  return { pictures, bits, across: parts.has("test") && (parts.has("train") || parts.has("validation")) };
}
