import { fork, spawnSync, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { keyOf } from "../../src/store/key";
import { leaseText } from "../store/workers";
import { report } from "./figures";
import { newHome } from "./runs";

/** Several processes want the same work at the same moment: one does it, the others wait and find it done. */
const PROCESSES = 4;
const ROUNDS = 60;

const scratch = newHome("leases");
const workers = Array.from({ length: PROCESSES }, () => fork(path.join(__dirname, "racer.mjs"), { execArgv: [] }));
afterAll(() => {
  for (const worker of workers) worker.kill();
  fs.rmSync(scratch, { recursive: true, force: true });
});

interface Answer {
  /** How many were at the work at once; 0 for one that found it done. */
  readonly together: number;
  readonly error?: string;
}

const answerOf = (worker: ChildProcess): Promise<Answer> =>
  new Promise((resolve) =>
    worker.once("message", (message) => {
      resolve(message as Answer);
    }),
  );

/** @returns whether one process did the work, alone */
async function round(store: string): Promise<boolean> {
  const answers = workers.map(answerOf);
  const at = Date.now() + 30;
  for (const worker of workers) worker.send({ store, at });
  const all = await Promise.all(answers);
  expect(all.flatMap(({ error }) => error ?? [])).toEqual([]);
  return all.filter(({ together }) => together > 0).map(({ together }) => together).join() === "1"; // prettier-ignore
}

it("processes that start together do a work once", async () => {
  const name = `race-${keyOf({ kind: "race", version: 1, inputs: {} }).slice(0, 10)}`;
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  const shared = { free: 0, stale: 0 };
  for (const lease of ["free", "stale"] as const) {
    for (let i = 0; i < ROUNDS; i++) {
      const store = path.join(scratch, `${lease}${i}`);
      fs.mkdirSync(path.join(store, "leases"), { recursive: true });
      if (lease === "stale") fs.writeFileSync(path.join(store, "leases", `${name}.1`), leaseText({ pid: dead }));
      if (!(await round(store))) shared[lease]++;
    }
  }
  expect(shared).toEqual({ free: 0, stale: 0 });
  report("leases", `${ROUNDS} starts of ${PROCESSES} processes at once`, `${shared.free} did a work twice`);
  report("leases", `${ROUNDS} such starts on the lease of a dead process`, `${shared.stale} did a work twice`);
});
