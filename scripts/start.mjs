// npm start: set-up where needed, then the main job, and what the recorded scorecard says. `npm start -- --all` hands `--all` on to it.
import "./lib/node-version.cjs";
import { join } from "node:path";
import { ROOT } from "./lib/places.mjs";
import { setUp } from "./lib/setup.mjs";
import { interactive, main } from "./lib/shell.mjs";

await main(async () => {
  await setUp();
  const fineR1 = (...job) => interactive(process.execPath, [join(ROOT, "dist", "cli.js"), ...job]);
  const status = await fineR1("run", "quickstart", "--profile", "mini", ...process.argv.slice(2));
  return status === 0 ? fineR1("scorecard", "--brief") : status;
});
