// What the machine has to bring along, and the command that installs what is missing.
import { existsSync } from "node:fs";
import { SetupError, ask } from "./shell.mjs";

const PYTHON_MINORS = [10, 11, 12, 13]; // for which TensorFlow 2.21 has wheels and requirements.txt is locked

/** A command line that installs a package with this machine's package manager. */
export function installCommand({ apt, dnf, brew }) {
  if (process.platform === "darwin") return brew;
  return existsSync("/usr/bin/dnf") ? `sudo dnf install -y ${dnf}` : `sudo apt-get install -y ${apt}`;
}

/** Throws on a platform that the packages do not work on. */
export function requirePlatform() {
  if (process.platform === "win32") {
    throw new SetupError("Windows itself is not supported. Use WSL 2: `wsl --install`, then clone and start there.");
  }
}

/**
 * The Python that .venv is made from: FINE_R1_PYTHON, or the first fitting one on the PATH.
 * @returns its executable and version
 */
export function findPython() {
  const asked = process.env.FINE_R1_PYTHON;
  const names = asked ? [asked] : ["python3", ...PYTHON_MINORS.toReversed().map((minor) => `python3.${minor}`)];
  const seen = [];
  for (const command of names) {
    const answer = ask(command, ["-c", PROBE]);
    if (answer === undefined) continue;
    const { version, venv, executable } = JSON.parse(answer);
    const fits = version[0] === 3 && PYTHON_MINORS.includes(version[1]);
    if (fits && venv) return { executable, version: version.join(".") };
    seen.push(`${command} is ${version.join(".")}${fits ? " but has no venv module" : ""}`);
  }
  throw new SetupError(
    `Python 3.10 to 3.13 with venv is needed (${seen.join("; ") || "no python3 found"}).\n` +
      `Install it: ${installCommand({ apt: "python3 python3-venv", dnf: "python3.12", brew: "brew install python@3.12" })}\n` +
      "or name one: FINE_R1_PYTHON=/path/to/python3 npm run setup",
  );
}

const PROBE = `
import json, sys
try:
    import venv, ensurepip
    has = True
except ImportError:
    has = False
print(json.dumps({"version": list(sys.version_info[:3]), "venv": has, "executable": sys.executable}))`;

/** The C++ compiler: CXX, or the first one on the PATH. */
export function findCompiler() {
  return [process.env.CXX, "g++", "c++", "clang++"].find((name) => name && ask(name, ["--version"]) !== undefined);
}

/** What keeps a binding from being compiled here, as a sentence with its remedy; undefined when nothing does. */
export function missingForCompiling() {
  if (findCompiler() !== undefined) return undefined;
  const command = installCommand({ apt: "g++", dnf: "gcc-c++", brew: "xcode-select --install" });
  return `a C++ compiler was not found; install one with: ${command}`;
}

/** Whether to install TensorFlow's CUDA wheel: FINE_R1_CUDA=1 or 0 decides, otherwise whether an NVIDIA GPU answers. */
export function wantsCuda() {
  const asked = process.env.FINE_R1_CUDA;
  if (asked !== undefined && asked !== "") return asked !== "0";
  return process.platform === "linux" && (ask("nvidia-smi", ["-L"]) ?? "").includes("GPU ");
}
