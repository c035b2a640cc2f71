import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** Every command ends with one line under a Node that the engine does not run on. */
const ROOT = path.resolve(__dirname, "../..");
const scripts = fs.readdirSync(path.join(ROOT, "scripts")).filter((name) => name.endsWith(".mjs"));
const COMMANDS = [...scripts.map((name) => `scripts/${name}`), "bench/run.mjs", "bench/setup-peer.mjs", "dist/cli.js"];

let pretend: string;
let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-node-"));
  pretend = path.join(folder, "pretend.cjs");
  const change = 'Object.defineProperty(process.versions, "node", { value: process.env.PRETEND_NODE });';
  fs.writeFileSync(pretend, change);
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** A command's exit status and output, under a Node that says it is another one. */
function underNode(version: string, args: readonly string[]): { status: number | null; output: string } {
  const env = { ...process.env, PRETEND_NODE: version };
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--require", pretend, ...args], {
    cwd: folder,
    env,
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}

describe("a Node that does not fit is refused in one line", () => {
  it.each(COMMANDS)("by %s", (command) => {
    const { status, output } = underNode("24.1.0", [path.join(ROOT, command), "--help"]);
    expect(status).toBe(1);
    expect(output).toMatch(/^fine-r1: Node 24\.1\.0 does not run .* nvm install 22 && nvm use 22\n$/);
  });

  it.each([
    ["18.20.8", false],
    ["20.18.3", false],
    ["20.19.0", true],
    ["21.7.0", false],
    ["22.12.0", false],
    ["22.13.0", true],
    ["23.0.0", false],
  ])("%s: runs %s", (version, runs) => {
    const guard = path.join(ROOT, "scripts", "lib", "node-version.cjs");
    const { status, output } = underNode(version, [guard]);
    expect([status, output === ""]).toEqual([runs ? 0 : 1, runs]);
  });
});
