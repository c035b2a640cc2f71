import * as fs from "node:fs";
import * as path from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import * as yaml from "yaml";
import { addTrainerCommand } from "../../src/cli/trainer";
import * as homes from "./home";

let home: string;
beforeAll(() => {
  home = homes.newHome("trainer");
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});
afterAll(() => {
  homes.removeHome(home);
});

/** What `fine-r1 trainer llamafactory` prints, and the model of its settings. */
async function exported(name: string, ...words: readonly string[]): Promise<{ said: string; model: unknown }> {
  vi.stubEnv("FINE_R1_RUNS", path.join(home, "runs"));
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => lines.push(line));
  const program = new Command();
  addTrainerCommand(program);
  const out = path.join(home, name);
  await program.parseAsync(["trainer", "llamafactory", "-p", "smoke", "--make", "-o", out, ...words], { from: "user" });
  const settings = yaml.parse(fs.readFileSync(path.join(out, "sft.yaml"), "utf8")) as Record<string, unknown>;
  return { said: lines.join("\n"), model: settings["model_name_or_path"] };
}

const values = ["--values", "release"]; // 64 chains an update, which four GPUs share

it("trains the profile's base, and says which model that is", async () => {
  const { said, model } = await exported("7b", ...values, "--set", "base=not/there/Qwen2.5-VL-7B-Instruct");
  expect(model).toBe("Qwen/Qwen2.5-VL-7B-Instruct");
  expect(said).toContain("Model: Qwen/Qwen2.5-VL-7B-Instruct, which the trainer takes from the hub");
  expect(said).toContain(`\n  cd ${home}/7b && FORCE_TORCHRUN=1 NPROC_PER_NODE=4 llamafactory-cli train sft.yaml`);
});

it("takes a folder by its whole path, and refuses what is none", async () => {
  const { said, model } = await exported("own", ...values, "--model", "assets/smoke/base");
  expect(model).toBe(path.join(homes.ROOT, "assets/smoke/base"));
  expect(said).toContain("Model: assets/smoke/base");
  await expect(exported("none", "--model", "models/stage/1")).rejects.toThrow(
    /neither a folder nor a name of the hub/u,
  );
});

it("takes no seed that a run would not take", async () => {
  await expect(exported("seed", ...values, "--seed", "99999999999")).rejects.toThrow(
    /"99999999999" is no whole number from 0 to 4294967295/u,
  );
  expect(fs.existsSync(path.join(home, "seed"))).toBe(false);
});
