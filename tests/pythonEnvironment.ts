import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { LabError, messageOf } from "../src/core/errors";

const ROOT = path.resolve(__dirname, "..");
/** An installation that takes longer than this has died. */
const LOCK_MINUTES = 20;

const execute = promisify(execFile);

/** What is installed, in this order. */
export interface PythonRecipe {
  /** A folder of `.setup`. */
  readonly folder: string;
  /** Requirements files; one marked "no-deps:FILE" is installed without what its packages ask for. */
  readonly requirements: readonly string[];
  /** A script that the environment's own Python runs at the end, for what pip cannot do. */
  readonly prepare?: string;
  /** It holds Ray, which names its own files to a shell and to LD_PRELOAD as they are: run by a path without a space, whatever the clone's is. */
  readonly holdsRay?: boolean;
}

/** A Python environment of its own in `.setup`, made on first use (some minutes, once) and anew when a file of its recipe changes. */
export class PythonEnvironment {
  readonly folder: string;
  readonly executable: string;

  constructor(private readonly recipe: PythonRecipe) {
    this.folder = path.join(ROOT, ".setup", recipe.folder);
    const bin = path.join("bin", "python");
    this.executable = path.join(recipe.holdsRay === true ? linkTo(this.folder) : this.folder, bin);
  }

  /** @returns a program that its packages brought, such as "vllm" */
  program(name: string): string {
    return path.join(this.folder, "bin", name);
  }

  /** Runs a script in it. @returns what it printed. @throws LabError with the end of its error output */
  async run(script: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<string> {
    await this.ensure();
    try {
      const { stdout } = await execute(this.executable, [script, ...args], {
        env: {
          ...process.env,
          ...{ OMP_NUM_THREADS: "1", HF_HUB_OFFLINE: "1", TRANSFORMERS_VERBOSITY: "error" },
          ...environment,
        },
        maxBuffer: 1 << 26,
      });
      return stdout;
    } catch (error) {
      throw new LabError(`failed: ${messageOf(error).slice(-2000)}`, "Read the script's message above.", {
        subject: path.basename(script),
        cause: error,
      });
    }
  }

  /** Makes it, unless it is there for these requirements. */
  async ensure(): Promise<void> {
    const wanted = this.wanted();
    // Written last, with all that it was made from: an environment without it is not finished.
    const stamp = path.join(this.folder, "requirements.stamp");
    const ready = (): boolean => fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === wanted;
    const lock = `${this.folder}.lock`;
    while (!ready()) {
      if (takeLock(lock)) {
        try {
          if (!ready()) {
            this.install();
            fs.writeFileSync(stamp, wanted);
          }
        } finally {
          fs.rmSync(lock, { recursive: true, force: true });
        }
      } else {
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }

  private wanted(): string {
    const { requirements, prepare } = this.recipe;
    const files = [...requirements.map((file) => file.replace(/^no-deps:/, "")), ...(prepare === undefined ? [] : [prepare])]; // prettier-ignore
    return files.map((file) => fs.readFileSync(file, "utf8")).join("\n");
  }

  private install(): void {
    try {
      const script = path.join(ROOT, "scripts", "venv.mjs");
      execFileSync(process.execPath, [script, this.folder, ...this.recipe.requirements], { stdio: "pipe" });
      if (this.recipe.prepare !== undefined) execFileSync(this.executable, [this.recipe.prepare], { stdio: "pipe" });
    } catch (error) {
      throw new LabError(
        `the environment could not be made (${messageOf(error).slice(-1000)})`,
        "Check that python3 with venv is installed and that packages can be downloaded, or set FINE_R1_PYTHON.",
        { subject: this.folder, cause: error },
      );
    }
  }
}

/** A link to a folder, whose path has no space. */
function linkTo(folder: string): string {
  const link = path.join(os.tmpdir(), `fine-r1-${createHash("sha256").update(folder).digest("hex").slice(0, 12)}`);
  if (fs.lstatSync(link, { throwIfNoEntry: false }) === undefined) fs.symlinkSync(folder, link);
  return link;
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
