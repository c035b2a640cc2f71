// node scripts/venv.mjs FOLDER REQUIREMENTS: a Python environment of its own, for the checks against the real transformers.
import "./lib/node-version.cjs";
import { resolve } from "node:path";
import { makeEnvironment } from "./lib/packages.mjs";
import { findPython } from "./lib/prerequisites.mjs";
import { SetupError, main } from "./lib/shell.mjs";

await main(async () => {
  const [folder, requirements] = process.argv.slice(2);
  if (requirements === undefined) throw new SetupError("Usage: node scripts/venv.mjs FOLDER REQUIREMENTS");
  await makeEnvironment(findPython().executable, resolve(folder), ["-r", resolve(requirements)]);
});
