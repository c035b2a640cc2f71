// npm start: set-up where needed, then the main job. `npm start -- --all` hands `--all` on to it.
import "./lib/node-version.cjs";
import { join } from "node:path";
import { ROOT } from "./lib/places.mjs";
import { setUp } from "./lib/setup.mjs";
import { interactive, main } from "./lib/shell.mjs";

await main(async () => {
  await setUp();
  const job = ["run", "quickstart", "--profile", "mini", ...process.argv.slice(2)];
  return interactive(process.execPath, [join(ROOT, "dist", "cli.js"), ...job]);
});
