import * as path from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { ROOT } from "../../src/config/load";
import { resultsRoot, runsRoot } from "../../src/config/places";

afterEach(() => {
  vi.unstubAllEnvs();
});

it.each([
  ["FINE_R1_RUNS", "runs", runsRoot],
  ["FINE_R1_RESULTS", "results", resultsRoot],
] as const)("%s names a folder; unset or empty it is the project's %s", (variable, folder, root) => {
  vi.stubEnv(variable, undefined);
  expect(root()).toBe(path.join(ROOT, folder));
  vi.stubEnv(variable, ""); // not the folder that one stands in
  expect(root()).toBe(path.join(ROOT, folder));
  vi.stubEnv(variable, "elsewhere");
  expect(root()).toBe(path.resolve("elsewhere"));
});
