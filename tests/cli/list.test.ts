import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resultTable, textColumn } from "../../src/report/table/table";
import { exportTable } from "../../src/report/table/export";
import { CLI, environmentOf, newHome, printed, removeHome, ROOT } from "./home";

let home = "";
beforeAll(() => {
  home = newHome("list");
  const verdicts = ["not reproduced", "inconclusive", "not reproduced"].map((verdict) => ({ verdict }));
  const table = resultTable({ caption: "c", columns: [textColumn("verdict", "Verdict")], rows: verdicts });
  fs.mkdirSync(path.join(home, "results", "closed-world", "mini"), { recursive: true });
  exportTable(table, path.join(home, "results", "closed-world", "mini"), "claims");
});
afterAll(() => {
  removeHome(home);
});

describe("fine-r1 list", () => {
  it("says how the claims of each experiment fare where they are recorded; a line each, in a pipe", () => {
    const lines = printed(home, "list").split("\n");
    expect(lines.find((line) => line.startsWith("closed-world"))).toMatch(/ 2 not reproduced, 1 inconclusive +–/u);
    expect(lines.find((line) => line.startsWith("open-world"))).toMatch(/ – +– +–$/u);
  });

  it("is no wider than the terminal, and breaks no word", () => {
    const python = path.join(ROOT, ".venv", "bin", "python");
    const command = [path.join(__dirname, "terminal.py"), "none", "1", process.execPath, CLI, "list"];
    const env = { ...environmentOf(home), TERMINAL_WIDTH: "90" };
    const { stdout } = spawnSync(python, command, { env, encoding: "utf8" });
    const { output } = JSON.parse(stdout) as { readonly output: string };
    const words = (text: string): string[] => text.split(/[\s─]+/u).filter((word) => word !== "").sort(); // prettier-ignore
    expect(Math.max(...output.split(/\r?\n/u).map((line) => line.length))).toBe(90);
    expect(words(output)).toEqual(words(printed(home, "list")));
  });
});
