// Python environments are made by uv: it unpacks a package once and links it into every environment that wants it.
import { existsSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { keptVariables, pipVariables, uvVariables } from "./environment.mjs";
import { ROOT, SETUP } from "./places.mjs";
import { findPython } from "./prerequisites.mjs";
import { ask, logged } from "./shell.mjs";
import { hashOfFile, runStep } from "./steps.mjs";

const HOME = join(SETUP, "uv");
const UV = join(HOME, "bin", "uv");

/**
 * Makes a Python environment anew in a folder and installs what each list of arguments says, one after the other. To be called under
 * the lock of set-up.
 * @param wanted lists of arguments of `uv pip install`
 */
export async function makeEnvironment(folder, ...wanted) {
  await makeEmpty(folder, "--without-pip");
  for (const args of wanted) await install(folder, args);
}

/** An environment with nothing in it but pip. */
export async function makeEmpty(folder, ...flags) {
  rmSync(folder, { recursive: true, force: true }); // of a link, the link: Python's own --clear would empty the folder that it leads to
  await logged(`${nameOf(folder)}-made`, findPython().executable, ["-m", "venv", ...flags, folder]);
}

/** Installs into an environment what arguments of `uv pip install` say, whatever the user's settings say of other places. */
export async function install(folder, args) {
  await ensureUv();
  const env = { ...uvVariables(pipSettings()), ...ofUser() };
  await logged(`${nameOf(folder)}-packages`, UV, ["pip", "install", "--python", pythonOf(folder), ...args], { env });
}

/** uv itself comes from PyPI, by pip. */
export function ensureUv() {
  const requirements = join(ROOT, "scripts", "uv.txt");
  return runStep({
    name: "uv",
    title: "uv, which makes Python environments (.setup/uv)",
    inputs: [hashOfFile(requirements), findPython().version, ROOT],
    present: () => existsSync(UV),
    work: async () => {
      await makeEmpty(HOME);
      const args = ["-m", "pip", "install", "--no-input", "--progress-bar=off", "--require-hashes", "-r", requirements];
      await logged("uv-pip", pythonOf(HOME), args, { env: pipVariables(pipSettings()) });
    },
  });
}

/** @returns pip's settings, of all places, as [section.key, value] pairs */
function pipSettings() {
  return JSON.parse(ask(pythonOf(HOME), [join(ROOT, "scripts", "lib", "pip_settings.py")]) ?? "[]");
}

const pythonOf = (folder) => join(folder, "bin", "python");
const nameOf = (folder) => basename(folder).replace(".", "");

/** What the user told uv itself comes before what was told pip. */
function ofUser() {
  return Object.fromEntries(Object.entries(keptVariables(process.env)).filter(([name]) => name.startsWith("UV_")));
}
