import * as path from "node:path";
import type { Command } from "commander";
import { placeOf } from "../config/places";
import { printableLine } from "../core/printable";
import type { Dataset, DatasetReport } from "../data/dataset";
import { exportDataset } from "../data/folder/export";
import { openDataset } from "../lab/datasets";
import { numberColumn, resultTable, textColumn, type ResultTable, type Row } from "../report/table/table";
import { toText } from "../report/table/text";
import { commandLine } from "./again";
import { benchmarkText } from "./benchmarkText";
import { addChainsCommand } from "./dataChains";
import { addDataCheck } from "./dataCheck";
import { few, SHOWN, watched } from "./watched";

/** `fine-r1 data`. */
export function addDataCommand(program: Command): void {
  const data = program
    .command("data")
    .description("look at a dataset, or write it as a folder of pictures")
    .addHelpText(
      "after",
      `
A dataset is named by its kind and what stands behind the colon (docs/datasets.md):

  miniworld:test                                    a mini-world, by its file in configs/worlds
  folder:mushrooms                                  a folder of pictures, a sub-folder for each class
  "folder:mushrooms?superCategory=mushroom&shots=8" the same, with options
  cub:sets/CUB_200_2011                             a published set as its authors ship it (docs/published-sets.md); also
                                                    cars:, dogs:, flowers:, pets:, aircraft:, and sets: for all six
  "cub:sets/CUB_200_2011?split=released"            the same with the classes and questions of released lines
  mme:MME_Benchmark, mmbench:MMBench_DEV_EN.tsv     a general benchmark (docs/benchmarks.md)

  $ npx fine-r1 data show folder:mushrooms
  $ npx fine-r1 data export miniworld:smoke smoke-pictures
  $ npx fine-r1 data chains Fine-R1-Stage1-data.json
  $ npx fine-r1 data check mushrooms`,
    );
  addChainsCommand(data);
  data
    .command("show")
    .description("classes, pictures and test questions of a dataset, and what was left out and why")
    .argument("<dataset>", "such as folder:mushrooms or miniworld:test")
    .action((spec: string) =>
      watched(async (context) => {
        console.log(description(await openDataset(spec, context)));
      }),
    );
  data
    .command("export")
    .description("write a dataset as a folder of pictures, which opens as the very same dataset")
    .argument("<dataset>", "such as miniworld:test")
    .argument("<folder>", "a new folder")
    .action((spec: string, folder: string) =>
      watched(async (context) => {
        const dataset = await openDataset(spec, context);
        const count = await exportDataset(dataset, path.resolve(folder), context);
        const place = placeOf(path.resolve(folder));
        const again = commandLine("data", "show", `folder:${place}`);
        console.log(`${count} pictures of ${dataset.name} are in ${place}. To look at them:\n  ${again}`);
      }),
    );
  addDataCheck(data);
}

function description(dataset: Dataset): string {
  const { report, fingerprint, wording } = dataset;
  if (dataset.subCategories.length === 0) return benchmarkText(dataset);
  const parts = [
    toText(countTable(dataset)),
    ...(["seen", "unseen"] as const).map((split) => namesLine(dataset, split)),
    `Questions: ${JSON.stringify(wording)} wording, such as ${example(dataset)}`,
    `Fingerprint: ${fingerprint}`,
    ...(report === undefined ? [] : reportLines(report)),
  ];
  return `\n${parts.join("\n")}`;
}

const COUNTS = {
  classesSeen: { title: "seen", group: "classes" },
  classesUnseen: { title: "unseen", group: "classes" },
  train: { title: "training", group: "pictures" },
  validation: { title: "validation", group: "pictures" },
  testSeen: { title: "seen", group: "test questions" },
  testUnseen: { title: "unseen", group: "test questions" },
} as const;

function countTable(dataset: Dataset): ResultTable {
  const names = [...new Set(dataset.subCategories.map(({ superCategory }) => superCategory))];
  const rows = names.map((name) => countRow(dataset, name, (superCategory) => superCategory === name));
  const all = names.length > 1 ? [countRow(dataset, "all", () => true)] : [];
  return resultTable({
    caption: dataset.name,
    columns: [
      textColumn("superCategory", "super-category"),
      ...Object.entries(COUNTS).map(([key, { title, group }]) => numberColumn(key, title, { group })),
    ],
    rows: [...rows, ...all],
  });
}

function countRow(dataset: Dataset, superCategory: string, counts: (superCategory: string) => boolean): Row {
  const classes = dataset.subCategories.filter((c) => counts(c.superCategory));
  const ofImages = (images: Dataset["train"]): number =>
    images.filter((image) => counts(image.subCategory.superCategory)).length;
  const ofItems = (split: "seen" | "unseen"): number => ofImages(dataset.test(split).map(({ image }) => image));
  const values: Record<keyof typeof COUNTS, number> = {
    classesSeen: classes.filter(({ seen }) => seen).length,
    classesUnseen: classes.filter(({ seen }) => !seen).length,
    train: ofImages(dataset.train),
    validation: ofImages(dataset.validation),
    testSeen: ofItems("seen"),
    testUnseen: ofItems("unseen"),
  };
  return { superCategory, ...values };
}

function namesLine(dataset: Dataset, split: "seen" | "unseen"): string {
  const classes = dataset.subCategories.filter(({ seen }) => seen === (split === "seen"));
  return `${split === "seen" ? "Seen" : "Unseen"}: ${few(classes.map(({ name }) => name))}`;
}

function example(dataset: Dataset): string {
  const [item] = [...dataset.test("seen"), ...dataset.test("unseen")];
  return item === undefined ? "none" : printableLine(`“${item.question}” (${item.options.join(", ")})`);
}

function reportLines({ pictures, skipped, leftOut, notes }: DatasetReport): string[] {
  const reasons = [...new Set(skipped.map(({ reason }) => reason))];
  const of = (reason: string): string[] => skipped.filter((one) => one.reason === reason).map(({ file }) => file);
  const table = resultTable({
    caption: `\n${pictures} pictures are there, ${skipped.length} other files are skipped`,
    columns: [textColumn("reason", "skipped as"), numberColumn("files", "files"), textColumn("such", "such as")],
    rows: reasons.map((reason) => ({ reason, files: of(reason).length, such: few(of(reason), 2) })),
  });
  return [
    ...(skipped.length === 0 ? [`${pictures} pictures are there, no file was skipped.`] : [toText(table)]),
    ...leftOut.slice(0, SHOWN).map(({ folder, reason }) => printableLine(`Class left out: ${folder}: ${reason}.`)),
    ...(leftOut.length > SHOWN ? [`… and ${leftOut.length - SHOWN} more classes left out.`] : []),
    ...notes.map((note) => `Note: ${printableLine(note)}`),
  ];
}
