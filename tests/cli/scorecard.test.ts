import * as fs from "node:fs";
import * as path from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addScorecardCommand } from "../../src/cli/scorecard";
import { keptFolder, writeKept } from "../../src/lab/kept";
import type { Destination } from "../../src/lab/kept";
import { foundScorecards } from "../../src/site/found";
import { newHome, removeHome } from "./home";

let home = "";
beforeEach(() => {
  home = newHome("scorecard-command");
  vi.stubEnv("FINE_R1_RUNS", path.join(home, "runs"));
  vi.stubEnv("FINE_R1_RESULTS", path.join(home, "results"));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  removeHome(home);
});

/** What the command prints, in this process: nothing is computed here. */
async function said(...words: readonly string[]): Promise<string> {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => lines.push(line));
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addScorecardCommand(program);
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => undefined });
  await program.parseAsync(["scorecard", ...words], { from: "user" });
  return lines.join("\n");
}

/** Keeps two rows that nobody trains, which decide one claim. */
function keep(profile: string, destination: Destination): void {
  const made = ["base", "base-think"].map((method) => ({ method, seed: 1, at: "", processor: "", numerics: "", keys: [], given: true as const })); // prettier-ignore
  const mean = { seed: 1, dataset: "d", domain: "mean", split: "all", setting: "closed", metric: "accuracy" } as const;
  const measurements = made.map(({ method }, at) => ({ ...mean, method, value: at / 10, low: 0, high: 1, n: 9 }));
  const folder = keptFolder("inference", profile, destination);
  fs.mkdirSync(folder, { recursive: true });
  writeKept(folder, { settings: { "the dataset": profile }, made, measurements, outcomes: [] });
}
const ownScorecard = (profiles: string): string => path.join(home, "runs", "scorecard", profiles);

describe("profiles", () => {
  it("that there are nowhere are refused, with the one most likely meant, and nothing is written", async () => {
    await expect(said("--profiles", "mimi", "--record")).rejects.toThrow(/"mimi".*Did you mean "mini"\?/u);
    await expect(said("--profiles", ",")).rejects.toThrow(/names no profile/u);
    await expect(said("--profiles", "mini,mini")).rejects.toThrow(/names mini twice/u);
    expect(fs.existsSync(path.join(home, "results"))).toBe(false);
    expect(fs.existsSync(path.join(home, "runs"))).toBe(false);
  });

  it("of one's own count where they have results, and where the others lie is said", async () => {
    keep("small", "report");
    expect(await said("--profiles", "small", "--mine")).toContain("Asking the base to think");
    await expect(said("--profiles", "small")).rejects.toThrow(/"small".*--mine/u);
  }, 60_000);
});

it("one's own lie apart by their profiles: none takes another's place", async () => {
  const shown = (profiles: string): string =>
    fs.readFileSync(path.join(ownScorecard(profiles), "scorecard.md"), "utf8");
  for (const profile of ["small", "other"]) {
    keep(profile, "report");
    await said("--profiles", profile, "--mine");
  }
  expect([shown("small"), shown("other")]).toEqual([expect.stringContaining("profiles small"), expect.stringContaining("profiles other")]); // prettier-ignore
  vi.stubEnv("FINE_R1_RESULTS", path.join(home, "none"));
  expect(foundScorecards(true).map(({ at }) => at)).toEqual(["mine/scorecard/other", "mine/scorecard/small"]);
}, 60_000);

describe("the record", () => {
  it("is not overwritten where nothing at all is measured", async () => {
    await expect(said("--record")).rejects.toThrow(/nothing is measured/u);
    expect(fs.existsSync(path.join(home, "results"))).toBe(false);
  });

  it("is not made of one's own runs: what to do instead is said", async () => {
    keep("small", "report");
    await expect(said("--profiles", "small", "--mine", "--record")).rejects.toThrow(/--mine.*run EXPERIMENT --record/u);
  });

  it("shown in brief, leaves no other option unheard", async () => {
    for (const option of [["--profiles", "nope"], ["--mine"], ["--record"]])
      await expect(said("--brief", ...option)).rejects.toThrow(/cannot be used with/u);
    expect(await said("--brief")).toBe("");
  });
});

it("a figure of before does not stay where nothing is measured any more", async () => {
  keep("mini", "record");
  await said();
  const folder = ownScorecard("mini+mini-2+mini-3");
  const drawn = (): string[] => fs.readdirSync(folder).filter((name) => name.startsWith("effects-plot"));
  expect(drawn()).toHaveLength(3);
  fs.rmSync(path.join(home, "results"), { recursive: true });
  await said();
  expect(drawn()).toEqual([]);
  expect(fs.readFileSync(path.join(folder, "README.md"), "utf8")).not.toContain("effects-plot");
}, 60_000);
