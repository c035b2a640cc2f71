// Makes the Python environments of the peers that `npm run bench` measures against, and writes the random models. Idempotent: what
// is there already is checked and kept. Usage: node bench/setup-peer.mjs [tapo-vs-trl] [generation]   (both by default)
import "../scripts/lib/node-version.cjs";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";
import { withLock } from "../scripts/lib/lock.mjs";
import { main } from "../scripts/lib/shell.mjs";
import { makeEnvironment } from "../scripts/lib/uv.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const setup = path.join(root, ".setup");
/** The models of each bench. */
const SIZES = { "tapo-vs-trl": ["0.6M", "2M"], generation: ["10M", "50M"] };
const TORCHVISION = "torchvision==0.28.0"; // the one of the torch in requirements.txt

const wanted = process.argv.slice(2);
const benches = wanted.length === 0 ? Object.keys(SIZES) : wanted;
const unknown = benches.find((name) => !(name in SIZES));
if (unknown !== undefined) {
  console.error(`bench/setup-peer: "${unknown}" needs no peer. Choose from ${Object.keys(SIZES).join(", ")}.`);
  process.exit(1);
}

// The random models are transformers' own, so that every bench needs this environment.
await install("bench-venv", "requirements.txt", async (venv, requirements) => {
  // torchvision without its dependencies, so that it does not bring another torch beside the one chosen before it
  await makeEnvironment(venv, ["-r", requirements], ["--no-deps", TORCHVISION]);
});
if (process.exitCode) process.exit();
for (const size of benches.flatMap((name) => SIZES[name])) {
  const folder = path.join(setup, "bench", size);
  if (fs.existsSync(path.join(folder, "task.json"))) continue;
  python("bench-venv", [path.join(root, "bench", "peer", "make_model.py"), "--size", size, "--out", folder]);
}
if (benches.includes("generation")) {
  await install("bench-vllm", "requirements-vllm.txt", installVllm);
  if (process.exitCode) {
    console.error("\nvLLM cannot be installed here: the bench `generation` will be skipped.");
    process.exitCode = 0;
  }
}
console.log("bench: the peers and the random models are ready (.setup/bench-*, .setup/bench)");

/** Runs `work` unless it was done before with the same requirements. */
async function install(name, file, work) {
  const venv = path.join(setup, name);
  const requirements = path.join(root, "bench", file);
  const stamp = path.join(venv, "requirements.installed");
  const text = fs.readFileSync(requirements, "utf8");
  const done = () => fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === text;
  if (done()) return;
  await main(() =>
    withLock(async () => {
      if (done()) return; // another set-up was at it
      console.log(`Installing .setup/${name}, some minutes (logs in .setup/logs)`);
      await work(venv, requirements);
      fs.writeFileSync(stamp, text);
    }),
  );
}

/** The same recipe as that of tests/interop/vllm. */
async function installVllm(venv, requirements) {
  const file = (name) => path.join(root, "bench", name);
  const engine = ["--no-deps", "-r", file("requirements-vllm-engine.txt")];
  await makeEnvironment(venv, ["-r", file("requirements-vllm-torch.txt")], engine, ["-r", requirements]);
  python("bench-vllm", [path.join(root, "bench", "peer", "prepare_vllm.py")]);
}

/** Runs a Python script of an environment, showing what it prints; ends this program when it fails. */
function python(venv, args) {
  console.log(`> python ${args.map((arg) => path.relative(root, arg) || arg).join(" ")}`);
  const { status, error } = spawnSync(path.join(setup, venv, "bin", "python"), args, { stdio: "inherit", cwd: root });
  if (error) throw error;
  if (status === 0) return;
  console.error(`bench/setup-peer: the command above failed (exit ${status}). Repair the cause and run this again.`);
  process.exit(1);
}
