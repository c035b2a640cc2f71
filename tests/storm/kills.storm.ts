import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { Random } from "../../src/core/random";
import { report } from "./figures";
import { filesOf, kill, leftovers, newHome, outcome, QUICKSTART, sleep, start, workersOf } from "./runs";
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

/** Bytes of steps and answers so far. */
function writtenIn(home: string): number {
  const lines = filesOf(home).filter((file) => file.endsWith(".jsonl"));
  return lines.reduce(
    (sum, file) => sum + (fs.statSync(path.join(home, file), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
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
  const [undisturbed, disturbed] = [home("workers-undisturbed"), home("workers-disturbed")];
  const began = performance.now();
  expect((await start(QUICKSTART, undisturbed).end).how).toBe("done");
  const whole = performance.now() - began;
  const run = start(QUICKSTART, disturbed);
  let kills = 0;
  let done = -1;
  const killOne = (): void => {
    const victim = workersOf(run)[random.integer(2)];
    const written = writtenIn(disturbed);
    // a job that ends three workers is given up: none is killed before something has come of the work since the last one
    if (victim === undefined || written === done) return;
    done = written;
    process.kill(victim, "SIGKILL");
    kills++;
  };
  const ended = run.end.then((how) => ({ how }));
  for (;;) {
    const end = await Promise.race([ended, sleep((whole / 12) * random.uniform(0.5, 1.5))]);
    if (end !== undefined) {
      expect(end.how).toMatchObject({ how: "done" });
      break;
    }
    killOne();
  }
  expect(kills).toBeGreaterThan(0);
  expect(outcome(disturbed)).toEqual(outcome(undisturbed));
  report("kills", `${kills} random kills of the workers of a quickstart`, "same, without a restart");
});
