// npm run bench: prepares the peers, compiles bench/, then runs the benches one after the other.
import "../scripts/lib/node-version.cjs";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

const BENCHES = ["tapo-vs-trl", "workers", "generation", "matmul-share", "scaling", "tensor-count"];
const HELP = `npm run bench                                all benches, under 30 minutes after set-up
npm run bench -- --quick                     a smoke run of all
npm run bench -- tapo-vs-trl [its options]   one bench; its --help says what it takes
npm run bench -- workers scaling             some of them; --out FOLDER and --quick go to all

Benches: ${BENCHES.join(", ")}.
Set-up makes .setup/bench-venv (PyTorch, TRL; about 1.5 GB) and, for \`generation\`, .setup/bench-vllm (vLLM's CPU engine;
3.5 GB). Results: results/bench. See docs/performance.md.`;

const bench = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(bench);
const build = path.join(root, ".setup", "bench-build");
const given = process.argv.slice(2);
const names = given.filter((word, i) => BENCHES.includes(word) && !given[i - 1]?.startsWith("--out"));
const options = given.filter((word) => !names.includes(word));
const chosen = names.length === 0 ? BENCHES : BENCHES.filter((name) => names.includes(name));
if (names.length === 0 && (options.includes("--help") || options.includes("-h"))) {
  console.log(HELP);
  process.exit(0);
}
const stray = options.find((word, i) => !["--quick", "--out"].includes(word) && options[i - 1] !== "--out");
if (chosen.length > 1 && stray !== undefined) {
  const what = stray.startsWith("-") ? `"${stray}" is an option of a single bench.` : `There is no bench "${stray}".`;
  console.error(`${what} Name one: ${BENCHES.join(", ")}.`);
  process.exit(1);
}

compile();
if (!options.includes("--help") && !options.includes("-h")) {
  const needed = chosen.filter((name) => ["tapo-vs-trl", "generation"].includes(name));
  if (needed.length > 0) run(path.join(bench, "setup-peer.mjs"), ...needed);
}
const failed = [];
for (const name of chosen) {
  const started = Date.now();
  const status = start(path.join(build, "bench", `${name}.js`), ...options);
  if (chosen.length > 1) console.log(`${name}: ${((Date.now() - started) / 60000).toFixed(1)} minutes\n`);
  if (status !== 0) failed.push(name);
}
if (failed.length > 0) {
  if (chosen.length > 1) console.error(`These benches failed: ${failed.join(", ")}.`);
  process.exit(1);
}

/** Compiles bench/ and the library; the library looks for configs and assets two folders above its own. */
function compile() {
  run(path.join(root, "node_modules", "typescript", "bin", "tsc"), "-p", path.join(bench, "tsconfig.json"));
  for (const name of ["configs", "assets", "node_modules"]) {
    const link = path.join(build, name);
    if (!fs.existsSync(link)) fs.symlinkSync(path.join(root, name), link, "junction");
  }
}

function start(...args) {
  const { status, error } = spawnSync(process.execPath, args, { stdio: "inherit", cwd: root });
  if (error) throw error;
  return status ?? 1;
}

function run(...args) {
  const status = start(...args);
  if (status !== 0) process.exit(status);
}
