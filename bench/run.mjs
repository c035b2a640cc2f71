// npm run bench: prepares the peer, compiles bench/, then runs the three benches one after the other.
// `--out FOLDER` goes to all three, every other argument to bench/tapo-vs-trl.
import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { fileURLToPath } from "node:url";

const bench = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(bench);
const built = path.join(root, ".setup", "bench-build", "bench");
const given = process.argv.slice(2);
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
run(path.join(built, "tapo-vs-trl.js"), ...others, ...out);
run(path.join(built, "matmul-share.js"), ...out);
run(path.join(built, "tensor-count.js"), ...out);
