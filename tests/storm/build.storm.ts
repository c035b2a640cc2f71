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
/** What a build that nobody disturbs makes, on every machine: it is shipped. */
const SHIPPED = path.resolve("assets/smoke");

const home = newHome("build");
afterAll(() => {
  fs.rmSync(home, { recursive: true, force: true });
});

function weightsIn(folder: string): Record<string, string> {
  return Object.fromEntries(Object.entries(outcome(folder)).filter(([file]) => file.endsWith(".safetensors")));
}

it("a base build that is killed at random moments ends with the bytes of one that is not", async () => {
  const random = new Random(`kills of a build ${SEED}`);
  const built = path.join(home, "assets");
  const command = ["base", "build", "--config", "smoke", "--world", "smoke", "--out", built];
  let kills = 0;
  let longest = 0;
  for (let i = 0; i < KILLS; i++) {
    const run = start(command, home);
    await Promise.race([run.end, sleep(random.uniform(5, 40) * 1000)]);
    const left = performance.now();
    const workers = workersOf(run);
    kill(run.child);
    while (workers.some(isRunning)) await sleep(10);
    longest = Math.max(longest, performance.now() - left);
    if ((await run.end).how === "killed") kills++;
  }
  expect(await start(command, home).end).toMatchObject({ how: "done" });
  expect(Object.keys(weightsIn(SHIPPED))).toHaveLength(3); // the base and two encoders
  expect(weightsIn(built)).toEqual(weightsIn(SHIPPED));
  expect(leftovers(home)).toEqual([]);
  report("kills", `${kills} random kills of a base build`, "the shipped base");
  report("kills", "longest life of a worker after the process that started it", `${(longest / 1000).toFixed(1)} s`);
});
