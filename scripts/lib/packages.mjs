// The npm packages and the Python environment, both exactly as locked.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { MODULES, PYTHON, ROOT, VENV, sitePackages } from "./places.mjs";
import { findPython, wantsCuda } from "./prerequisites.mjs";
import { hashOfFile, runStep } from "./steps.mjs";
import { logged } from "./shell.mjs";
import { install, makeEmpty } from "./uv.mjs";

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
      await makeEmpty(VENV); // with pip, for cells that say %pip
      await install(VENV, ["--require-hashes", "-r", requirements]);
      return { cuda };
    },
  });
}
