import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { RayClient } from "../../../src/lab/ray/client";
import { PythonEnvironment } from "../../pythonEnvironment";

export const rayEnvironment = new PythonEnvironment({
  folder: "interop/ray",
  requirements: [path.join(__dirname, "requirements.txt")],
  holdsRay: true,
});

/** A real Ray on this machine: a head and other nodes, with one CPU each. Its processes are known by a variable of theirs. */
export class Cluster {
  private readonly mark = `FINE_R1_CLUSTER=${randomUUID()}`;
  private readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "ray-")); // short: names of sockets lie below it
  private readonly nodes: string[] = [];
  private isUp = false;

  private constructor(
    readonly address: string,
    private readonly variables: Readonly<Record<string, string>>,
  ) {}

  /** @param variables of its processes, such as those of token authentication, which this process must have, too */
  static async start(nodes: number, variables: Readonly<Record<string, string>> = {}): Promise<Cluster> {
    await rayEnvironment.ensure();
    const [port, dashboard] = [await freePort(), await freePort()];
    const cluster = new Cluster(`http://127.0.0.1:${dashboard}`, variables);
    const where = [
      "--dashboard-host",
      "127.0.0.1",
      "--dashboard-port",
      String(dashboard),
      "--temp-dir",
      cluster.folder,
    ];
    await cluster.spawn(["--head", "--port", String(port), ...where]);
    await cluster.until("a head", async () => (await RayClient.open(cluster.address)).version !== "");
    for (let i = 1; i < nodes; i++) await cluster.spawn(["--address", `127.0.0.1:${port}`]);
    await cluster.until(
      "its nodes",
      async () => (await (await RayClient.open(cluster.address)).nodes()).length === nodes,
    );
    cluster.isUp = true;
    return cluster;
  }

  /** Kills every process of a node, the jobs on it among them. @param node 0: the head */
  killNode(node: number): void {
    for (const pid of processesWith(this.nodes[node] ?? "none")) kill(pid);
  }

  /** Kills what a job runs, and nothing of Ray's. */
  killJob(id: string): number {
    const commands = processesWith(this.mark).filter((pid) =>
      environmentOf(pid).includes(`"job_submission_id": "${id}"`),
    );
    const own = commands.filter((pid) => /dist\/cli\.js/u.test(read(`/proc/${pid}/cmdline`)));
    own.forEach(kill);
    return own.length;
  }

  stop(): void {
    for (const pid of processesWith(this.mark)) kill(pid);
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private async spawn(args: readonly string[], tries = 3): Promise<void> {
    const node = `FINE_R1_NODE=${randomUUID()}`;
    this.nodes.push(node);
    const marks = Object.fromEntries([node, this.mark].map((mark) => mark.split("=") as [string, string]));
    const log = fs.openSync(path.join(this.folder, `node-${this.nodes.length}.log`), "w");
    const agent = ["--dashboard-agent-listen-port", String(await freePort())];
    const rest = ["--num-cpus", "1", "--object-store-memory", "80000000", "--disable-usage-stats", "--block", ...agent];
    const child = spawn(rayEnvironment.executable, ["-m", "ray.scripts.scripts", "start", ...args, ...rest], {
      env: { ...process.env, RAY_raylet_start_wait_time_s: "120", ...this.variables, ...marks },
      cwd: this.folder,
      stdio: ["ignore", log, log],
      detached: true,
    });
    child.unref();
    child.once("exit", () => {
      if (this.isUp || tries === 0) return; // Ray gives a node 30 s to come up, which a busy machine may not have
      this.nodes.splice(this.nodes.indexOf(node), 1);
      for (const pid of processesWith(node)) kill(pid);
      void this.spawn(args, tries - 1);
    });
    fs.closeSync(log);
  }

  private async until(what: string, there: () => Promise<boolean>): Promise<void> {
    const began = Date.now();
    while (Date.now() - began < 480_000) {
      if (await there().catch(() => false)) return;
      await delay(500);
    }
    this.isUp = true; // nothing is tried again
    const logs = this.nodes.map((_, i) => read(path.join(this.folder, `node-${i + 1}.log`)).slice(-2000));
    this.stop();
    throw new Error(`Ray did not come up with ${what} within eight minutes:\n${logs.join("\n")}`);
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
  });
}

/** The processes that have a variable. */
function processesWith(variable: string): number[] {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => environmentOf(pid).split("\0").includes(variable));
}

function environmentOf(pid: number): string {
  return read(`/proc/${pid}/environ`);
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return ""; // it has ended, or is another user's
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended
  }
}
