// npm run lab: JupyterLab on the quickstart, with its settings and sessions kept in .setup.
import "./lib/node-version.cjs";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { PYTHON, ROOT } from "./lib/places.mjs";
import { setUp } from "./lib/setup.mjs";
import { interactive, main } from "./lib/shell.mjs";

await main(async () => {
  await setUp();
  const quickstart = join("notebooks", "00-quickstart.ipynb");
  const root = process.getuid?.() === 0 ? ["--allow-root"] : [];
  const opened = existsSync(join(ROOT, quickstart)) ? [quickstart] : [];
  return interactive(PYTHON, ["-m", "jupyterlab", ...root, ...process.argv.slice(2), ...opened]);
});
