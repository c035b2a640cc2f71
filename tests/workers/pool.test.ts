import * as fs from "node:fs";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import { isRunning } from "../../src/core/leftovers";
import { allOf, runAll, runHere, type Job, type Replicable } from "../../src/workers/job";
import { Pool } from "../../src/workers/pool";

const PROGRAM = path.join(__dirname, "worker.cjs");
/** A job that only the worker program knows how to do. */
const job = <D, R>(name: string): Job<Replicable, D, R> => ({
  name,
  run: () => Promise.reject(new Error(`${name} is done by workers`)),
});
const pidOf = job<null, number>("pid");
const wait = job<number, number>("wait");
const die = job<null, null>("die");

let pool: Pool;
let model: Replicable;
beforeEach(() => {
  pool = new Pool(2, PROGRAM);
  const parameters = new Map([
    ["a", tf.variable(tf.tensor1d([1, 0]))],
    ["b", tf.variable(tf.tensor1d([2]))],
  ]);
  model = { replica: { kind: "numbers", about: { sizes: [2, 1] } }, parameters };
});
afterEach(() => {
  pool.close();
  tf.dispose([...model.parameters.values()]);
});

function linkOf(fd: string): string {
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ""; // it was that of the listing itself
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let t = 0; t < 400 && !condition(); t++) await new Promise((resolve) => setTimeout(resolve, 25));
  expect(condition()).toBe(true);
}

describe("a pool", () => {
  it("gives results in the order of the pieces, whichever is done first", async () => {
    expect(await runAll(pool.runner(model), wait, [200, 10, 50, 0])).toEqual([200, 10, 50, 0]);
  });

  it("does jobs with the weights of the moment, in every worker", async () => {
    const sum = job<number, number[]>("sum");
    const ask = () => runAll(pool.runner(model), sum, [10, 20, 30]);
    expect(await ask()).toEqual([
      [11, 12],
      [21, 22],
      [31, 32],
    ]);
    const changed = tf.tensor1d([5]);
    model.parameters.get("b")?.assign(changed);
    changed.dispose();
    expect(await ask()).toEqual([
      [11, 15],
      [21, 25],
      [31, 35],
    ]);
  });

  it.skipIf(process.platform !== "linux")("takes no more memory for models that come and go", async () => {
    const sum = job<number, number[]>("sum");
    for (let i = 0; i < 20; i++) {
      const next = { ...model, parameters: new Map([["a", tf.variable(tf.tensor1d([i, i + 1]))]]) };
      next.replica = { kind: "numbers", about: { sizes: [2] } };
      expect(await runAll(pool.runner(next), sum, [10, 20])).toEqual([[10 + i], [20 + i]]);
      pool.forget(next);
      tf.dispose([...next.parameters.values()]);
    }
    const shared = fs.readdirSync("/proc/self/fd").filter((fd) => linkOf(fd).includes("fine-r1-"));
    expect(shared).toHaveLength(1);
    // a region of 4 GiB each for the two workers' results and for the model of the moment
    expect(fs.fstatSync(Number(shared[0])).size).toBeLessThan(3 * 2 ** 32);
  });

  it.each(["a failed job", "a cancelled job"])("leaves nothing of a model in a worker after %s", async (what) => {
    const alone = new Pool(1, PROGRAM);
    const tensors = (): Promise<number> => alone.runner(model).run(job<null, number>("tensors"), null);
    const before = await tensors();
    for (let i = 0; i < 3; i++) {
      const next = { ...model, parameters: new Map([["a", tf.variable(tf.tensor1d([i, i + 1]))]]) };
      next.replica = { kind: "numbers", about: { sizes: [2] } };
      const runner = alone.runner(next);
      if (what === "a failed job") await expect(runner.run(job("error"), null)).rejects.toThrow("a bug");
      else await expect(runner.run(wait, 60_000, AbortSignal.timeout(100))).rejects.toThrow();
      alone.forget(next);
      tf.dispose([...next.parameters.values()]);
    }
    expect(await tensors()).toBe(before);
    alone.close();
  });

  it("gives each weight to the one of its name, in whatever order the model has them", async () => {
    const [a, b] = ["a", "b"].map((name) => model.parameters.get(name) as tf.Variable);
    const turned = {
      ...model,
      parameters: new Map([
        ["b", b as tf.Variable],
        ["a", a as tf.Variable],
      ]),
    };
    expect(await pool.runner(turned).run(job<number, number[]>("sum"), 10)).toEqual([11, 12]); // a holds 1 and 0, b holds 2
  });

  it("hands long vectors over as they are, beside the rest of the result", async () => {
    const vectors = job<number, { n: number; vectors: Float32Array[] }>("vectors");
    const [big, small] = await runAll(pool.runner(model), vectors, [300_000, 3]);
    expect([big?.n, big?.vectors.map(({ length }) => length)]).toEqual([300_000, [300_000, 2]]);
    expect(big?.vectors[0]?.every((value) => value === 300_000)).toBe(true);
    expect(small?.vectors.map((vector) => [...vector])).toEqual([
      [3, 3, 3],
      [1, 2],
    ]);
  });

  it("passes errors on as they were thrown, and goes on", async () => {
    const runner = pool.runner(model);
    const thrown = await runner.run(job("lab error"), null).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(LabError);
    expect(thrown).toMatchObject({ message: "it: is wrong. Mend it.", subject: "it", remedy: "Mend it." });
    await expect(runner.run(job("error"), null)).rejects.toThrow("a bug");
    await expect(runner.run(job("unheard of"), null)).rejects.toThrow('does not know the work "unheard of"');
    expect(await runner.run(wait, 10)).toBe(10);
  });

  it("stops what waits and what runs when the signal ends", async () => {
    const stop = new AbortController();
    const runner = pool.runner(model);
    await runner.run(wait, 0); // started
    const asked = runAll(runner, wait, [60_000, 60_000, 60_000], stop.signal);
    setTimeout(() => {
      stop.abort(new LabError("stopped", "Go on."));
    }, 100);
    const before = performance.now();
    await expect(asked).rejects.toThrow("stopped");
    expect(performance.now() - before).toBeLessThan(5000);
    expect(await runner.run(wait, 20)).toBe(20);
  });

  it("stops the other pieces when one fails, and throws that one's error", async () => {
    const runner = pool.runner(model);
    const all = allOf([() => runner.run(job("error"), null), (stop) => runner.run(wait, 60_000, stop)]);
    await expect(all).rejects.toThrow("a bug");
  });

  it("replaces a worker that was killed in the midst of its work, and has the work done again", async () => {
    const runner = pool.runner(model);
    const first = new Set(await runAll(runner, pidOf, [null, null, null, null]));
    const asked = runAll(runner, wait, [400, 400]);
    for (const pid of pool.pids) process.kill(pid, "SIGKILL");
    expect(await asked).toEqual([400, 400]);
    const second = await runAll(runner, pidOf, [null, null, null, null]);
    expect(second.filter((pid) => first.has(pid))).toEqual([]);
  });

  it("replaces a worker that was killed while it had nothing to do", async () => {
    const runner = pool.runner(model);
    await runAll(runner, wait, [50, 50]);
    const [idle] = pool.pids;
    process.kill(idle!, "SIGKILL");
    await until(() => !isRunning(idle!));
    expect(await runAll(runner, wait, [10, 10, 10])).toEqual([10, 10, 10]);
  });

  it("gives up a piece that ends its worker every time, and says what may be done", async () => {
    const thrown = await pool
      .runner(model)
      .run(die, null)
      .catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(LabError);
    expect((thrown as LabError).message).toMatch(/ended each time .*\(signal SIGKILL\).*--workers/u);
    expect(await pool.runner(model).run(wait, 0)).toBe(0);
  });

  it("says what a worker wrote when none can start", async () => {
    const broken = new Pool(2, path.join(__dirname, "no-such-program.cjs"));
    await expect(broken.runner(model).run(wait, 0)).rejects.toThrow(/could not start .*Cannot find module/u);
    broken.close();
  });

  it("goes on with the workers there are where no more can start, and fails what waits where there are none", async () => {
    const [runner, bare] = [pool.runner(model), new Pool(2, PROGRAM)];
    const { execPath } = process;
    await runner.run(wait, 0);
    process.execPath = "no\0program"; // `fork` throws at once, as where memory is short
    try {
      expect(await runAll(runner, wait, [20, 10, 0])).toEqual([20, 10, 0]);
      await expect(bare.runner(model).run(die, null)).rejects.toThrow(/could not start .*fewer workers/u);
    } finally {
      process.execPath = execPath;
    }
    expect(pool.pids).toHaveLength(1);
    expect([await bare.runner(model).run(wait, 1), bare.deaths]).toEqual([1, 0]); // what failed waits no more
    bare.close();
  });

  it("leaves no process behind when it is closed", async () => {
    await runAll(pool.runner(model), wait, [0, 0]);
    const { pids } = pool;
    expect(pids).toHaveLength(2);
    pool.close();
    await until(() => pids.every((pid) => !isRunning(pid)));
  });
});

describe("work in this process", () => {
  it("is done one piece at a time, in order", async () => {
    let running = 0;
    const seen: number[] = [];
    const one: Job<null, number, number> = {
      name: "one",
      run: async (_, n) => {
        expect(++running).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 20 - 5 * n));
        seen.push(n);
        running--;
        return n;
      },
    };
    expect(await runAll(runHere(null), one, [0, 1, 2, 3])).toEqual([0, 1, 2, 3]);
    expect(seen).toEqual([0, 1, 2, 3]);
  });
});
