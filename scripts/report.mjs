// npm run report: set-up where needed, then the site of all results. `npm run report -- --mine` hands `--mine` on to it.
import "./lib/node-version.cjs";
import { join } from "node:path";
import { ROOT } from "./lib/places.mjs";
import { setUp } from "./lib/setup.mjs";
import { interactive, main } from "./lib/shell.mjs";

await main(async () => {
  await setUp();
  return interactive(process.execPath, [join(ROOT, "dist", "cli.js"), "report", ...process.argv.slice(2)]);
});
