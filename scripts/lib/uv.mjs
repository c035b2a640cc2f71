// Other Python environments than .venv, for templates, tests and benches, are made by uv: it unpacks a package once and links it
// into every environment that wants it.
import { existsSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { uvVariables } from "./environment.mjs";
import { makeEnvironment, pipSettings } from "./packages.mjs";
import { ROOT, SETUP } from "./places.mjs";
import { findPython } from "./prerequisites.mjs";
import { logged } from "./shell.mjs";
import { hashOfFile, runStep } from "./steps.mjs";

const HOME = join(SETUP, "uv");
const UV = join(HOME, "bin", "uv");

/**
 * Makes a Python environment anew in a folder and installs what each list of arguments says, one after the other. To be called under
 * the lock of set-up.
 * @param wanted lists of arguments of `uv pip install`
 */
export async function makeLinkedEnvironment(folder, ...wanted) {
  const python = findPython();
  await ensureUv(python);
  const settings = pipSettings(join(HOME, "bin", "python"));
  const env = { ...uvVariables(settings), ...ofUser() };
  rmSync(folder, { recursive: true, force: true });
  await logged(`${basename(folder)}-made`, UV, ["venv", "--python", python.executable, folder], { env });
  const into = ["pip", "install", "--python", join(folder, "bin", "python")];
  for (const args of wanted) await logged(`${basename(folder)}-packages`, UV, [...into, ...args], { env });
}

/** uv itself comes from PyPI, by pip. */
function ensureUv(python) {
  const requirements = join(ROOT, "scripts", "uv.txt");
  return runStep({
    name: "uv",
    title: "uv, which makes other Python environments (.setup/uv)",
    inputs: [hashOfFile(requirements), python.version, ROOT],
    present: () => existsSync(UV),
    work: () => makeEnvironment(python.executable, HOME, ["-r", requirements]),
  });
}

/** What the user told uv itself comes before what was told pip. */
function ofUser() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("UV_")));
}
