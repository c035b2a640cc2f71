// node scripts/venv.mjs FOLDER REQUIREMENTS…: a Python environment of its own, for the checks against other programs. The files are
// installed one after the other; one marked "no-deps:FILE" without what its packages ask for.
import "./lib/node-version.cjs";
import { resolve } from "node:path";
import { withLock } from "./lib/lock.mjs";
import { SetupError, main } from "./lib/shell.mjs";
import { makeEnvironment } from "./lib/uv.mjs";

await main(() => {
  const [folder, ...files] = process.argv.slice(2);
  if (files.length === 0) throw new SetupError("Usage: node scripts/venv.mjs FOLDER REQUIREMENTS…");
  return withLock(() => makeEnvironment(resolve(folder), ...files.map(options)));
});

/** uv's arguments for a file of requirements. */
function options(file) {
  const marked = /^no-deps:(.*)$/.exec(file);
  return marked === null ? ["-r", resolve(file)] : ["--no-deps", "-r", resolve(marked[1])];
}
