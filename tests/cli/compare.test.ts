import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { newHome, printed, removeHome, ROOT } from "./home";

/** `fine-r1 compare` on what was recorded. */
let home = "";
beforeAll(() => {
  home = newHome("compare");
});
afterAll(() => {
  removeHome(home);
});

const record = (id: string): string => path.join(ROOT, "results", id, "mini");
const compare = (a: string, b: string): string => printed(home, "compare", a, b);

it.each([
  ["knowledge", /Probe, best epoch.*Similarity/],
  ["separability", /Accuracy of a linear classifier/],
  ["shares", /D_KL\[π ‖ π_neg\], as released/],
  ["general", /Recognition first.*Reading pictures/],
  ["components", /Closed world.*Open world, text inclusion.*Open world, SS_rel/],
])("compares the columns of an experiment's own table: %s", (id, heading) => {
  const text = compare(record(id), record(id));
  expect(text).toMatch(heading);
  expect(text).toMatch(/difference +0\.0+ .*identical/);
  expect(text).not.toContain("Not compared");
});

it("says which columns only one of two experiments has", () => {
  const text = compare(record("mining"), record("cases"));
  expect(text).toMatch(/Open world, text inclusion/);
  expect(text).toMatch(/difference +0\.0 +0\.0 +identical/);
  expect(text).toContain("Not compared, since only one of the two has it: Closed world (");
});

it("says that no column can be shown where nothing tells which they are", () => {
  const copy = path.join(home, "copy");
  fs.mkdirSync(copy);
  const files = ["measurements.json", "outcomes.json"]; // of a run that was killed before it wrote run.json
  for (const file of files) fs.copyFileSync(path.join(record("knowledge"), file), path.join(copy, file));
  const text = compare(copy, record("knowledge"));
  expect(text).toContain("identical to the last digit (");
  expect(text).toContain("No column can be shown; the verdict is over all numbers that both have.");
  expect(text).not.toContain("difference");
});
