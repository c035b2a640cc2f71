import * as fs from "node:fs";
import * as path from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addBrowseCommand } from "../../src/cli/browse";
import { addExportCommand } from "../../src/cli/export";
import { addMetricsCommand } from "../../src/cli/metrics";
import { addScoreCommand } from "../../src/cli/score";
import { addShowCommands } from "../../src/cli/show";
import { silent } from "../../src/core/progress";
import { openAnswers } from "../../src/eval/answers";
import { closedWorld } from "../../src/experiments";
import { ANSWERS, testItems } from "../../src/lab/kinds/asking";
import { labOf } from "../../src/lab/lab";
import { loadProfile, type Profile } from "../../src/lab/profile";
import { planRun } from "../../src/lab/run";
import { workOf } from "../../src/lab/stage";
import { makeOnce } from "../../src/store/store";
import { answer } from "../eval/helpers";
import { newHome, removeHome, ROOT, storeIn } from "./home";

/** What looks at finished work, where other models that the profile names are not there. */
let home = "";
beforeEach(() => {
  home = newHome("kept");
  vi.stubEnv("FINE_R1_RUNS", path.join(home, "runs"));
  vi.stubEnv("FINE_R1_RESULTS", path.join(home, "results"));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  removeHome(home);
});

/** What a command prints, in this process: nothing is computed here. */
async function said(...words: readonly string[]): Promise<string> {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => lines.push(line));
  const program = new Command();
  for (const add of [addBrowseCommand, addExportCommand, addMetricsCommand, addScoreCommand, addShowCommands])
    add(program);
  await program.parseAsync(words, { from: "user" });
  return lines.join("\n");
}

/** Leaves in the store what a method of Table 1 answered. */
async function answered(profile: Profile, name: string): Promise<void> {
  const lab = await labOf(profile, { progress: silent, store: storeIn(home), lenient: true });
  const [planned] = planRun(lab, closedWorld, { only: [name] });
  const { answers: stage } = planned!.asked[0]!;
  await makeOnce(lab, workOf(stage), {
    parse: (result) => stage.kind.parse(result),
    run: (folder) => {
      const items = testItems(lab.dataset);
      const file = openAnswers(path.join(folder, ANSWERS), { model: name });
      for (const { id, image, groundTruth, options } of items) {
        const { superCategory: domain, seen } = image.subCategory;
        file.append(answer({ id, image: image.id, domain, seen, truth: groundTruth, options, output: groundTruth }));
      }
      file.close();
      return Promise.resolve({ answers: items.length });
    },
  });
}

describe("without an encoder that only other rows need", () => {
  const set = { encoder: "none/siglip" };
  const words = ["-p", "smoke", "--set", "encoder=none/siglip"];

  it("kept answers are browsed and measured", async () => {
    await answered(loadProfile("smoke", set), "base");
    expect(await said("score", "closed-world", ...words, "--metrics", "choice")).toMatch(/^Base, direct/m);
    expect(await said("browse", "closed-world", ...words)).toMatch(/^16 of 16 pictures, models: Base, direct\./m);
  });

  it("a record is shown, and of trainings that there are not it is said that there are none", async () => {
    const kept = path.join(home, "results", "quickstart", loadProfile("smoke", set).name);
    fs.cpSync(path.join(ROOT, "results", "quickstart", "mini"), kept, { recursive: true });
    expect(await said("show", "quickstart", ...words)).toContain("Quickstart");
    await expect(said("metrics", "quickstart", ...words)).rejects.toThrow(/was not trained here/);
    await expect(said("export", "quickstart", ...words, "-o", home)).rejects.toThrow(/has no trained method/);
  });
});

it("a published model's answers need no base, and are named as the run named them", async () => {
  const profile = { ...loadProfile("smoke", { base: "none/base" }), rows: ["siglip-l"] };
  await answered(profile, "siglip-l");
  const words = ["-p", "smoke", "--set", "base=none/base"];
  expect(await said("score", "closed-world", ...words, "--rows", "siglip-l")).toMatch(/^SigLIP-L/m);
  await expect(said("browse", "closed-world", ...words)).rejects.toThrow(/was not asked anything yet/);
});
