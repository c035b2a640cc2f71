import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

/**
 * The parts of set-up, each in a project folder of its own: the scripts take the folder above them for the project.
 * They run in processes of their own, as in life.
 */
const ROOT = path.resolve(__dirname, "../..");
let project = "";

beforeEach(() => {
  project = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-setup-"));
  fs.cpSync(path.join(ROOT, "scripts"), path.join(project, "scripts"), { recursive: true });
});
afterEach(() => {
  fs.rmSync(project, { recursive: true, force: true });
});

/** Runs a module in the project and returns what it printed. */
function script(source: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
      cwd: path.join(project, "scripts", "lib"),
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.on("error", reject);
    child.on("close", () => {
      resolve(out);
    });
  });
}

describe("a step", () => {
  const step = (inputs: string, work: string): string => `
    import { existsSync, writeFileSync } from "node:fs";
    import { runStep } from ${JSON.stringify("./steps.mjs")};
    const product = "../product";
    const { ran, kept } = await runStep({
      name: "demo", title: "demo", inputs: ${inputs}, present: () => existsSync(product),
      work: () => { ${work} },
    }).catch((error) => ({ ran: error.message }));
    console.log("ran:", ran, kept?.size);`;
  const write = `writeFileSync(product, "x"); return { size: 1 };`;

  it("runs once, and keeps what it found out", async () => {
    expect(await script(step("[1]", write))).toContain("ran: true 1");
    expect(await script(step("[1]", write))).toBe("ran: false 1\n");
  });

  it("runs again when its inputs change or its product is gone", async () => {
    await script(step("[1]", write));
    expect(await script(step("[2]", write))).toContain("ran: true");
    fs.rmSync(path.join(project, "scripts", "product"));
    expect(await script(step("[2]", write))).toContain("ran: true");
  });

  it("runs again after it failed, even where a product was left behind", async () => {
    await script(step("[1]", write));
    expect(await script(step("[2]", `${write.split(";", 1)[0] ?? ""}; throw new Error("broken half-way");`))).toContain(
      "ran: broken half-way",
    );
    expect(await script(step("[2]", write))).toContain("ran: true");
  });
});

describe("the lock", () => {
  const hold = `
    import { appendFileSync } from "node:fs";
    import { withLock } from "./lock.mjs";
    const log = "../log";
    await withLock(async () => {
      appendFileSync(log, "in ");
      await new Promise((go) => setTimeout(go, 200));
      appendFileSync(log, "out ");
    });`;

  it("lets one set-up in at a time", async () => {
    await Promise.all([script(hold), script(hold), script(hold)]);
    expect(fs.readFileSync(path.join(project, "scripts", "log"), "utf8")).toBe("in out in out in out ");
    expect(fs.existsSync(path.join(project, ".setup", "lock"))).toBe(false);
  });

  it("waits for the program that a killed set-up left behind", async () => {
    const log = path.join(project, "scripts", "log");
    const killed = `
      import { logged } from "./shell.mjs";
      import { withLock } from "./lock.mjs";
      setTimeout(() => process.kill(process.pid, "SIGKILL"), 300);
      const program = 'setTimeout(() => require("fs").appendFileSync(${JSON.stringify(log)}, "left "), 1500)';
      await withLock(() => logged("left", process.execPath, ["-e", program]));`;
    await script(killed);
    expect(await script(hold)).toContain("Another set-up");
    expect(fs.readFileSync(log, "utf8")).toBe("left in out ");
  });

  it("is taken over from a set-up that was killed", async () => {
    fs.mkdirSync(path.join(project, ".setup"));
    // Linux and macOS give out no process id above 2²² − 1.
    fs.writeFileSync(path.join(project, ".setup", "lock"), "4194305");
    await script(hold);
    expect(fs.readFileSync(path.join(project, "scripts", "log"), "utf8")).toBe("in out ");
  });
});

describe("where hard links fail", () => {
  it("the lock works all the same", async () => {
    const source = `
      import fs from "node:fs";
      import { syncBuiltinESMExports } from "node:module";
      fs.linkSync = () => { throw Object.assign(new Error("no links here"), { code: "EPERM" }); };
      syncBuiltinESMExports();
      const { withLock } = await import("./lock.mjs");
      console.log(await withLock(() => "held"));`;
    expect(await script(source)).toBe("held\n");
  });

  it("a lock that its maker was killed before writing into is taken over, a new one waited for", async () => {
    const lock = path.join(project, ".setup", "lock");
    fs.mkdirSync(path.dirname(lock));
    fs.writeFileSync(lock, "");
    const began = Date.now();
    expect(await script('import { withLock } from "./lock.mjs"; console.log(await withLock(() => "held"));')).toBe(
      "held\n",
    );
    expect(Date.now() - began).toBeGreaterThan(1500);
  });
});

describe("a missing prerequisite is named with the command that installs it:", () => {
  const say = (call: string): string => `
    import * as checks from "./prerequisites.mjs";
    try { console.log(checks.${call}); } catch (error) { console.log(error.message); }`;
  const INSTALL = /apt-get install|dnf install|brew install|xcode-select/;
  const nothing = { PATH: "/nonexistent", FINE_R1_PYTHON: "" };

  it("Python", async () => {
    const said = await script(say("findPython()"), nothing);
    expect(said).toMatch(/Python 3\.10 to 3\.13 with venv is needed \(no python3 found\)/);
    expect(said).toMatch(INSTALL);
  });

  it("an unfit Python", async () => {
    const python = path.join(project, "python");
    fs.writeFileSync(python, `#!/bin/sh\necho '{"version": [3, 8, 18], "venv": true}'\n`, { mode: 0o755 });
    expect(await script(say("findPython()"), { FINE_R1_PYTHON: python })).toContain(`${python} is 3.8.18`);
  });

  it("a Python without venv", async () => {
    const python = path.join(project, "python");
    fs.writeFileSync(python, `#!/bin/sh\necho '{"version": [3, 12, 1], "venv": false}'\n`, { mode: 0o755 });
    const said = await script(say("findPython()"), { FINE_R1_PYTHON: python });
    expect(said).toContain("has no venv module");
    expect(said).toMatch(INSTALL);
  });

  it("a compiler", async () => {
    const said = await script(say("missingForCompiling()"), { ...nothing, CXX: "" });
    expect(said).toMatch(/^a C\+\+ compiler was not found; install one with: /);
    expect(said).toMatch(INSTALL);
  });
});

describe("compiling", () => {
  const build = `
    import { compiledSources } from "./compile.mjs";
    await compiledSources().then(({ ran }) => console.log("ran:", ran), (error) => console.log(error.message));`;
  const write = (file: string, text: string): void => {
    fs.writeFileSync(path.join(project, file), text);
  };
  const compiled = (file: string): boolean => fs.existsSync(path.join(project, "dist", file));

  beforeEach(() => {
    fs.symlinkSync(path.join(ROOT, "node_modules"), path.join(project, "node_modules"));
    for (const file of ["tsconfig.json", "tsconfig.build.json"]) {
      fs.copyFileSync(path.join(ROOT, file), path.join(project, file));
    }
    fs.mkdirSync(path.join(project, "src"));
    write("src/a.ts", "export const a = 1;\n");
    write("src/shape.d.ts", "interface Shape { sides: number }\n"); // has no product, like src/model/tensor/graphProto.d.ts
  });

  it("follows the sources: changed ones anew, deleted ones gone, wrong ones named", async () => {
    expect(await script(build)).toContain("ran: true");
    expect(await script(build)).toBe("ran: false\n");
    fs.rmSync(path.join(project, "dist", "a.js"));
    expect(await script(build)).toContain("ran: true");
    fs.renameSync(path.join(project, "src", "a.ts"), path.join(project, "src", "b.ts"));
    expect(await script(build)).toContain("ran: true");
    expect([compiled("a.js"), compiled("a.d.ts"), compiled("b.js"), compiled("b.d.ts")]).toEqual([
      false,
      false,
      true,
      true,
    ]);
    write("src/b.ts", `export const b: number = "one";\n`);
    expect(await script(build)).toMatch(/failed \(exit 2\)[\s\S]*src\/b\.ts\(1,14\): error TS2322/);
  });
});
