import * as fs from "node:fs";
import * as path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { assumptionsTable, costTable, modelsTable, timeTable, workTable } from "../../src/cli/planTables";
import { experimentNamed } from "../../src/experiments";
import { lackingFor } from "../../src/lab/lacking";
import { waysTo } from "../../src/lab/modelCommands";
import { loadModelConfig } from "../../src/lab/modelConfig";
import { machines } from "../../src/lab/plan/assumptions";
import { planExperiment, type Plan } from "../../src/lab/plan/plan";
import { sizeOfData } from "../../src/lab/plan/sizes";
import { loadProfile } from "../../src/lab/profile";
import { toMarkdown } from "../../src/report/table/markdown";
import type { ResultTable } from "../../src/report/table/table";

/** The tables of docs/paper-scale.md are those that `fine-r1 plan --profile paper` prints where nothing of the profile is there. */

const PAGE = fs.readFileSync(path.resolve(__dirname, "../../docs/paper-scale.md"), "utf8");
const COUNTS = [1, 4, 16];

let plan: Plan;
beforeAll(async () => {
  const nowhere = (name: string): string => `not/there/${name}`;
  const profile = loadProfile("paper", {
    dataset: "sets:not/there",
    base: nowhere("Qwen2.5-VL-3B-Instruct"),
    encoder: nowhere("siglip-large-patch16-384"),
  });
  const data = await sizeOfData(profile.dataset, profile.promptSet);
  plan = planExperiment({ ...profile, name: "paper" }, experimentNamed("closed-world"), data, { only: ["tapo"] });
});

/** A table's lines as a formatter leaves them: without what it adds to widths. */
function plain(text: string): string {
  return text
    .replaceAll(/ +/gu, " ")
    .replaceAll(/-+/gu, "-")

    .trim();
}

describe("docs/paper-scale.md", () => {
  const tables: [string, () => ResultTable][] = [
    ["models", () => modelsTable(plan)],
    ["work", () => workTable(plan)],
    ["time", () => timeTable(plan, machines()[0]!, COUNTS)],
    ["cost", () => costTable(plan, COUNTS)],
    ["assumptions", () => assumptionsTable(plan)],
  ];
  it.each(tables)("has the table %s as the plan has it", (name, table) => {
    const made = plain(toMarkdown(table()));
    const [, shown = ""] = PAGE.split(`<!-- plan: ${name} -->`);
    expect(made.split("\n").length).toBeGreaterThan(6);
    expect(plain(shown).slice(0, made.length)).toBe(made);
  });

  it("has the commands that a dry run prints for what is missing, as models show does", async () => {
    const profile = loadProfile("paper", {
      dataset: "sets:not/there",
      base: "not/there/Qwen2.5-VL-3B-Instruct",
      encoder: "onnx:not/there/siglip-large-patch16-384",
      "cot.teacher": "served:http://127.0.0.1:9/v1#Qwen/Qwen2.5-VL-32B-Instruct", // nobody answers there
    });
    const chosen = { only: ["siglip", "base", "tapo"], store: path.resolve("not/there") };
    const lacking = await lackingFor(profile, [experimentNamed("closed-world")], chosen);
    const lines = lacking.flatMap(({ get }) => /(?:hf download|vllm serve) .*?(?=: docs|$)/u.exec(get) ?? []);
    const commands = lines.map((line) => line.replace("not/there/", "models/"));
    expect(commands).toHaveLength(3);
    for (const command of commands) expect(PAGE.split("\n")).toContain(command);
    const [way] = waysTo(loadModelConfig("siglip-l"));
    expect(commands).toContain(way?.commands[0]);
  });

  it("says of steps and questions what the plan says", () => {
    const [, steps, questions] = /for each of (\d+) steps, (\d+) questions/u.exec(PAGE) ?? [];
    const rl = plan.works.find(({ stage }) => stage.kind.kind === "rl");
    expect(rl?.what).toMatch(new RegExp(`^${steps ?? ""} steps × ${questions ?? ""} questions`, "u"));
  });
});
