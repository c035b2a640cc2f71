// node scripts/notebook.mjs IN.ipynb [OUT.ipynb] [--timeout SECONDS]: executes a notebook headless with the project's
// kernel. It fails when a cell throws, and also when something fails that no cell awaited, be it after the last cell: the
// kernel keeps a file of such failures (scripts/lib/tslab.cjs).
import "./lib/node-version.cjs";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { PYTHON, projectEnvironment } from "./lib/places.mjs";
import { SetupError, interactive, main } from "./lib/shell.mjs";

const USAGE = `node scripts/notebook.mjs IN.ipynb [OUT.ipynb] [--timeout SECONDS]

Executes a notebook without a browser and saves it with its outputs, in place unless OUT.ipynb is given. A notebook that
fails is saved in OUT.ipynb as far as it came, and left alone in place. --timeout ends a cell that takes longer. A notebook that names no kernel runs with the project's.
FINE_R1_PROFILE=smoke chooses the profile of seconds instead of minutes.`;

const EXECUTE = join(import.meta.dirname, "lib", "execute.py");

await main(async () => {
  const { values, positionals } = readArguments();
  const [input, output = input] = positionals;
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  if (input === undefined) throw new SetupError(`Name the notebook.\n${USAGE}`);
  if (!existsSync(input)) throw new SetupError(`${input} is not there.`);
  if (!existsSync(dirname(resolve(output))))
    throw new SetupError(`${dirname(output)} is not there. Make the folder first.`);
  if (!existsSync(PYTHON)) throw new SetupError("The project is not set up yet. Run `npm run setup`.");
  const timeout = values.timeout ?? "0"; // without limit
  if (!/^\d+$/.test(timeout)) throw new SetupError(`--timeout ${timeout}: give a whole number of seconds.`);
  const { status, late } = await execute(resolve(input), resolve(output), timeout);
  if (status !== 0) throw new SetupError(`${input} did not run through.${late === "" ? "" : `\n${late}`}`);
  if (late !== "") throw new SetupError(`${input}: something failed that no cell awaited.\n${late}`);
  console.log(`ran through; written: ${output}`);
  return 0;
});

function readArguments() {
  const options = { timeout: { type: "string" }, help: { type: "boolean", short: "h" } };
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    throw new SetupError(`${error.message}\n${USAGE}`);
  }
}

function temporaryFolder() {
  try {
    return mkdtempSync(join(tmpdir(), "fine-r1-notebook-"));
  } catch (error) {
    throw new SetupError(
      `${tmpdir()} cannot be written (${error.message}). TMPDIR names a folder for temporary files.`,
    );
  }
}

/** Runs the notebook in its own folder. @returns the exit status, and what failed without a cell that awaited it */
async function execute(input, output, timeout) {
  const folder = temporaryFolder();
  const failures = join(folder, "failures");
  const env = { ...projectEnvironment(), FINE_R1_LATE_FAILURES: failures };
  try {
    const status = await interactive(PYTHON, [EXECUTE, input, output, timeout, folder], { cwd: dirname(input), env });
    return { status, late: existsSync(failures) ? readFileSync(failures, "utf8").trim() : "" };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
