// node scripts/notebook.mjs IN.ipynb [OUT.ipynb] [--timeout SECONDS]: executes a notebook headless with the project's
// kernel. It fails when a cell throws, and also when something fails late, after its cell has ended: nbconvert alone
// does not see that, but the kernel writes it to standard error.
import { spawn } from "node:child_process";
import { basename, dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { PYTHON, projectEnvironment } from "./lib/places.mjs";
import { SetupError, main } from "./lib/shell.mjs";

const LATE_FAILURE = /UncaughtException|UnhandledPromiseRejection/;

await main(async () => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { timeout: { type: "string" } } });
  const [input, output = input] = positionals;
  if (input === undefined) throw new SetupError("Name the notebook: node scripts/notebook.mjs IN.ipynb [OUT.ipynb]");
  const { status, stderr } = await execute(resolve(input), resolve(output), values.timeout ?? "600");
  if (status !== 0) throw new SetupError(`${input} did not run through (nbconvert ended with ${status}).`);
  if (LATE_FAILURE.test(stderr))
    throw new SetupError(`${input}: something failed after its cell had ended; see above.`);
  return 0;
});

/** Runs nbconvert in the notebook's folder; standard error is shown and kept. */
function execute(input, output, timeout) {
  const args = ["-m", "nbconvert", "--to", "notebook", "--execute", `--ExecutePreprocessor.timeout=${timeout}`];
  const target = ["--output-dir", dirname(output), "--output", basename(output), input];
  return new Promise((done, reject) => {
    const child = spawn(PYTHON, [...args, ...target], {
      cwd: dirname(input),
      env: projectEnvironment(),
      stdio: ["ignore", "inherit", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += String(chunk);
      process.stderr.write(chunk);
    });
    child.on("error", reject);
    child.on("close", (status) => done({ status, stderr }));
  });
}
