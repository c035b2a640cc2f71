// Makes .setup/bench-venv, the Python environment of the peer that `npm run bench` measures against, and writes the two
// random models. Idempotent: what is there already is checked and kept. Usage: node bench/setup-peer.mjs
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const venv = path.join(root, ".setup", "bench-venv");
const bin = path.join(venv, process.platform === "win32" ? "Scripts" : "bin");
const python = path.join(bin, process.platform === "win32" ? "python.exe" : "python");
const requirements = path.join(root, "bench", "requirements.txt");
const stamp = path.join(venv, "requirements.installed");
const SIZES = ["0.6M", "2M"];

/** Runs a command, showing what it prints; ends the script when it fails. */
function run(command, args) {
  console.log(`> ${path.basename(command)} ${args.map((arg) => path.relative(root, arg) || arg).join(" ")}`);
  const { status, error } = spawnSync(command, args, { stdio: "inherit", cwd: root });
  if (error) throw error;
  if (status !== 0) {
    console.error(`bench/setup-peer: the command above failed (exit ${status}). Repair the cause and run this again.`);
    process.exit(1);
  }
}

function systemPython() {
  for (const name of ["python3.11", "python3.12", "python3.10", "python3"]) {
    if (spawnSync(name, ["-c", "import venv, ensurepip"]).status === 0) return name;
  }
  console.error("bench/setup-peer: no Python 3 with the venv module was found. Install python3 and python3-venv.");
  process.exit(1);
}

const wanted = fs.readFileSync(requirements, "utf8");
if (!fs.existsSync(stamp) || fs.readFileSync(stamp, "utf8") !== wanted) {
  if (!fs.existsSync(python)) run(systemPython(), ["-m", "venv", venv]);
  run(python, ["-m", "pip", "install", "--quiet", "--requirement", requirements]);
  // Without its dependencies, so that it does not bring another torch beside the one chosen above.
  run(python, ["-m", "pip", "install", "--quiet", "--no-deps", "torchvision==0.28.0"]);
  fs.writeFileSync(stamp, wanted);
}
for (const size of SIZES) {
  const folder = path.join(root, ".setup", "bench", size);
  if (!fs.existsSync(path.join(folder, "task.json"))) {
    run(python, [path.join(root, "bench", "peer", "make_model.py"), "--size", size, "--out", folder]);
  }
}
console.log("bench: the peer's environment and the random models are ready (.setup/bench-venv, .setup/bench)");
