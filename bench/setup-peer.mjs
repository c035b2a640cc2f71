// Makes .setup/bench-venv, the Python environment of the peer that `npm run bench` measures against, and writes the two
// random models. Idempotent: what is there already is checked and kept. Usage: node bench/setup-peer.mjs
import "../scripts/lib/node-version.cjs";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { makeEnvironment, pipInstall } from "../scripts/lib/packages.mjs";
import { findPython } from "../scripts/lib/prerequisites.mjs";
import { main } from "../scripts/lib/shell.mjs";

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

const wanted = fs.readFileSync(requirements, "utf8");
if (!fs.existsSync(stamp) || fs.readFileSync(stamp, "utf8") !== wanted) {
  console.log("Installing the peer, some minutes (logs in .setup/logs)");
  await main(async () => {
    await makeEnvironment(findPython().executable, venv, ["--requirement", requirements]);
    // Without its dependencies, so that it does not bring another torch beside the one chosen above.
    await pipInstall(venv, ["--no-deps", "torchvision==0.28.0"]);
    fs.writeFileSync(stamp, wanted);
  });
  if (process.exitCode) process.exit();
}
for (const size of SIZES) {
  const folder = path.join(root, ".setup", "bench", size);
  if (!fs.existsSync(path.join(folder, "task.json"))) {
    run(python, [path.join(root, "bench", "peer", "make_model.py"), "--size", size, "--out", folder]);
  }
}
console.log("bench: the peer's environment and the random models are ready (.setup/bench-venv, .setup/bench)");
