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
  // A notebook as an argument would make its folder JupyterLab's root, and docs and results would be out of reach.
  const opened = existsSync(join(ROOT, quickstart)) ? [`--LabApp.default_url=/lab/tree/${quickstart}`] : [];
  const places = [`--ServerApp.root_dir=${ROOT}`, ...opened];
  return interactive(PYTHON, ["-m", "jupyterlab", ...root, ...places, ...process.argv.slice(2)]);
});
