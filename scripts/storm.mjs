// npm run test:storm: kills, broken files, full disks, lock races and spoilt inputs (docs/reliability.md); some minutes.
// FINE_R1_STORM_SEED makes others; `npm run test:storm -- fuzz` runs one part.
import "./lib/node-version.cjs";
import { join } from "node:path";
import { MODULES, ROOT } from "./lib/places.mjs";
import { setUp } from "./lib/setup.mjs";
import { interactive, main } from "./lib/shell.mjs";

const CONFIG = join("tests", "storm", "vitest.config.mts");

await main(async () => {
  await setUp();
  const args = [join(MODULES, "vitest", "vitest.mjs"), "run", "--config", CONFIG, ...process.argv.slice(2)];
  return interactive(process.execPath, args, { cwd: ROOT });
});
