import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findFinished } from "../../src/store/store";
import { hold, leaseText, soon, startWorker, stepsDone, stepsFolder, type Worker } from "./workers";

/** Processes that want the same work (worker.mjs: so many steps, one line each, going on from those that are there). */
let store: string;
const workers: Worker[] = [];
beforeEach(() => {
  store = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-processes-"));
});
afterEach(() => {
  for (const { child } of workers.splice(0)) child.kill("SIGKILL");
  fs.rmSync(store, { recursive: true, force: true });
});
const start = (steps: number, milliseconds: number): Worker => {
  const worker = startWorker(store, steps, milliseconds);
  workers.push(worker);
  return worker;
};
const waitingFor = (pid: number, host = os.hostname()) => ({ label: `waiting for process ${pid} on ${host}` });

describe("processes with one store", () => {
  it("do a work once: the others wait, and take what the first one made", async () => {
    const letGo = hold(store);
    const first = start(10, 5);
    await soon(() => stepsDone(store, 10).length > 0);
    const others = [start(10, 5), start(10, 5)];
    await soon(() => others.every(({ said }) => said.length > 0));
    letGo();
    expect(await first.end).toEqual([{ result: 10, cached: false }]);
    for (const { end } of others) expect(await end).toEqual([waitingFor(first.pid), { result: 10, cached: true }]);
    expect(stepsDone(store, 10)).toEqual(Array<number>(10).fill(first.pid));
    expect(fs.readdirSync(path.join(store, "leases"))).toEqual([]);
  });

  it("do it once when they start together", async () => {
    const all = [start(5, 20), start(5, 20), start(5, 20), start(5, 20)];
    const ends = await Promise.all(all.map(({ end }) => end));
    expect(ends.map((said) => said.at(-1)?.cached).sort()).toEqual([false, true, true, true]);
    expect(new Set(stepsDone(store, 5)).size).toBe(1);
    expect(stepsDone(store, 5)).toHaveLength(5);
  });

  it("go on at once where a killed one stopped", async () => {
    const first = start(12, 50);
    await soon(() => stepsDone(store, 12).length >= 3);
    const letGo = hold(store);
    const second = start(12, 5);
    await soon(() => second.said.length > 0);
    first.child.kill("SIGKILL");
    await first.end;
    letGo();
    const left = stepsDone(store, 12).length;
    expect(await second.end).toEqual([waitingFor(first.pid), { result: 12, cached: false }]);
    const done = stepsDone(store, 12);
    expect(done).toEqual([...Array<number>(left).fill(first.pid), ...Array<number>(12 - left).fill(second.pid)]);
    expect(findFinished(store, { kind: "steps", version: 1, inputs: { steps: 12 } })?.outputs).toHaveLength(1);
  });

  it("on another machine are waited for until they have been silent too long", async () => {
    const name = path.basename(stepsFolder(store, 2));
    fs.mkdirSync(path.join(store, "leases"));
    fs.writeFileSync(path.join(store, "leases", `${name}.1`), leaseText({ host: "elsewhere", expirySeconds: 2 }));
    const began = performance.now();
    expect(await start(2, 1).end).toEqual([waitingFor(process.pid, "elsewhere"), { result: 2, cached: false }]);
    expect(performance.now() - began).toBeGreaterThan(2000);
  });

  it("let one of them take over a dead one's lease", async () => {
    const dead = start(1, 0);
    await dead.end;
    fs.rmSync(stepsFolder(store, 1), { recursive: true });
    const name = path.basename(stepsFolder(store, 5));
    for (let round = 0; round < 2; round++) {
      fs.writeFileSync(path.join(store, "leases", `${name}.1`), leaseText({ pid: dead.pid }));
      const ends = await Promise.all([1, 2, 3, 4].map(() => start(5, 5).end));
      expect(ends.map((said) => said.at(-1)?.cached).sort()).toEqual([false, true, true, true]);
      expect(new Set(stepsDone(store, 5)).size).toBe(1);
      expect(stepsDone(store, 5)).toHaveLength(5);
      fs.rmSync(stepsFolder(store, 5), { recursive: true });
    }
  });
});
