import * as fs from "node:fs";
import * as path from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { questionFor } from "../../src/cli/askQuestion";
import { addDoctorCommand } from "../../src/cli/doctorCommand";
import { addExportCommand } from "../../src/cli/export";
import { addMetricsCommand } from "../../src/cli/metrics";
import { addPlanCommand } from "../../src/cli/plan";
import { addVerifyCommand } from "../../src/cli/verify";
import { QwenTokenizer } from "../../src/model/qwen/tokenizer";
import { newHome, removeHome, ROOT } from "./home";

let folder = "";
beforeAll(() => {
  folder = newHome("arguments");
  fs.writeFileSync(path.join(folder, "metrics.jsonl"), "");
});
afterAll(() => {
  removeHome(folder);
});

/** Gives a command in this process. */
async function give(words: readonly string[]): Promise<void> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  for (const add of [addDoctorCommand, addExportCommand, addMetricsCommand, addPlanCommand, addVerifyCommand])
    add(program);
  await program.parseAsync(words, { from: "user" });
}

describe("an option that would change nothing", () => {
  it.each([
    [["doctor", "--record"], /--record: keeps the line of --numerics\. Add --numerics/],
    [["plan", "quickstart", "--all", "--only", "tapo"], /'--all' cannot be used with option '--only <names>'/],
    [["plan", "--json", "--out", "tables"], /'--json' cannot be used with option '-o, --out <folder>'/],
    [
      ["export", "table.json", "-o", "tables", "--print", "markdown"],
      /'--print <form>' cannot be used with option '-o/,
    ],
  ])("is refused: %j", async (words, message) => {
    await expect(give(words)).rejects.toThrow(message);
  });

  it.each([
    ["--seeds", "1"],
    ["--only", "tapo"],
    ["-p", "smoke"],
    ["--set", "rl.n1=2"],
  ])("is refused beside a folder of figures: %s %s", async (option, value) => {
    await expect(give(["metrics", folder, option, value])).rejects.toThrow(
      `${option}: chooses among the trainings of an experiment, and this is a folder`,
    );
  });
});

describe("export", () => {
  it.each([
    ["--method", "tapo"],
    ["-p", "smoke"],
    ["--set", "rl.n1=2"],
  ])("of a folder refuses what chooses among an experiment's trainings: %s %s", async (option, value) => {
    await expect(give(["export", folder, "-o", path.join(folder, "out"), option, value])).rejects.toThrow(
      `${option}: chooses among the trainings of an experiment, and this is a folder`,
    );
  });

  it("means the experiment where a folder has its name, as metrics does", async () => {
    fs.mkdirSync(path.join(folder, "quickstart"), { recursive: true });
    vi.stubEnv("FINE_R1_RUNS", path.join(folder, "runs"));
    process.chdir(folder);
    await expect(give(["export", "quickstart", "-o", "out", "-p", "smoke"])).rejects.toThrow(/^quickstart: has no trained method/); // prettier-ignore
    process.chdir(ROOT);
    vi.unstubAllEnvs();
  });
});

describe("verify", () => {
  it("names a record that is broken, and goes on with the others", async () => {
    const write = (name: string, record: string): void => {
      fs.mkdirSync(path.join(folder, "records", name), { recursive: true });
      fs.writeFileSync(path.join(folder, "records", name, "run.json"), record);
    };
    write("broken", "{");
    write("whole", JSON.stringify({ outputs: [{ path: "table.csv", sha256: "" }] }));
    const log = vi.spyOn(console, "log").mockReturnValue();
    await expect(give(["verify", path.join(folder, "records")])).rejects.toThrow(/^2 of the files of 2 stages and records/); // prettier-ignore
    const said = log.mock.calls.flat().join("\n");
    log.mockRestore();
    expect(said).toMatch(/broken.run\.json: is not valid JSON/);
    expect(said).toMatch(/whole.table\.csv: is gone/);
  });
});

describe("a question in the mini-world's words", () => {
  const model = { tokenizer: QwenTokenizer.load(path.resolve("assets/smoke/base")) };
  const asked = (question: string, thinking: boolean): string =>
    questionFor(model, { domain: undefined, question, options: [], thinking }).text;

  it("asks for a chain by its last word, and is read so", () => {
    expect(asked("bird ? think", true)).toBe("bird ? think");
    expect(asked("bird ?", false)).toBe("bird ?");
    expect(() => asked("bird ?", true)).toThrow(/"bird \?": asks for no chain of thought\. End it in the word `think`/);
    expect(() => asked("bird ? think", false)).toThrow(/asks for a chain of thought\. Give --think/);
  });
});
