// tslab inside the project's own Jupyter.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { KERNEL, MODULES, PYTHON, ROOT, VENV } from "./places.mjs";
import { logged } from "./shell.mjs";
import { hashOfFile, runStep } from "./steps.mjs";

const LAUNCHER = join(ROOT, "scripts", "kernel.mjs");

/** Registers the TypeScript kernel in .venv and keeps JupyterLab from looking for news on the network. */
export function jupyterKernel() {
  const tslab = join(MODULES, "tslab", "bin", "tslab");
  return runStep({
    name: "kernel",
    title: "TypeScript kernel for Jupyter (tslab)",
    inputs: [ROOT, process.execPath, hashOfFile(join(MODULES, "tslab", "package.json")), LAUNCHER],
    present: () => existsSync(KERNEL) && existsSync(tslab),
    work: async () => {
      const args = ["install", `--python=${PYTHON}`, "--sys-prefix", `--binary=${tslab}`];
      await logged("kernel", process.execPath, [tslab, ...args]);
      useLauncher();
      writeSettings();
    },
  });
}

/**
 * tslab's own entry says `node`, whichever that is when a notebook opens; ours names the Node that the engine fits, and
 * starts tslab through our launcher.
 */
function useLauncher() {
  for (const name of ["tslab", "jslab"]) {
    const file = join(dirname(dirname(KERNEL)), name, "kernel.json");
    const kernel = JSON.parse(readFileSync(file, "utf8"));
    const argv = [process.execPath, LAUNCHER, ...kernel.argv.slice(1)];
    writeFileSync(file, `${JSON.stringify({ ...kernel, argv }, null, 2)}\n`);
  }
}

function writeSettings() {
  const settings = join(VENV, "share", "jupyter", "lab", "settings");
  mkdirSync(settings, { recursive: true });
  const overrides = { "@jupyterlab/apputils-extension:notification": { fetchNews: "false", checkForUpdates: false } };
  writeFileSync(join(settings, "overrides.json"), `${JSON.stringify(overrides, null, 2)}\n`);
}
