import * as fs from "node:fs";
import { afterAll, expect, it } from "vitest";
import { Random } from "../../src/core/random";
import { MOST_DEATHS } from "../../src/workers/pool";
import { report } from "./figures";
import { kill, leftovers, newHome, outcome, QUICKSTART, sleep, start, workersOf } from "./runs";
import { SEED } from "./seed";

/** `kill -9` at random moments of SFT, TAPO and evaluation, again and again, then the same command to its end. */
const ROUNDS = 3;
const KILLS = 5;

const homes: string[] = [];
afterAll(() => {
  for (const home of homes) fs.rmSync(home, { recursive: true, force: true });
});

function home(name: string): string {
  const made = newHome(name);
  homes.push(made);
  return made;
}

it("a quickstart that is killed at random moments ends with the bytes of one that is not", async () => {
  const random = new Random(`kills ${SEED}`);
  const undisturbed = home("undisturbed");
  const began = performance.now();
  expect((await start(QUICKSTART, undisturbed).end).how).toBe("done");
  const whole = performance.now() - began;
  let kills = 0;
  let same = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const disturbed = home(`disturbed${round}`);
    for (let i = 0; i < KILLS; i++) {
      const run = start(QUICKSTART, disturbed);
      await Promise.race([run.end, sleep(whole * random.uniform(0.1, 1))]);
      kill(run.child);
      if ((await run.end).how === "killed") kills++;
    }
    expect(await start(QUICKSTART, disturbed).end).toMatchObject({ how: "done" });
    expect(outcome(disturbed)).toEqual(outcome(undisturbed));
    expect(leftovers(disturbed)).toEqual([]);
    same++;
  }
  report(
    "kills",
    `${kills} random kills of ${ROUNDS} quickstarts (SFT, TAPO, evaluation)`,
    `${same} of ${ROUNDS} same`,
  );
});

it("a quickstart whose workers are killed at random moments does not notice", async () => {
  const random = new Random(`kills of workers ${SEED}`);
  const undisturbed = home("workers-undisturbed");
  const began = performance.now();
  expect((await start(QUICKSTART, undisturbed).end).how).toBe("done");
  const whole = performance.now() - began;
  let kills = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const disturbed = home(`workers-disturbed${round}`);
    const run = start(QUICKSTART, disturbed);
    const ended = run.end.then((how) => ({ how }));
    // A job that ends three workers is given up, and which worker has which job cannot be seen from outside: so two kills a run.
    for (let left = MOST_DEATHS - 1; left > 0;) {
      const end = await Promise.race([ended, sleep((whole / 4) * random.uniform(0.2, 1.8))]);
      if (end !== undefined) break;
      const victim = workersOf(run)[random.integer(2)];
      if (victim === undefined) continue;
      process.kill(victim, "SIGKILL");
      kills++;
      left--;
    }
    expect(await run.end).toMatchObject({ how: "done" });
    expect(outcome(disturbed)).toEqual(outcome(undisturbed));
  }
  expect(kills).toBeGreaterThan(0);
  report("kills", `${kills} random kills of the workers of ${ROUNDS} quickstarts`, "same, without a restart");
});
