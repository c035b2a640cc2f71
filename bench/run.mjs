// npm run bench: prepares the peer, compiles bench/, then runs the three benches one after the other.
// `--out FOLDER` goes to all three, every other argument to bench/tapo-vs-trl.
import "../scripts/lib/node-version.cjs";
import { spawnSync } from "node:child_process";
import * as os from "node:os";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

const bench = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(bench);
const built = path.join(root, ".setup", "bench-build", "bench");
const given = process.argv.slice(2);
if (given.includes("--help") || given.includes("-h")) {
  console.log(`npm run bench -- [--rounds 12] [--sizes 0.6M,2M] [--threads 1,all] [--out FOLDER]

Prepares the peer (PyTorch and TRL in .setup/bench-venv, about 1.5 GB once), then times TAPO here beside DAPO in TRL, the
share of the machine's matmul rate, and counts tensors over 1,000 steps. Results: results/bench. See docs/performance.md.`);
  process.exit(0);
}
const at = given.indexOf("--out");
const out = at < 0 ? [] : given.slice(at, at + 2);
const others = at < 0 ? given : [...given.slice(0, at), ...given.slice(at + 2)];

function run(...args) {
  const { status, error } = spawnSync(process.execPath, args, { stdio: "inherit", cwd: root });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

run(path.join(bench, "setup-peer.mjs"));
run(path.join(root, "node_modules", "typescript", "bin", "tsc"), "-p", path.join(bench, "tsconfig.json"));
for (const [script, args] of [
  ["tapo-vs-trl.js", [...others, ...out]],
  ["matmul-share.js", out],
  ["tensor-count.js", out],
]) {
  await rest();
  run(path.join(built, script), ...args);
}

/** Waits until what ran before, the compiler or the last bench, has left the load average; at most three minutes. */
async function rest() {
  const QUIET = 0.4;
  for (let waited = 0; os.loadavg()[0] > QUIET && waited < 180; waited += 5) {
    if (waited === 0)
      console.log(`waiting for the load average (${os.loadavg()[0].toFixed(2)}) to fall below ${QUIET}`);
    await new Promise((done) => setTimeout(done, 5000));
  }
}
