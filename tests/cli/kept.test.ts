import * as fs from "node:fs";
import * as path from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { addBrowseCommand } from "../../src/cli/browse";
import { addExportCommand } from "../../src/cli/export";
import { addMetricsCommand } from "../../src/cli/metrics";
import { addRunCommand } from "../../src/cli/run";
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
import { kindsIn, newHome, removeHome, ROOT, storeIn } from "./home";

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
  const commands = [addBrowseCommand, addExportCommand, addMetricsCommand, addRunCommand, addScoreCommand, addShowCommands]; // prettier-ignore
  for (const add of commands) add(program);
  await program.parseAsync(words, { from: "user" });
  return lines.join("\n");
}

/** Leaves in the store what a method of Table 1 answered. */
async function answered(profile: Profile, name: string): Promise<void> {
  const lab = await labOf(profile, { progress: silent, store: storeIn(home), models: "there" });
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

it("is not written anew where it cannot be told whether it is of today", async () => {
  const words = ["-p", "smoke", "--set", "encoder=none/siglip"];
  const kept = path.join(home, "results", "quickstart", loadProfile("smoke", { encoder: "none/siglip" }).name);
  fs.cpSync(path.join(ROOT, "results", "quickstart", "mini"), kept, { recursive: true });
  await expect(said("show", "quickstart", "--write", ...words)).rejects.toThrow(/none\/siglip: the checkpoint is not/);
});

it.each([["open-world"], ["open-world", "closed-world"]])(
  "no base is built for %s where something is missing that no build makes",
  async (...ids) => {
    const sets = ["--set", "base=none/smoke/base", "--set", "similarity=none/sentences"];
    const run = said("run", ...ids, "-p", "smoke", "--with-bases", ...sets);
    await expect(run).rejects.toThrow(/^none\/sentences: the checkpoint is not there/); // and not the base, which would be built
    expect(fs.existsSync(path.join(home, "runs", "base"))).toBe(false);
  },
);

it("a run of one experiment names all that it misses at once", async () => {
  const sets = ["--set", "base=none/smoke/base", "--set", "models.larger=none/large/base"];
  await expect(said("run", "closed-world", "--all", "-p", "smoke", ...sets)).rejects.toThrow(
    /the checkpoints are not there.*--out none\/smoke && npx fine-r1 base build --config large/,
  );
});

describe("a run that cannot be made again", () => {
  const fresh = ["-p", "smoke", "--set", "similarity=none/sentences", "--fresh"];
  const refused = /none\/sentences: the checkpoint is not there/;

  it("removes nothing for --fresh, whether it is of one experiment or of several", async () => {
    await answered(loadProfile("smoke", { similarity: "none/sentences" }), "base");
    await expect(said("run", "closed-world", "open-world", ...fresh)).rejects.toThrow(refused);
    await expect(said("run", "open-world", "--with-bases", "--only", "base", ...fresh)).rejects.toThrow(refused);
    expect(kindsIn(home)).toEqual({ answers: 1 });
  });
});

it("one experiment stays one with --with-bases, and may be asked for some methods in several profiles", async () => {
  const dry = ["--only", "base", "--dry-run"];
  expect(await said("run", "quickstart", "-p", "smoke", "--with-bases", ...dry)).toMatch(
    /^3 stages: 0 are in the store/m,
  );
  expect(await said("run", "quickstart", "--profiles", "smoke", ...dry)).toMatch(/^quickstart +smoke +3 +3 +0 +3 /m);
  await expect(said("run", "ratio", "quickstart", "-p", "smoke", ...dry)).rejects.toThrow(/Run that experiment alone/);
});
