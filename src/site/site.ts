import * as fs from "node:fs";
import * as path from "node:path";
import { ROOT } from "../config/load";
import { placeOf } from "../config/places";
import { LabError } from "../core/errors";
import { readText, writeFolderAtomic } from "../core/files";
import { isFolder, makeFolder } from "../core/folders";
import { sweepLeftovers } from "../core/leftovers";
import { asTask, check, type Progress } from "../core/progress";
import { digest } from "../store/key";
import { CHAIN_STEPS } from "../miniworld";
import { ANSWERS_SCRIPT } from "../report/browse/page";
import { PLOTLY_SCRIPT } from "../report/figure/render";
import { browsePage, browseRun, labs, type BrowsedRun } from "./answers";
import { foundRuns, foundScorecards, type FoundRun } from "./found";
import { answersPage, glossaryPage, indexPage, runPage, scorecardPage } from "./pages";
import { GENERATOR, pageText, type Page } from "./parts";
import { SITE_STYLE } from "./style";

/** The compiled client.ts. */
const SITE_SCRIPT = path.join(ROOT, "dist", "site", "client.js");

export interface SiteOptions {
  /** Whether one's own runs are shown beside the recorded ones. */
  readonly mine: boolean;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** What a site shows. */
export interface Site {
  readonly pages: number;
  readonly runs: readonly FoundRun[];
  readonly browsed: readonly BrowsedRun[];
}

/**
 * Writes the site of everything that was recorded (and made here) into a folder, whole or not at all. It needs no server and no
 * network. The same results, with the same store, give the same bytes.
 * @throws LabError where the folder holds something else than a site, and for a broken table, figure or record, which it names
 */
export async function writeSite(folder: string, { mine, progress, signal }: SiteOptions): Promise<Site> {
  sweepSites(folder);
  requireSite(folder);
  const runs = foundRuns(mine);
  const scorecards = foundScorecards(mine);
  const browsed: BrowsedRun[] = [];
  let pages = 0;
  await writeFolderAtomic(folder, async (temporary) => {
    fs.writeFileSync(path.join(temporary, MARK), ""); // first: by it the next report knows what a killed one left
    const write = (at: string, content: string | Buffer): void => {
      const file = path.join(temporary, at);
      makeFolder(path.dirname(file));
      fs.writeFileSync(file, content);
    };
    const writePage = (page: Page): void => {
      write(page.at, pageText(page));
      pages += 1;
    };
    const lab = labs();
    let done = 0;
    await asTask(progress, "site", runs.length, async (task) => {
      for (const run of runs) {
        check(signal);
        const others = runs.filter((other) => other.id === run.id && other !== run);
        const found = await browseRun(run, lab, (webp) => {
          const at = `pictures/${digest(webp.toString("base64"))}.webp`;
          write(at, webp);
          return at;
        });
        if (found !== undefined) browsed.push(found);
        copyFiles(run, path.join(temporary, run.at));
        writePage(runPage(run, others, found));
        if (found?.book !== undefined) writePage(browsePage(run, found.book));
        task.update(++done);
      }
    });
    for (const scorecard of scorecards) {
      copyFiles(scorecard, path.join(temporary, scorecard.at));
      writePage(scorecardPage(scorecard));
    }
    for (const page of [indexPage(runs, scorecards), answersPage(browsed), glossaryPage(CHAIN_STEPS)]) writePage(page);
    write("site.css", SITE_STYLE);
    write("site.js", readText(SITE_SCRIPT));
    write("answers.js", readText(ANSWERS_SCRIPT));
    write("plotly.min.js", fs.readFileSync(PLOTLY_SCRIPT));
    fs.rmSync(path.join(temporary, MARK));
  });
  return { pages, runs, browsed };
}

/** In a site that is being written. */
const MARK = ".unfinished";

/** Clears what killed reports left beside a site, and puts the old one back where the kill left none; nothing else that has such a name. */
function sweepSites(folder: string): void {
  const [above, name] = [path.dirname(folder), path.basename(folder)];
  sweepLeftovers(above, undefined, (left) => {
    const isNear = path.basename(left).replace(/\.(tmp|old)-\d+$/u, "") === name;
    return isNear && isFolder(left) && (fs.existsSync(path.join(left, MARK)) || isSite(left));
  });
}

/** A folder that is not there, is empty, or holds an earlier site: what lies in it goes away with it. */
function requireSite(folder: string): void {
  if (!isFolder(folder) || isSite(folder)) return;
  throw new LabError("holds something else than a site, which would be lost", "Choose another folder with --out.", {
    subject: placeOf(folder),
  });
}

/** Whether a folder is empty, or holds a site. */
function isSite(folder: string): boolean {
  const first = path.join(folder, "index.html");
  return fs.readdirSync(folder).length === 0 || (fs.existsSync(first) && readText(first).includes(GENERATOR));
}

/** The exported files, beside their page. */
function copyFiles({ folder, files }: Pick<FoundRun, "folder" | "files">, target: string): void {
  makeFolder(target);
  for (const name of files) fs.copyFileSync(path.join(folder, name), path.join(target, name));
}
