import * as path from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import { ROOT } from "../config/load";
import { placeOf } from "../config/places";
import { writeSite } from "../site/site";
import { stoppable } from "./stop";

/** `fine-r1 report`. */
export function addReportCommand(program: Command): void {
  program
    .command("report")
    .description("write one site with every recorded table, figure and answer, to look at in a browser")
    .option("-o, --out <folder>", "where to write it; default: site, in the project's folder")
    .option("--mine", "show what was made here (runs/) beside what was recorded (results/)")
    .addHelpText(
      "after",
      `
The site needs no server and no network. Tables, figures and the scorecard come from results/; answers come from runs/store,
where runs leave them. An earlier site is replaced once the new one is whole.

  $ npm run report
  $ npx fine-r1 report --mine --out ~/fine-r1-site`,
    )
    .action(report);
}

async function report(options: { readonly out?: string; readonly mine?: boolean }): Promise<void> {
  const folder = options.out === undefined ? path.join(ROOT, "site") : path.resolve(options.out);
  const { pages, runs, browsed } = await writeSite(folder, { mine: options.mine === true, ...stoppable() });
  const without = browsed.filter(({ book }) => book === undefined).length;
  const answers =
    without === 0
      ? ""
      : ` ${without} of them ${without === 1 ? "has" : "have"} no answers in the store: answers.html says how to make them.`;
  const what =
    runs.length === 0
      ? "Nothing was recorded yet; the site says how to make it."
      : `${runs.length} ${runs.length === 1 ? "experiment" : "experiments"} in their profiles.${answers}`;
  console.log(`${pages} pages in ${placeOf(folder)}. ${what}
Open it in a browser: ${pathToFileURL(path.join(folder, "index.html")).href}`);
}
