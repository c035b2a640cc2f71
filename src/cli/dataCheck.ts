import * as path from "node:path";
import type { Command } from "commander";
import { LabError } from "../core/errors";
import { isFolder } from "../core/folders";
import { printableLine } from "../core/printable";
import { checkPictures, type DuplicateGroup, type PictureCheck } from "../data/check/check";
import { NEAR } from "../data/check/fingerprint";
import { listDataset, listFolder } from "../data/check/listing";
import { readReleasedFolder } from "../data/releasedLines";
import { checkReleased, inBothSplits, type InBothSplits, type ReleasedFindings } from "../eval/releasedCheck";
import { openDataset } from "../lab/datasets";
import { numberColumn, resultTable, textColumn } from "../report/table/table";
import { toText } from "../report/table/text";
import { few, SHOWN, watched } from "./watched";

interface CheckArguments {
  readonly released?: string;
  readonly json?: true;
}

/** `fine-r1 data check`: exit code 1 where something is broken. */
export function addDataCheck(data: Command): void {
  data
    .command("check")
    .description("decode every picture, find broken ones and duplicates; or look through the release's benchmark lines")
    .argument("[what]", "a folder of pictures in any layout, or a dataset such as folder:mushrooms")
    .option("--released <folder>", "check released lines (bird_seen.jsonl, …) instead; needs no pictures")
    .option("--json", "print what was found as JSON")
    .addHelpText(
      "after",
      `
  $ npx fine-r1 data check mushrooms                every picture under a folder
  $ npx fine-r1 data check "folder:mushrooms"       what a run would train on and test with
  $ npx fine-r1 data check --released eval/data     the lines alone`,
    )
    .action(async (what: string | undefined, { released, json }: CheckArguments) => {
      const show = json === true;
      const blank = [what, released].find((given) => given?.trim() === "");
      if (blank !== undefined) throw new LabError("is no folder", "Give a folder's path, or . for this one.", { subject: `"${blank}"` }); // prettier-ignore
      if (released !== undefined && what === undefined) checkLines(released, show);
      else if (what !== undefined && released === undefined) await check(what, show);
      else throw new LabError("takes one thing to check", "Give a folder or a dataset, or --released and a folder.");
    });
}

async function check(what: string, json: boolean): Promise<void> {
  await watched(async (context) => {
    const folder = path.resolve(what);
    if (!what.includes(":") && !isFolder(folder)) {
      throw new LabError("there is no such folder", "Check the path, or give a dataset such as folder:mushrooms.", {
        subject: what,
      });
    }
    const listing = isFolder(folder) ? listFolder(folder) : listDataset(await openDataset(what, context));
    if (listing.pictures.length + listing.broken.length === 0) {
      throw new LabError("holds no picture", "Give a folder with PNG, JPEG, WebP, GIF, TIFF or AVIF files.", {
        subject: what,
      });
    }
    const found = await checkPictures(listing, context);
    console.log(json ? JSON.stringify(found, null, 2) : pictureText(found));
    if (found.broken.length === 0) return;
    const total = listing.pictures.length + listing.broken.length;
    throw new LabError(`${found.broken.length} of ${total} pictures are broken`, "Get them again, or remove them.");
  });
}

function pictureText({ name, parts, others, broken, exact, near }: PictureCheck): string {
  const table = resultTable({
    caption: name,
    columns: [
      textColumn("part", "pictures for"),
      ...(["classes", "pictures", "broken"] as const).map((key) => numberColumn(key, key)),
    ],
    rows: parts.map(({ part, ...counts }) => ({ part, ...counts })),
  });
  const more = broken.length > SHOWN ? [`… and ${broken.length - SHOWN} more (--json has all).`] : [];
  return [
    "",
    toText(table),
    ...(others === 0 ? [] : [`${others} other files are no pictures and were passed over.`]),
    ...broken.slice(0, SHOWN).map(({ id, reason }) => printableLine(`Broken: ${id}: ${reason}`)),
    ...more,
    ...groupLines("Same pictures", exact),
    ...groupLines(`Near duplicates (at most ${NEAR} of 64 bits of their difference hashes apart)`, near),
  ].join("\n");
}

/** Those between training and test first. */
function groupLines(title: string, groups: readonly DuplicateGroup[]): string[] {
  const across = groups.filter((group) => group.across);
  const pictures = groups.reduce((sum, group) => sum + group.pictures.length, 0);
  if (groups.length === 0) return [`${title}: none.`];
  const shown = [...across, ...groups.filter((group) => !group.across)];
  return [
    `${title}: ${pictures} in ${groups.length} groups, ${across.length} of these with pictures for training and for testing.`,
    ...shown.slice(0, SHOWN).map((group) => `  ${group.across ? "train/test" : "          "}  ${members(group)}`),
    ...(shown.length > SHOWN ? [`  … and ${shown.length - SHOWN} more (--json has all).`] : []),
  ];
}

function members({ pictures }: DuplicateGroup): string {
  return few(pictures.map(({ id, part }) => (part === "all" || id.startsWith(`${part}/`) ? id : `${id} (${part})`)), 4); // prettier-ignore
}

function checkLines(folder: string, json: boolean): void {
  const files = readReleasedFolder(path.resolve(folder));
  const found = files.map((file) => checkReleased(file));
  const both = inBothSplits(files);
  const bad = (key: (one: ReleasedFindings) => number): number => found.reduce((sum, one) => sum + key(one), 0);
  console.log(json ? JSON.stringify({ files: found, inBothSplits: both }, null, 2) : releasedText(found, both));
  const [malformed, without] = [bad((one) => one.malformed.length), bad(({ withoutTruth }) => withoutTruth)];
  const empty = found.filter((one) => one.items + one.malformed.length === 0).map(({ file }) => path.basename(file));
  const problems = [
    ...(malformed + without === 0
      ? []
      : [`${malformed} lines are malformed, ${without} do not offer the right answer`]),
    ...(empty.length === 0 ? [] : [`no line stands in ${empty.join(", ")}`]),
  ];
  if (problems.length === 0) return;
  throw new LabError(problems.join("; "), "Get the files again from the release, or remove what is wrong.");
}

function releasedText(found: readonly ReleasedFindings[], both: readonly InBothSplits[]): string {
  const table = resultTable({
    caption: "Released benchmark lines",
    columns: [
      textColumn("set", "set"),
      textColumn("split", "split"),
      numberColumn("items", "items"),
      numberColumn("classes", "classes"),
      numberColumn("malformed", "malformed"),
      numberColumn("withoutTruth", "truth missing", { group: "options" }),
      numberColumn("insideOthers", "truth inside another", { group: "options" }),
      numberColumn("repeatedOptions", "offered twice", { group: "options" }),
      numberColumn("repeatedPictures", "pictures repeated"),
      numberColumn("released", "as released", { group: "right option first", percent: true }),
      numberColumn("shuffled", "shuffled here", { group: "right option first", percent: true }),
    ],
    rows: found.map((one) => ({
      ...{ set: one.set, split: one.split ?? "–", items: one.items, classes: one.classes },
      ...{ malformed: one.malformed.length, withoutTruth: one.withoutTruth, insideOthers: one.insideOthers },
      ...{ repeatedOptions: one.repeatedOptions, repeatedPictures: one.repeatedPictures },
      released: share(one.firstAsReleased, one.items),
      shuffled: share(one.firstShuffled, one.items),
    })),
    notes: [
      "Truth inside another: the released accuracy counts the choice of that option as right. Shuffled here: by seed 42 and the path in the line; a dataset shuffles by its pictures' ids, so that the rate is alike and not each order.",
      "The lines alone were read; whether the pictures that they name are there was not looked at.",
    ],
  });
  const lines = found.flatMap(({ file, malformed }) =>
    malformed.map(({ line, reason }) => printableLine(`Malformed: ${path.basename(file)}, line ${line}: ${reason}`)),
  );
  const mixed = both.flatMap(({ set, classes, pictures }) => [
    ...(classes.length === 0 ? [] : [printableLine(`Seen and unseen at once in ${set}: ${few(classes)}.`)]),
    ...(pictures.length === 0
      ? []
      : [printableLine(`Pictures asked about as seen and as unseen in ${set}: ${few(pictures)}.`)]),
  ]);
  const more = lines.length > SHOWN ? [`… and ${lines.length - SHOWN} more malformed lines (--json has all).`] : [];
  return ["", toText(table), ...lines.slice(0, SHOWN), ...more, ...mixed].join("\n");
}

function share(count: number, of: number): number | null {
  return of === 0 ? null : count / of;
}
