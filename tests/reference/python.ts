import { execFile, execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import { LabError, messageOf } from "../../src/core/errors";

const root = path.resolve(__dirname, "../..");
const requirements = path.join(__dirname, "requirements.txt");
const environment = path.join(root, ".setup", "reference-venv");
/** Written last, with the requirements it was made from: an environment without it is not finished. */
const stamp = path.join(environment, "requirements.stamp");
const executable = path.join(environment, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
/** An installation that takes longer than this has died. */
const LOCK_MINUTES = 20;

const run = promisify(execFile);

/**
 * Runs a script of this folder in the reference environment, which is made on first use (a few minutes, once).
 * @returns what it printed
 * @throws LabError with the end of its error output
 */
export async function runReference(script: string, args: readonly string[]): Promise<string> {
  await ensureReference();
  try {
    const { stdout } = await run(executable, [path.join(__dirname, script), ...args], {
      env: { ...process.env, OMP_NUM_THREADS: "1", HF_HUB_OFFLINE: "1", TRANSFORMERS_VERBOSITY: "error" },
      maxBuffer: 1 << 26,
    });
    return stdout;
  } catch (error) {
    throw new LabError(`failed: ${messageOf(error).slice(-2000)}`, "Read the script's message above.", {
      subject: script,
      cause: error,
    });
  }
}

/** Makes the reference environment in `.setup/reference-venv`, unless it is there for these requirements. */
export async function ensureReference(): Promise<void> {
  const wanted = fs.readFileSync(requirements, "utf8");
  const ready = (): boolean => fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === wanted;
  const lock = `${environment}.lock`;
  while (!ready()) {
    if (takeLock(lock)) {
      try {
        if (!ready()) install(wanted);
      } finally {
        fs.rmSync(lock, { recursive: true, force: true });
      }
    } else {
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

/** True when this process now holds the lock; a lock of a process that died is taken over. */
function takeLock(lock: string): boolean {
  fs.mkdirSync(path.dirname(lock), { recursive: true });
  try {
    fs.mkdirSync(lock);
    return true;
  } catch {
    const made = fs.statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - made > LOCK_MINUTES * 60_000) fs.rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

function install(wanted: string): void {
  try {
    const script = path.join(root, "scripts", "venv.mjs");
    execFileSync(process.execPath, [script, environment, requirements], { stdio: "pipe" });
  } catch (error) {
    throw new LabError(
      `the reference environment could not be made (${messageOf(error).slice(-1000)})`,
      "Check that python3 with venv is installed and that packages can be downloaded, or set FINE_R1_PYTHON.",
      { subject: environment, cause: error },
    );
  }
  fs.writeFileSync(stamp, wanted);
}
