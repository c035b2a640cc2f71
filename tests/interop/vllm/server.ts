import { spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { LabError } from "../../../src/core/errors";
import { PythonEnvironment } from "../../pythonEnvironment";

const ROOT = path.resolve(__dirname, "..", "..", "..");
const bench = (file: string): string => path.join(ROOT, "bench", file);

/** vLLM's CPU engine, by the recipe of the benches (bench/setup-peer.mjs). */
export const vllm = new PythonEnvironment({
  folder: "interop/vllm",
  requirements: [
    bench("requirements-vllm-torch.txt"),
    `no-deps:${bench("requirements-vllm-engine.txt")}`,
    bench("requirements-vllm.txt"),
  ],
  prepare: bench("peer/prepare_vllm.py"),
});

export interface RunningVllm {
  /** The API's root. */
  readonly url: string;
  stop(): Promise<void>;
}

const START_SECONDS = 900; // half a minute on a quiet machine

/**
 * Serves a checkpoint on the loopback and waits until it answers. What it prints is in `.setup/logs/interop-vllm-NAME.log`.
 * @throws LabError with the log's end when it dies or does not answer in time
 */
export async function serveVllm(checkpoint: string, name: string, more: readonly string[] = []): Promise<RunningVllm> {
  await vllm.ensure();
  const port = await freePort();
  const log = path.join(ROOT, ".setup", "logs", `interop-vllm-${name}.log`);
  fs.mkdirSync(path.dirname(log), { recursive: true });
  const output = fs.openSync(log, "w");
  const args = [
    ...["serve", path.resolve(checkpoint), "--served-model-name", name, "--host", "127.0.0.1", "--port", `${port}`],
    ...["--dtype", "float32", "--enforce-eager", "--max-num-seqs", "32", "--generation-config", "vllm"],
    ...["--limit-mm-per-prompt", '{"image": 5, "video": 0}'],
    ...["--distributed-executor-backend", "uni"], // with the variable below: the engine computes itself, and starts no worker that imports everything once more
    ...more,
  ];
  const child = spawn(vllm.program("vllm"), args, {
    stdio: ["ignore", output, output],
    detached: true, // a group of its own: its engine is a process of its own, too
    env: {
      ...process.env,
      PYTHONPATH: bench("peer/start"),
      HF_HUB_OFFLINE: "1",
      VLLM_NO_USAGE_STATS: "1",
      VLLM_CPU_KVCACHE_SPACE: "1",
      VLLM_CPU_OMP_THREADS_BIND: "nobind",
      VLLM_CACHE_ROOT: path.join(ROOT, ".setup", "interop", "vllm-cache"),
      VLLM_ALLOW_LONG_MAX_MODEL_LEN: "1",
      // threads that wait for one another would spin, and stand still where other programs want the cores, too
      ...{ OMP_NUM_THREADS: "1", OMP_WAIT_POLICY: "PASSIVE", VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS: "1800" },
      VLLM_ENABLE_V1_MULTIPROCESSING: "0",
      TORCHDYNAMO_DISABLE: "1", // it would compile a few kernels when it is first asked, which takes longer than all that is asked here
    },
  });
  fs.closeSync(output);
  const end = (): void => {
    kill(child, "SIGKILL");
  };
  process.once("exit", end);
  const stop = async (): Promise<void> => {
    process.off("exit", end);
    await stopped(child);
  };
  const url = `http://127.0.0.1:${port}/v1`;
  for (let waited = 0; !(await answers(url)); waited++) {
    if (child.exitCode === null && waited < START_SECONDS) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      continue;
    }
    await stop();
    const why = fs.readFileSync(log, "utf8").slice(-3000);
    throw new LabError(`vLLM did not start:\n${why}`, "Read its log.", { subject: log });
  }
  return { url, stop };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/models`)).ok;
  } catch {
    return false;
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  kill(child, "SIGTERM");
  const late = setTimeout(() => {
    kill(child, "SIGKILL");
  }, 15_000);
  await gone;
  clearTimeout(late);
  kill(child, "SIGKILL"); // what is left of its group
}

function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // the group is gone
  }
}

async function freePort(): Promise<number> {
  const probe = net.createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (typeof address !== "object" || address === null) throw new RangeError("freePort: no port");
  return address.port;
}
