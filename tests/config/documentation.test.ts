import * as fs from "node:fs";
import { describe, expect, it } from "vitest";
import * as yaml from "yaml";
import { keysOf } from "../../src/config/keys";
import { worldSchema } from "../../src/miniworld/config";
import { baseConfigSchema } from "../../src/miniworld/base/config";
import { modelConfigSchema } from "../../src/lab/modelConfig";
import { profileSchema } from "../../src/lab/profile";

const page = fs.readFileSync("docs/configuration.md", "utf8");

/** The keys of the tables of one chapter: the first cells that stand in code marks. */
function documented(title: string): string[] {
  const chapter = page.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? "";
  return [...chapter.matchAll(/^\| `([^`]+)` *\|/gm)].map((match) => match[1] ?? "");
}

/** The numbers of a config by their keys, as `keysOf` writes them. */
function numbersOf(value: unknown, at = ""): [string, number][] {
  if (typeof value === "number") return [[at, value]];
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown) => numbersOf(item, typeof item === "object" ? `${at}[]` : at));
  }
  return Object.entries(value).flatMap(([name, v]) => numbersOf(v, at === "" ? name : `${at}.${name}`));
}

/** Listed once, since they are alike: the name they are listed by. */
const TWINS: readonly (readonly [RegExp, string])[] = [
  [/^joint\./, "text."],
  [/^sftLabels\./, "sft."],
  [/^options\.siblings\.\w+(?=$|\[)/, "options.siblings.<domain>"],
  [/^encoders\.\w+\./, "encoders.<name>."],
  [/^weakLabels\.wrongRate\.\w+/, "weakLabels.wrongRate.<use>"],
];
const listed = (key: string): string => TWINS.reduce((name, [twin, first]) => name.replace(twin, first), key);

describe("docs/configuration.md", () => {
  it.each([
    ["Worlds", worldSchema, 30],
    ["Base", baseConfigSchema, 35],
    ["Profiles", profileSchema, 60],
    ["Models", modelConfigSchema, 12],
  ])("lists every key of the chapter %s, and no other", (title, schema, atLeast) => {
    const keys = [...new Set(keysOf(schema).map(listed))];
    expect(keys.length).toBeGreaterThan(atLeast); // the schema was walked through, not only its surface
    expect(documented(title).sort()).toEqual(keys.sort());
  });

  it.each([
    ["Worlds", "configs/worlds/test.yaml"],
    ["Base", "configs/base/mini.yaml"],
    ["Profiles", "configs/profiles/mini.yaml"],
  ])("shows in the chapter %s the numbers of %s", (title, file) => {
    const chapter = page.split(/^## /m).find((part) => part.startsWith(`${title}\n`)) ?? "";
    for (const [key, value] of numbersOf(yaml.parse(fs.readFileSync(file, "utf8")))) {
      const row = chapter.split("\n").find((line) => line.startsWith(`| \`${listed(key)}\``)) ?? "";
      const shown =
        row
          .split("|")
          .at(-2)
          ?.replaceAll(/(\d),(\d{3})/g, "$1$2") ?? "";
      expect(shown.match(/[\d.]+(e-?\d+)?/g)?.map(Number), `${key} of ${file}`).toContain(value);
    }
  });

  it("gives every key a meaning", () => {
    for (const [row, key, meaning] of page.matchAll(/^\| `([^`]+)` *\| ([^|]*) \|.*$/gm)) {
      expect(meaning?.trim().length, `${key ?? ""} in ${row}`).toBeGreaterThan(3);
    }
  });

  it("names every environment variable that the code reads", () => {
    const files = fs.readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    const read = files.flatMap(
      (name) => fs.readFileSync(`src/${name}`, "utf8").match(/FINE_R1_[A-Z]+(?:_[A-Z]+)*/g) ?? [],
    );
    for (const variable of new Set(read)) expect(page).toContain(`\`${variable}\``);
    expect(new Set(read).size).toBeGreaterThan(1);
  });
});

describe("docs/paper-index.md", () => {
  const index = fs.readFileSync("docs/paper-index.md", "utf8").split("## Hyper-parameters")[0] ?? "";
  const rows = index.split("\n").flatMap((line) => {
    const cells = line.split(/(?<!\\)\|/);
    return cells.length < 6 ? [] : [{ names: codeIn(cells[3] ?? ""), files: codeIn(cells[4] ?? "") }];
  });

  it("names identifiers and files that exist, each identifier in one of its row's files", () => {
    expect(rows.length).toBeGreaterThan(25);
    for (const { names, files } of rows) {
      const source = files.map((file) => textBelow(`src/${file}`)).join("\n");
      for (const name of names) {
        expect(source, `${name} in ${files.join(", ")}`).toMatch(new RegExp(`\\b${name.split(".").at(-1) ?? ""}\\b`));
      }
    }
  });
});

function codeIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? "");
}

/** The text of a file, or of all files of a folder. */
function textBelow(place: string): string {
  if (!fs.statSync(place).isDirectory()) return fs.readFileSync(place, "utf8");
  return fs
    .readdirSync(place)
    .map((name) => fs.readFileSync(`${place}/${name}`, "utf8"))
    .join("\n");
}
