import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { isRunning } from "../../src/core/leftovers";
import { Random } from "../../src/core/random";
import { report } from "./figures";
import { kill, leftovers, newHome, outcome, sleep, start, workersOf } from "./runs";
import { SEED } from "./seed";

/** The same for `base build`, whose stages run side by side. Workers must end with the process that started them. */
const KILLS = 6;

const homes = [newHome("build"), newHome("killed-build")] as const;
afterAll(() => {
  for (const home of homes) fs.rmSync(home, { recursive: true, force: true });
});

const command = (home: string): string[] => {
  const names = ["--config", "smoke", "--world", "smoke"];
  return ["base", "build", ...names, "--out", path.join(home, "assets")];
};

it("a base build that is killed at random moments ends with the bytes of one that is not", async () => {
  const random = new Random(`kills of a build ${SEED}`);
  const [undisturbed, disturbed] = homes;
  const began = performance.now();
  expect(await start(command(undisturbed), undisturbed).end).toMatchObject({ how: "done" });
  const whole = performance.now() - began;
  let kills = 0;
  let longest = 0;
  for (let i = 0; i < KILLS; i++) {
    const run = start(command(disturbed), disturbed);
    await Promise.race([run.end, sleep(whole * random.uniform(0.05, 0.6))]);
    const left = performance.now();
    const workers = workersOf(run);
    kill(run.child);
    while (workers.some(isRunning)) await sleep(10);
    longest = Math.max(longest, performance.now() - left);
    if ((await run.end).how === "killed") kills++;
  }
  expect(await start(command(disturbed), disturbed).end).toMatchObject({ how: "done" });
  expect(outcome(disturbed)).toEqual(outcome(undisturbed));
  expect(leftovers(disturbed)).toEqual([]);
  report("kills", `${kills} random kills of a base build`, "same");
  report("kills", "longest life of a worker after the process that started it", `${(longest / 1000).toFixed(1)} s`);
});
