// node scripts/venv.mjs FOLDER REQUIREMENTS…: a Python environment of its own, for the checks against other programs. The files are
// installed one after the other; one marked "no-deps:FILE" without what its packages ask for.
import "./lib/node-version.cjs";
import { resolve } from "node:path";
import { makeEnvironment, pipInstall } from "./lib/packages.mjs";
import { findPython } from "./lib/prerequisites.mjs";
import { SetupError, main } from "./lib/shell.mjs";

await main(async () => {
  const [folder, first, ...more] = process.argv.slice(2);
  if (first === undefined) throw new SetupError("Usage: node scripts/venv.mjs FOLDER REQUIREMENTS…");
  await makeEnvironment(findPython().executable, resolve(folder), options(first));
  for (const file of more) await pipInstall(resolve(folder), options(file));
});

/** pip's arguments for a file of requirements. */
function options(file) {
  const marked = /^no-deps:(.*)$/.exec(file);
  return marked === null ? ["-r", resolve(file)] : ["--no-deps", "-r", resolve(marked[1])];
}
