import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as yaml from "yaml";
import { loadProfile } from "../../src/lab/profile";
import * as homes from "../cli/home";

/** The commands of docs/own-pictures.md are run in their order, as they stand but for where things lie. */

const PAGE = fs.readFileSync(path.join(homes.ROOT, "docs", "own-pictures.md"), "utf8");
const blocks = (language: string): string[] =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gmsu"))].map(([, text = ""]) => text.trim());

let home: string;
beforeAll(() => {
  home = homes.newHome("own-pictures");
});
afterAll(() => {
  homes.removeHome(home);
});

/** The folders of the page, and the runs, lie in a temporary one; `npx fine-r1` is the command of this project. */
function placed(command: string): string {
  return command
    .replaceAll(/(?<![\w/-])(pictures|mushrooms|runs)(?=[/?\s."]|$)/gmu, `${home}/$1`)
    .replaceAll("npx fine-r1", "node dist/cli.js");
}

describe("docs/own-pictures.md", () => {
  it("goes from a folder to a trained and measured model", { timeout: 600_000 }, () => {
    const commands = blocks("sh").map(placed);
    expect(commands.length).toBeGreaterThan(6);
    const said = commands.map((command) => {
      const options = { cwd: homes.ROOT, encoding: "utf8", env: homes.environmentOf(home) } as const;
      const { status, stdout, stderr } = spawnSync("bash", ["-euo", "pipefail", "-c", command], options);
      expect([status, status === 0 ? "" : stderr], command).toEqual([0, ""]);
      return stdout;
    });
    const after = (word: string): string => said[commands.findIndex((command) => command.includes(word))] ?? "";
    expect(after("data show")).toMatch(/all +6 +4 +18 +0 +6 +16/u); // ten kinds, 60 % of each five seen, three of four pictures for training, one to test
    expect(after("--dry-run")).toMatch(/12 stages: 0 are in the store, 12 would be made/u);
    expect(after(" plan ")).toMatch(/rl: no-thinking-rl/u);
    const table = after("show training-methods");
    for (const method of ["Zero-shot", "SFT on labels", "No-Thinking RL"]) expect(table).toContain(method);
    expect(after(" ask ")).toMatch(/%/u);
    expect(fs.readFileSync(`${home}/mushrooms.html`, "utf8")).toContain("SFT on labels");
  });

  it("shows a profile that is read, with 90 training pictures' worth of settings", () => {
    const [text = ""] = blocks("yaml");
    const { extends: from, name, ...own } = yaml.parse(text) as Record<string, unknown>;
    expect([from, name]).toEqual(["paper", "mushrooms"]);
    const dotted = (value: unknown, at: string): [string, unknown][] =>
      typeof value === "object" && value !== null
        ? Object.entries(value).flatMap(([key, inner]) => dotted(inner, at === "" ? key : `${at}.${key}`))
        : [[at, value]];
    const profile = loadProfile("paper", Object.fromEntries(dotted(own, "")));
    expect(profile.dataset).toBe("folder:mushrooms?superCategory=mushroom&shots=3");
    expect(profile.rl.promptsPerRollout).toBe(32);
    expect(profile.models).toEqual({});
  });
});
