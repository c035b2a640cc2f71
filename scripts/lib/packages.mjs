// The npm packages and the Python environment, both exactly as locked.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { MODULES, PYTHON, ROOT, VENV, sitePackages } from "./places.mjs";
import { findPython, wantsCuda } from "./prerequisites.mjs";
import { hashOfFile, runStep } from "./steps.mjs";
import { logged } from "./shell.mjs";

/** `npm ci` without install scripts: nothing is downloaded but the packages themselves. */
export function npmPackages() {
  return runStep({
    name: "npm",
    title: "npm packages (npm ci --ignore-scripts)",
    inputs: [hashOfFile(join(ROOT, "package-lock.json")), process.platform, process.arch],
    present: () => existsSync(join(MODULES, ".package-lock.json")),
    work: () => logged("npm", "npm", ["ci", "--ignore-scripts", "--include=dev", "--no-progress"]),
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
      await logged("venv", python.executable, ["-m", "venv", "--clear", VENV], {
        env: { PIP_REQUIRE_VIRTUALENV: "0" },
      });
      await logged("pip", PYTHON, ["-m", "pip", "install", "--no-input", "--progress-bar=off", "-r", requirements]);
      return { cuda };
    },
  });
}
