import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import sharp from "sharp";
import * as yaml from "yaml";
import { timeTable } from "../../src/cli/planTables";
import { experimentNamed } from "../../src/experiments";
import { machines } from "../../src/lab/plan/assumptions";
import { planExperiment } from "../../src/lab/plan/plan";
import { sizeOfData, type DataSize } from "../../src/lab/plan/sizes";
import { loadProfile, type Profile } from "../../src/lab/profile";
import { toMarkdown } from "../../src/report/table/markdown";
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
    const table = after("show training-methods");
    for (const method of ["Zero-shot", "SFT on labels", "No-Thinking RL"]) expect(table).toContain(method);
    expect(after(" ask ")).toMatch(/%/u);
    expect(fs.readFileSync(`${home}/mushrooms.html`, "utf8")).toContain("SFT on labels");
  });

  /** The profile of the page. */
  function mushrooms(): Profile {
    const [text = ""] = blocks("yaml");
    const { extends: from, name, ...own } = yaml.parse(text) as Record<string, unknown>;
    expect([from, name]).toEqual(["paper", "mushrooms"]);
    const dotted = (value: unknown, at: string): [string, unknown][] =>
      typeof value === "object" && value !== null
        ? Object.entries(value).flatMap(([key, inner]) => dotted(inner, at === "" ? key : `${at}.${key}`))
        : [[at, value]];
    return loadProfile("paper", Object.fromEntries(dotted(own, "")));
  }

  it("shows what the plan of that profile says of 50 species with four photographs each", async () => {
    const { domains } = await sizeOfData("sets:not/there", "paper");
    const bird = domains.find(({ name }) => name === "bird")!; // photographs of 500 × 375, with questions as long
    const fifty = { ...bird, seen: 30, unseen: 20, train: 3 * 30, test: 30 + 4 * 20 };
    const data: DataSize = { name: "mushrooms", counted: true, domains: [fifty] };
    const nowhere = { base: "not/there/Qwen2.5-VL-3B-Instruct", encoder: "not/there/siglip-large-patch16-384" };
    const plan = planExperiment({ ...mushrooms(), ...nowhere }, experimentNamed("quickstart"), data);
    const rows = (text: string): string[] =>
      (text.match(/^\|.*/gmu) ?? []).map((row) => row.replaceAll(/ +/gu, " ").replaceAll(/-+/gu, "-"));
    const [, shown = ""] = PAGE.split("fine-r1 plan quickstart -p mushrooms --gpus 1");
    expect(rows(shown)).toEqual(rows(toMarkdown(timeTable(plan, machines()[0]!, [1]))));
  });

  it("shrinks photographs with the command that it gives", async () => {
    const folder = path.join(home, "large", "mushrooms", "fly_agaric");
    fs.mkdirSync(folder, { recursive: true });
    const photograph = { width: 4000, height: 3000, channels: 3, background: "red" } as const;
    await sharp({ create: photograph }).jpeg().toFile(path.join(folder, "1.jpg"));
    await sharp({ create: { ...photograph, width: 40, height: 30 } }).toFile(path.join(folder, "2.png"));
    const command = blocks("sh").find((text) => text.includes("sharp")) ?? "";
    const here = command.replace(" mushrooms/", ` ${home}/large/mushrooms/`);
    expect(here).not.toBe(command);
    expect(spawnSync("bash", ["-c", here], { cwd: homes.ROOT }).status).toBe(0);
    const sizes = await Promise.all(["1.jpg", "2.png"].map((file) => sharp(path.join(folder, file)).metadata()));
    expect(sizes.map(({ width, height, format }) => [width, height, format])).toEqual([
      [1150, 863, "jpeg"],
      [40, 30, "png"],
    ]);
  });

  it("shows a profile that is read, with 90 training pictures' worth of settings", () => {
    const profile = mushrooms();
    expect(profile.dataset).toBe("folder:mushrooms?superCategory=mushroom&shots=3");
    expect(profile.rl.promptsPerRollout).toBe(32);
    expect(profile.models).toEqual({});
  });
});
