// node scripts/notebook.mjs IN.ipynb [OUT.ipynb] [--timeout SECONDS]: executes a notebook headless with the project's
// kernel. It fails when a cell throws, and also when something fails late, after its cell has ended: nbconvert does not
// mind that, but the kernel writes it to its standard error or, while another cell runs, into that cell's output.
import "./lib/node-version.cjs";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { PYTHON, projectEnvironment } from "./lib/places.mjs";
import { SetupError, main } from "./lib/shell.mjs";

const USAGE = `node scripts/notebook.mjs IN.ipynb [OUT.ipynb] [--timeout SECONDS]

Executes a notebook without a browser and saves it with its outputs, in place unless OUT.ipynb is given. SECONDS is
the longest that one cell may take (600). FINE_R1_PROFILE=smoke chooses the profile of seconds instead of minutes.`;

const LATE_FAILURE = /UncaughtException|UnhandledPromiseRejection/;

await main(async () => {
  const { values, positionals } = readArguments();
  const [input, output = input] = positionals;
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  if (input === undefined) throw new SetupError(`Name the notebook.\n${USAGE}`);
  if (!existsSync(input)) throw new SetupError(`${input} is not there.`);
  if (!existsSync(PYTHON)) throw new SetupError("The project is not set up yet. Run `npm run setup`.");
  const { status, stderr } = await execute(resolve(input), resolve(output), values.timeout ?? "600");
  if (status !== 0) throw new SetupError(`${input} did not run through (nbconvert ended with ${status}).`);
  const late = [stderr, ...stderrOutputs(output)].find((text) => LATE_FAILURE.test(text));
  if (late !== undefined)
    throw new SetupError(`${input}: something failed after its cell had ended.
${late.trim()}`);
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

/** What the cells of an executed notebook wrote to standard error. */
function stderrOutputs(file) {
  const { cells } = JSON.parse(readFileSync(file, "utf8"));
  const outputs = cells.flatMap((cell) => cell.outputs ?? []);
  return outputs.filter(({ name }) => name === "stderr").map(({ text }) => [text].flat().join(""));
}

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
