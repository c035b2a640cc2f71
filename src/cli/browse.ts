import * as fs from "node:fs";
import * as path from "node:path";
import type { Command } from "commander";
import { runsRoot } from "../config/places";
import { LabError } from "../core/errors";
import { writeFileAtomic } from "../core/files";
import { isFolder } from "../core/folders";
import { readAnswers } from "../report/browse/answers";
import { answerPage } from "../report/browse/page";

/** Pictures on a page unless told otherwise: one of every class of the mini-world, some three megabytes. */
const LIMIT = 240;

/** `fine-r1 browse`. */
export function addBrowseCommand(program: Command): void {
  program
    .command("browse")
    .description("write one page with a run's answers, pictures and chains, to filter and to compare models")
    .argument("<run>", "a run's folder (runs/quickstart/mini), experiment/profile, or a profile's name")
    .option("-o, --out <file>", "where to write the page; default: answers.html in the run's folder")
    .option("--limit <n>", "pictures at most, one of every class before a second of any", String(LIMIT))
    .addHelpText(
      "after",
      `
The page is one file that works offline. It shows the newest finished evaluation of every model, filtered by domain,
seen or unseen classes, right or wrong answers and the first wrong step; two models stand side by side.

  $ npx fine-r1 browse mini
  $ npx fine-r1 browse runs/quickstart/smoke --limit 1000 -o all.html`,
    )
    .action(async (run: string, options: { out?: string; limit: string }) => {
      const limit = Number(options.limit);
      if (!/^\d+$/u.test(options.limit) || limit < 1) {
        throw new LabError(`"${options.limit}" is no limit`, "Give a whole number from 1 on.");
      }
      const folder = findRun(run);
      const book = await readAnswers(folder, limit);
      const file = options.out ?? path.join(folder, "answers.html");
      const page = answerPage(book);
      writeFileAtomic(file, page);
      const { pictures, allPictures, models, leftOut } = book;
      const kilobytes = Math.ceil(Buffer.byteLength(page) / 1000);
      const left = allPictures - pictures.length;
      const rest = left === 0 ? "" : ` ${left} are left out; all of them: --limit ${allPictures}.`;
      console.log(
        `${pictures.length} of ${allPictures} pictures, models: ${models.map(({ title }) => title).join("; ")}. ${kilobytes} kB.${rest}\n` +
          leftOut.map((what) => `Left out: ${what}.\n`).join("") +
          `Open it in a browser: ${path.relative(process.cwd(), file)}`,
      );
    });
}

/** The folder of a run by its path, by experiment/profile, or by the quickstart's profile. */
function findRun(run: string): string {
  const root = runsRoot();
  const places = [path.resolve(run), path.join(root, run), path.join(root, "quickstart", run)];
  const found = places.find(isFolder);
  if (found !== undefined) return found;
  const known = runsOf(root);
  const remedy =
    known.length === 0
      ? "No run has been made yet: npm start makes quickstart/mini."
      : `There are these: ${known.join(", ")}.`;
  throw new LabError("there is no such run", remedy, { subject: run });
}

function runsOf(root: string): string[] {
  const foldersIn = (folder: string): string[] =>
    fs.existsSync(folder)
      ? fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
      : [];
  return foldersIn(root)
    .filter((experiment) => experiment !== "base") // where base models are built: nothing is asked there
    .flatMap((experiment) => foldersIn(path.join(root, experiment)).map((profile) => `${experiment}/${profile}`));
}
