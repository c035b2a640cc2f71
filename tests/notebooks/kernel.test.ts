import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT, executeNotebook, printed, withNotebook } from "./harness";
import { session } from "./session";

/** tslab's cells, executed by nbconvert: what every notebook of the project rests on. */
describe("the TypeScript kernel", () => {
  it("runs the library, the tensor engine and danfojs in one cell, with top-level await", async () => {
    const cell = `
import * as tf from "@tensorflow/tfjs-node-gpu";
import * as danfo from "danfojs-node";
import { Random } from "../../../dist/core/random";
import { loadBackend } from "../../../dist/core/backend";
const backend = await loadBackend();
// d(x²)/dx at 3 is 6; and [1 2]·[3 4]ᵀ is 11.
const gradient = tf.grad((x: tf.Tensor) => x.square().sum())(tf.tensor1d([3])).dataSync()[0];
const product = tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0];
const frame = new danfo.DataFrame({ a: [1, 2, 3] });
console.log(JSON.stringify({
  backend: backend.name, current: tf.getBackend(), gradient, product, mean: frame["a"].mean(),
  same: new Random(7).uint32() === new Random(7).uint32(),
}));`;
    const { cells } = await withNotebook([cell], (file) => executeNotebook(file));
    expect(JSON.parse(printed(cells[0]))).toEqual({
      backend: "tensorflow",
      current: "tensorflow",
      gradient: 6,
      product: 11,
      mean: 2,
      same: true,
    });
  });

  it("shows figures as their MIME types, and reads parameters from the environment", async () => {
    const cell = `
import { display } from "tslab";
display.html("<b>bold</b>");
display.raw("application/vnd.plotly.v1+json", { data: [{ y: [1, 2] }], layout: {} } as any);
console.log(process.env.FINE_R1_PROFILE);`;
    const { cells } = await withNotebook([cell], (file) =>
      executeNotebook(file, { env: { FINE_R1_PROFILE: "smoke" } }),
    );
    const shown = (cells[0]?.outputs ?? []).flatMap((item) =>
      item.output_type === "display_data" ? Object.entries(item.data) : [],
    );
    expect(new Map(shown).get("application/vnd.plotly.v1+json")).toEqual({ data: [{ y: [1, 2] }], layout: {} });
    expect(new Map(shown).has("text/html")).toBe(true);
    expect(printed(cells[0])).toBe("smoke\n");
  });

  it("shows everything that a cell says, be it more at once than a socket takes", async () => {
    const cell = `
import * as tslab from "tslab";
for (let i = 0; i < 800; i++) tslab.display.text(String(i));
console.log("through");`;
    const { cells } = await withNotebook([cell], (file) => executeNotebook(file));
    const shown = cells[0]!.outputs.flatMap((one) => (one.output_type === "display_data" ? [String(one.data["text/plain"])] : [])); // prettier-ignore
    expect(shown).toEqual(Array.from({ length: 800 }, (_, i) => String(i)));
    expect(printed(cells[0])).toBe("through\n");
  });

  it("fails when a cell throws, and leaves the notebook as it was", async () => {
    await withNotebook([`throw new Error("not today");`], async (file) => {
      const before = fs.readFileSync(file, "utf8");
      await expect(executeNotebook(file)).rejects.toThrow(/not today/);
      expect(fs.readFileSync(file, "utf8")).toBe(before);
    });
  });

  it("fails when a promise is rejected after its cell has ended", async () => {
    const cells = [
      `void (async () => { await new Promise((go) => setTimeout(go, 50)); throw new Error("too late"); })();`,
      `await new Promise((go) => setTimeout(go, 500));`,
    ];
    await withNotebook(cells, async (file) => {
      await expect(executeNotebook(file)).rejects.toThrow(/no cell awaited[^]*Error: too late/);
    });
  });

  it.each([
    ["between two cells", [`void Promise.reject(new Error("nobody waits"));`, `console.log(1);`]],
    ["after the last cell", [`setTimeout(() => { throw new Error("nobody waits"); }, 1000);`]],
  ])("fails when something fails %s", async (_, cells) => {
    await withNotebook(cells, async (file) => {
      await expect(executeNotebook(file)).rejects.toThrow(/no cell awaited[^]*Error: nobody waits/);
    });
  });

  it("does not fail for words, nor for a failure that a later cell awaits", async () => {
    const cells = [
      `console.error("UncaughtException, UnhandledPromiseRejection: words"); const soon = Promise.reject(new Error("soon"));`,
      `try { await soon; } catch { console.log("caught"); }`,
    ];
    const executed = await withNotebook(cells, (file) => executeNotebook(file));
    expect(printed(executed.cells[1])).toBe("caught\n");
  });

  it.each(["trial[1]", "{a,b}", "what*?"])("takes the name %s as it is, for input and output", async (name) => {
    await withNotebook([`console.log("mine");`], async (file) => {
      const own = path.join(path.dirname(file), `${name}.ipynb`);
      const content = JSON.parse(fs.readFileSync(file, "utf8")) as Record<string, unknown>;
      fs.writeFileSync(own, JSON.stringify({ ...content, metadata: {} })); // and no word of a kernel
      const { cells } = await executeNotebook(own);
      expect(printed(cells[0])).toBe("mine\n");
    });
  });

  it("looks at its folders before it runs anything", async () => {
    const ran = path.join(os.tmpdir(), `fine-r1-ran-${process.pid}`);
    const cell = `require("node:fs").writeFileSync(${JSON.stringify(ran)}, "");`;
    const missing = path.join(os.tmpdir(), "fine-r1-no-such-folder");
    await withNotebook([cell], (file) => {
      const script = path.join(ROOT, "scripts", "notebook.mjs");
      const refusal = (args: readonly string[], env = {}) =>
        spawnSync(process.execPath, [script, ...args], { env: { ...process.env, ...env }, encoding: "utf8" }).stderr;
      expect(refusal([file, path.join(missing, "out.ipynb")])).toBe(
        `\n${missing} is not there. Make the folder first.\n`,
      );
      expect(refusal([file, `${file}.out`], { TMPDIR: missing })).toContain(
        "TMPDIR names a folder for temporary files.\n",
      );
      expect(fs.existsSync(ran)).toBe(false);
      return Promise.resolve();
    });
  });

  it("takes no port for a notebook without a browser: kernels that start together cannot be given the same one", async () => {
    const cell = `
import * as fs from "node:fs";
console.log(JSON.parse(fs.readFileSync(process.argv[process.argv.indexOf("--config-path") + 1], "utf8")).transport);`;
    const { cells } = await withNotebook([cell], (file) => executeNotebook(file));
    expect(printed(cells[0])).toBe("ipc\n");
  });

  it("ends where another program has its port, so that Jupyter starts it on others", async () => {
    const other = net.createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const taken = (other.address() as net.AddressInfo).port;
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-ports-"));
    const file = path.join(folder, "connection.json");
    // 0: any free port
    const ports = { shell_port: taken, iopub_port: 0, control_port: 0, stdin_port: 0, hb_port: 0 };
    fs.writeFileSync(file, JSON.stringify({ transport: "tcp", ip: "127.0.0.1", key: "k", ...ports }));
    const script = path.join(ROOT, "scripts", "kernel.mjs");
    try {
      const kernel = execFile(process.execPath, [script, "kernel", "--config-path", file]);
      let said = "";
      kernel.stderr?.on("data", (chunk: string) => (said += chunk));
      expect(await once(kernel, "close")).toEqual([1, null]);
      expect(said).toMatch(/^The kernel cannot listen: .*in use/);
    } finally {
      other.close();
      fs.rmSync(folder, { recursive: true });
    }
  });

  // who asks /proc for the launcher's parent needs Linux
  it.skipIf(process.platform !== "linux")("ends with its server, even with one that is killed", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-orphan-"));
    const note = path.join(folder, "pids.json");
    const code = `
import * as fs from "node:fs";
const launcher = process.ppid;
const server = Number(fs.readFileSync("/proc/" + launcher + "/stat", "utf8").split(") ")[1].split(" ")[1]);
fs.writeFileSync(${JSON.stringify(note)}, JSON.stringify([process.pid, launcher]));
process.kill(server, "SIGKILL");
await new Promise(() => setInterval(() => undefined, 1000));`;
    await expect(session([{ code }], {})).rejects.toThrow(/the session ended with null/);
    const kernel = JSON.parse(fs.readFileSync(note, "utf8")) as number[];
    fs.rmSync(folder, { recursive: true });
    expect(kernel).toHaveLength(2);
    for (let waited = 0; kernel.some(isRunning) && waited < 10_000; waited += 100) {
      await new Promise((done) => setTimeout(done, 100));
    }
    expect(kernel.filter(isRunning)).toEqual([]);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
