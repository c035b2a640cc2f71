import * as path from "node:path";
import type { Command } from "commander";
import { writeFileAtomic } from "../core/files";
import { keptFolder } from "../lab/kept";
import { answerBook } from "../report/browse/book";
import { answerPage } from "../report/browse/page";
import { openAnswered, type AnsweredArguments } from "./answered";
import { addProfileOptions, addRowsOption, wholeFrom } from "./options";
import { SHOWN } from "./watched";

/** Pictures on a page unless told otherwise: one of every class of the mini-world, some three megabytes. */
const LIMIT = 240;

interface BrowseArguments extends AnsweredArguments {
  readonly out?: string;
  readonly limit: number;
}

/** `fine-r1 browse <experiment>`. */
export function addBrowseCommand(program: Command): void {
  const command = program
    .command("browse")
    .description("write one page with an experiment's answers, pictures and chains, to filter and to compare models")
    .argument("<experiment>", "whose answers; fine-r1 list shows them");
  addRowsOption(addProfileOptions(command))
    .option("--seeds <list>", "seeds of training, such as 3 or 1-5")
    .option(
      "-o, --out <file>",
      "where to write the page; default: answers.html beside the experiment's tables in runs/",
    )
    .option("--limit <n>", "pictures at most, one of every class before a second of any", wholeFrom(1), LIMIT)
    .addHelpText(
      "after",
      `
The page is one file that works offline. It shows what is in runs/store of every method, filtered by domain, seen or
unseen classes, right or wrong answers and the first wrong step; two models stand side by side.

  $ npx fine-r1 browse quickstart
  $ npx fine-r1 browse quickstart -p smoke --limit 1000 -o all.html`,
    )
    .action(browse);
}

async function browse(id: string, options: BrowseArguments): Promise<void> {
  const { lab, asked, missing } = await openAnswered(id, options);
  const { profile } = lab;
  const { superCategory } = profile.evaluation;
  const title = `${id}, profile ${profile.name}`;
  const book = await answerBook({ title, dataset: lab.dataset, asked, leftOut: missing, superCategory }, options.limit);
  const file = options.out ?? path.join(keptFolder(id, profile.name, "report"), "answers.html");
  const page = answerPage(book);
  writeFileAtomic(file, page);
  const { pictures, allPictures, models } = book;
  const left = allPictures - pictures.length;
  const rest = left === 0 ? "" : ` ${left} are left out; all of them: --limit ${allPictures}.`;
  console.log(
    `${pictures.length} of ${allPictures} pictures, models: ${models.map((model) => model.title).join("; ")}. ` +
      `${Math.ceil(Buffer.byteLength(page) / 1000)} kB.${rest}\n` +
      leftOutLines(missing) +
      `Open it in a browser: ${path.relative(process.cwd(), file)}`,
  );
}

function leftOutLines(missing: readonly string[]): string {
  const more = missing.length > SHOWN ? [`… and ${missing.length - SHOWN} more; the page lists all.`] : [];
  const lines = [...missing.slice(0, SHOWN).map((one) => `Left out: ${one}.`), ...more];
  return lines.map((line) => `${line}\n`).join("");
}
