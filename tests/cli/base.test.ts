import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isRunning } from "../../src/core/leftovers";
import { childrenOf } from "./home";

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
    env: { ...process.env, FINE_R1_RUNS: path.join(scratch, "runs"), FINE_R1_WORKERS: "2" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const end = new Promise((resolve) => child.on("close", resolve));
  return { child, end, errors: () => errors };
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((go) => setTimeout(go, 20));
}

describe("base build", () => {
  it.each(["SIGKILL", "SIGTERM"] as const)(
    "that ends by %s takes its workers with it",
    async (signal) => {
      const dead = spawnSync(process.execPath, ["-e", ""]).pid;
      const own = ["thesis", `thesis.old-${dead}`];
      for (const name of own) fs.mkdirSync(path.join(scratch, "out", name), { recursive: true });
      const { child, end } = build(path.join(scratch, "out"));
      let workers: number[] = [];
      await until(() => (workers = childrenOf(child.pid ?? 0)).length === 2);
      child.kill(signal);
      await end;
      expect(fs.readdirSync(path.join(scratch, "out"))).toEqual(own); // the reader's, whatever their names are like
      await until(() => !workers.some(isRunning)); // they look between pieces; the test's own limit is the bound
    },
    60_000,
  );

  it("asks before the training, not after it, whether it may write", async () => {
    const file = path.join(scratch, "file");
    fs.writeFileSync(file, "in the way");
    const { end, errors } = build(file);
    expect(await end).toBe(1);
    expect(errors()).toMatch(/file: cannot be written/);
    fs.mkdirSync(path.join(scratch, "own", "base", "photos"), { recursive: true });
    const other = build(path.join(scratch, "own"));
    expect(await other.end).toBe(1);
    expect(other.errors()).toMatch(/base: holds "photos", which is no file of a model/);
    expect(fs.existsSync(path.join(scratch, "runs"))).toBe(false);
  });
});
