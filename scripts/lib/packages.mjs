// The npm packages and the Python environment, both exactly as locked.
import { existsSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { pipVariables } from "./environment.mjs";
import { MODULES, PYTHON, ROOT, VENV, sitePackages } from "./places.mjs";
import { findPython, wantsCuda } from "./prerequisites.mjs";
import { hashOfFile, runStep } from "./steps.mjs";
import { ask, logged } from "./shell.mjs";

/** Said on the command line, since the user's npmrc may say otherwise. */
const NPM_FLAGS = [
  ...["--ignore-scripts", "--include=dev", "--no-progress"],
  ...[
    "--no-global",
    "--no-dry-run",
    "--package-lock",
    "--bin-links",
    "--no-legacy-peer-deps",
    "--install-strategy=hoisted",
  ],
];

/** `npm ci` without install scripts: nothing is downloaded but the packages themselves. */
export function npmPackages() {
  return runStep({
    name: "npm",
    title: "npm packages (npm ci --ignore-scripts)",
    inputs: [hashOfFile(join(ROOT, "package-lock.json")), process.platform, process.arch],
    present: () => existsSync(join(MODULES, ".package-lock.json")),
    work: () => logged("npm", "npm", ["ci", ...NPM_FLAGS]),
  });
}

/** .venv with Jupyter and the TensorFlow wheel. @returns in `kept`: whether the wheel is the CUDA one */
export function pythonPackages() {
  const python = findPython();
  const cuda = wantsCuda();
  const requirements = join(ROOT, cuda ? "requirements-cuda.txt" : "requirements.txt");
  return runStep({
    name: "python",
    title: `Python ${python.version} environment .venv (JupyterLab, TensorFlow${cuda ? " with CUDA" : ""})`,
    inputs: [hashOfFile(requirements), python.version, cuda, ROOT],
    present: () => existsSync(PYTHON) && sitePackages() !== undefined && existsSync(join(sitePackages(), "tensorflow")),
    work: async () => {
      await makeEnvironment(python.executable, VENV, ["--require-hashes", "-r", requirements]);
      return { cuda };
    },
  });
}

/** Makes a Python environment anew in a folder and installs what pip's arguments say, whatever the user's settings say of other places. */
export async function makeEnvironment(executable, folder, wanted) {
  rmSync(folder, { recursive: true, force: true }); // of a link, the link: Python's own --clear would empty the folder that it leads to
  const name = basename(folder).replace(".", "");
  await logged(`${name}-made`, executable, ["-m", "venv", folder]);
  const python = join(folder, "bin", "python");
  const args = ["-m", "pip", "install", "--no-input", "--progress-bar=off", ...wanted];
  await logged(`${name}-pip`, python, args, { env: pipVariables(pipSettings(python)) });
}

/** @returns pip's settings, of all places, as [section.key, value] pairs */
export function pipSettings(python) {
  return JSON.parse(ask(python, [join(ROOT, "scripts", "lib", "pip_settings.py")]) ?? "[]");
}
