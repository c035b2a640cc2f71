import { fork, spawnSync, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { quietContext, runStage } from "../../src/store/stage";
import { report } from "./figures";
import { newHome } from "./runs";

/** Several processes want the same stage at the same moment: one works, the others are refused or find it done. */
const PROCESSES = 4;
const ROUNDS = 60;

const scratch = newHome("locks");
const workers = Array.from({ length: PROCESSES }, () => fork(path.join(__dirname, "locker.mjs"), { execArgv: [] }));
afterAll(() => {
  for (const worker of workers) worker.kill();
  fs.rmSync(scratch, { recursive: true, force: true });
});

interface Answer {
  /** How many were inside at once; 0 for one that was not let in. */
  readonly together: number;
  readonly refused?: string;
}

const answerOf = (worker: ChildProcess): Promise<Answer> =>
  new Promise((resolve) =>
    worker.once("message", (message) => {
      resolve(message as Answer);
    }),
  );

/** @returns how many were inside at once */
async function round(root: string): Promise<number> {
  const answers = workers.map(answerOf);
  const at = Date.now() + 30;
  for (const worker of workers) worker.send({ root, at });
  const all = await Promise.all(answers);
  for (const { refused } of all) expect(["said", undefined]).toContain(refused);
  return Math.max(...all.map(({ together }) => together));
}

it("processes that start together do not share a stage", async () => {
  const sample = await runStage(quietContext(scratch), "race", {}, { parse: Number, run: () => Promise.resolve(0) });
  const name = path.basename(sample.folder);
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  const shared = { free: 0, stale: 0 };
  for (const lock of ["free", "stale"] as const) {
    for (let i = 0; i < ROUNDS; i++) {
      const root = path.join(scratch, `${lock}${i}`);
      fs.mkdirSync(path.join(root, name), { recursive: true });
      if (lock === "stale") fs.writeFileSync(path.join(root, name, "lock"), String(dead));
      const together = await round(root);
      expect(together).toBeGreaterThan(0); // somebody did the work
      if (together > 1) shared[lock]++;
    }
  }
  expect(shared).toEqual({ free: 0, stale: 0 });
  report("locks", `${ROUNDS} starts of ${PROCESSES} processes at once`, `${shared.free} shared a stage`);
  report("locks", `${ROUNDS} such starts on the lock of a dead process`, `${shared.stale} shared a stage`);
});
