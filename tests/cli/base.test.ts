import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isRunning } from "../../src/core/leftovers";

const ROOT = path.resolve(__dirname, "../..");
let scratch: string;
beforeEach(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-build-"));
});
afterEach(() => {
  fs.rmSync(scratch, { recursive: true, force: true });
});

function build(out: string) {
  const args = [path.join(ROOT, "dist", "cli.js"), "base", "build", "--config", "smoke", "--world", "smoke"];
  const child = spawn(process.execPath, [...args, "--out", out], {
    cwd: ROOT,
    env: { ...process.env, FINE_R1_RUNS: path.join(scratch, "runs") },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const end = new Promise((resolve) => child.on("close", resolve));
  return { child, end, errors: () => errors };
}

/** The process at work on a stage, by its lease; 0 before it has begun. */
function workerOn(stage: string): number {
  const leases = path.join(scratch, "runs", "base", "smoke", "leases");
  const own = fs.existsSync(leases) ? fs.readdirSync(leases).find((name) => name.startsWith(`${stage}-`)) : undefined;
  const text = own === undefined ? "" : fs.readFileSync(path.join(leases, own), "utf8");
  return Number(/"state":"held".*"pid":(\d+)/.exec(text)?.[1] ?? 0);
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((go) => setTimeout(go, 20));
}

describe("base build", () => {
  it.each(["SIGKILL", "SIGTERM"] as const)(
    "that ends by %s takes its branches with it",
    async (signal) => {
      const { child } = build(path.join(scratch, "out"));
      await until(() => workerOn("tower") > 0 && workerOn("text") > 0);
      const workers = [workerOn("tower"), workerOn("text")];
      expect(workers.map(isRunning)).toEqual([true, true]);
      child.kill(signal);
      await until(() => !workers.some(isRunning)); // they look between steps; the test's own limit is the bound
    },
    60_000,
  );

  it("asks before the training, not after it, whether it may write", async () => {
    const file = path.join(scratch, "file");
    fs.writeFileSync(file, "in the way");
    const { end, errors } = build(file);
    expect(await end).toBe(1);
    expect(errors()).toMatch(/file: cannot be written/);
    expect(fs.existsSync(path.join(scratch, "runs"))).toBe(false);
  });
});
