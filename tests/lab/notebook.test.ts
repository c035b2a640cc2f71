import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { quickstart } from "../../src/experiments/quickstart";
import { openLab } from "../../src/lab/notebook";
import type { Bundle, NotebookKernel } from "../../src/report/display/kernel";

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-notebook-"));
beforeAll(() => {
  vi.stubEnv("FINE_R1_RUNS", path.join(scratch, "runs"));
  vi.stubEnv("FINE_R1_RESULTS", path.join(scratch, "results"));
});
afterAll(() => {
  vi.unstubAllEnvs();
  fs.rmSync(scratch, { recursive: true, force: true });
});

/** A kernel that keeps what every display showed, in the order in which they were opened. */
function fakeKernel(): { kernel: NotebookKernel; displays: Bundle[][] } {
  const displays: Bundle[][] = [];
  const open = () => {
    const shown: Bundle[] = [];
    displays.push(shown);
    return { raw: (mime: string, body: string) => shown.push({ [mime]: body }) };
  };
  return { kernel: { display: { raw: () => undefined }, newDisplay: open }, displays };
}

it("shows one display of bars and curves for each training at work, and none for what was made before", async () => {
  const { kernel, displays } = fakeKernel();
  const lab = await openLab(kernel, { profile: "smoke" });
  const methods = [7, 8].map((seed) => lab.method(quickstart, "sft-labels", seed));
  const titles = (): string[] =>
    displays.splice(0).map((shown) => {
      const [last = ""] = Object.values(shown.at(-1) ?? {}).flatMap((body) => (typeof body === "string" ? [body] : []));
      return /(seed \d, sft-labels)<\/text>/.exec(last)?.[1] ?? /all stages.*/.exec(last)?.[0] ?? last;
    });

  const run = await lab.run(quickstart, methods);
  // a draw that comes soon after another waits for its turn, if need be beyond the end of the run
  await vi.waitFor(() => {
    expect(JSON.stringify(displays[0]?.at(-1))).toContain("8/8");
  });
  const [bars, ...curves] = titles();
  // two trainings, each asked in the closed and in the open world, the open answers compared with the truth
  expect(bars).toMatch(/8\/8 · in 0:\d\d/);
  expect(curves.sort(), "whichever reports first").toEqual(["seed 7, sft-labels", "seed 8, sft-labels"]);

  const again = await lab.run(quickstart, methods);
  expect(titles(), "all is in the store").toEqual([]);
  expect(again.made).toEqual(run.made);
  expect(run.made.map(({ seed, steps }) => [seed, steps.length > 0])).toEqual([
    [7, true],
    [8, true],
  ]);

  // asked for by itself, a training shows its curves wherever it comes from
  await lab.train(methods[0] ?? expect.fail());
  expect(titles()).toEqual([expect.stringContaining("<svg")]);
});

it("refuses an empty list, and two rows of one name that are made in different ways, before anything is made", async () => {
  const { kernel, displays } = fakeKernel();
  const lab = await openLab(kernel, { profile: "smoke" });
  await expect(lab.run(quickstart, [])).rejects.toThrow(/quickstart: the list of methods to run is empty/u);
  const [base, other] = [lab.method(quickstart, "base"), { ...lab.method(quickstart, "sft-labels"), name: "base" }];
  const alike = /quickstart: has two rows named "base" that are made in different ways/u;
  await expect(lab.run(quickstart, [base, other])).rejects.toThrow(alike);
  await expect(lab.reproduce(quickstart, { seeds: "1", rerun: false }, [other])).rejects.toThrow(alike);
  expect(displays).toEqual([]);
});

it("makes a row that is listed twice once", async () => {
  const { kernel } = fakeKernel();
  const lab = await openLab(kernel, { profile: "smoke" });
  const row = (seed: number) => lab.method(quickstart, "sft-labels", seed);
  const { made } = await lab.run(quickstart, [row(7), row(8), row(7)]);
  expect(made.map(({ method, seed }) => `${method.name} ${seed}`)).toEqual(["sft-labels 7", "sft-labels 8"]);
});

it("exports with a run the rows that later cells made of the same experiment, and the run's own where two are called alike", async () => {
  const lab = await openLab(fakeKernel().kernel, { profile: "smoke" });
  const base = lab.method(quickstart, "base");
  const run = await lab.run(quickstart, [base]);
  const mine = { ...base, name: "mine", title: "A row of my own", thinking: true };
  await lab.run(quickstart, [mine, { ...base, title: "Another base", thinking: true }]);
  const table = (await lab.export(run)).find((file) => path.basename(file) === "table.md") ?? expect.fail();
  const text = fs.readFileSync(table, "utf8");
  expect(text).toContain("A row of my own");
  expect(text).toContain(base.title);
  expect(text).not.toContain("Another base");
});

it("starts no more workers when its first cell is run again", async () => {
  const { kernel } = fakeKernel();
  const open = (workers: string) => openLab(kernel, { profile: "smoke", workers });
  const [first, again] = [await open("2"), await open("02")]; // the same number, in other words
  expect(first.workers?.size).toBe(2);
  expect(again.workers).toBe(first.workers); // and so the lab of before can still be worked with
});
