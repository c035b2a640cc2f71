// npm run test:interop: the project beside the programs that its users run it with (vLLM, transformers, LLaMA-Factory, verl, Ray …),
// each in a Python environment of its own under .setup/interop; some minutes. `npm run test:interop -- ray` runs one suite.
import "./lib/node-version.cjs";
import { join } from "node:path";
import { MODULES, ROOT } from "./lib/places.mjs";
import { setUp } from "./lib/setup.mjs";
import { interactive, main } from "./lib/shell.mjs";

const CONFIG = join("tests", "interop", "vitest.config.mts");

await main(async () => {
  await setUp();
  const args = [join(MODULES, "vitest", "vitest.mjs"), "run", "--config", CONFIG, ...process.argv.slice(2)];
  return interactive(process.execPath, args, { cwd: ROOT });
});
