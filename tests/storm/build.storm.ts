import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { isRunning } from "../../src/core/leftovers";
import { Random } from "../../src/core/random";
import { report } from "./figures";
import { filesOf, kill, leftovers, newHome, outcome, sleep, start } from "./runs";
import { SEED } from "./seed";

/** The same for `base build`, whose branches are processes of their own: half of the kills take the parent alone. */
const KILLS = 6;

const homes = [newHome("build"), newHome("killed-build")] as const;
afterAll(() => {
  for (const home of homes) fs.rmSync(home, { recursive: true, force: true });
});

const command = (home: string): string[] => {
  const names = ["--config", "smoke", "--world", "smoke"];
  return ["base", "build", ...names, "--out", path.join(home, "assets")];
};

/** The processes that hold a stage's lease. */
function workers(home: string): number[] {
  const leases = filesOf(home).filter((file) => path.basename(path.dirname(file)) === "leases");
  const texts = leases.map((file) => fs.readFileSync(path.join(home, file), "utf8"));
  return texts.flatMap((text) => /"held".*"pid":(\d+)/.exec(text)?.[1] ?? []).map(Number);
}

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
    if (i % 2 === 0) run.child.kill("SIGKILL");
    else kill(run.child);
    while (workers(disturbed).some(isRunning)) await sleep(10);
    longest = Math.max(longest, performance.now() - left);
    if ((await run.end).how === "killed") kills++;
  }
  expect(await start(command(disturbed), disturbed).end).toMatchObject({ how: "done" });
  expect(outcome(disturbed)).toEqual(outcome(undisturbed));
  expect(leftovers(disturbed)).toEqual([]);
  report("kills", `${kills} random kills of a base build`, "same");
  report("kills", "longest life of a build's branch after its parent", `${(longest / 1000).toFixed(1)} s`);
});
