import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import * as library from "../src/index";

const ROOT = path.resolve(__dirname, "..");

describe("the public library", () => {
  it("exports everything that the notebooks use", () => {
    const folder = path.join(ROOT, "notebooks");
    const used = fs
      .readdirSync(folder)
      .filter((name) => name.endsWith(".ipynb"))
      .flatMap((name) => codeOf(path.join(folder, name)).match(/\bfr\.\w+(\.\w+)?/g) ?? []);
    expect(used.length).toBeGreaterThan(5);
    expect([...new Set(used)].filter((name) => !isThere(name.split(".").slice(1)) && !isType(name))).toEqual([]);
  });

  it("has every term of the objective under the paper's names", () => {
    const terms = ["groupAdvantages", "policyTerm", "negativeKl", "sampledEntropy", "tokenWeights", "tapoObjective"];
    for (const term of terms) expect(library.tapo, term).toHaveProperty(term, expect.any(Function));
  });

  it("has a namespace for each folder, and few names beside them", () => {
    const folders = fs.readdirSync(path.join(ROOT, "src"), { withFileTypes: true }).filter((e) => e.isDirectory());
    const names = folders.map(({ name }) => (name === "eval" ? "evaluation" : name));
    const inside = ["verify", "site", "cli"]; // commands, not a library
    expect(names.filter((name) => !(name in library)).sort()).toEqual(inside.sort());
    expect(Object.keys(library).filter((name) => !names.includes(name)).length).toBeLessThanOrEqual(10);
  });

  it("leaves the heavy packages alone until they are needed", () => {
    const script = `require("./dist"); console.log(Object.keys(require.cache).join("\\n"))`;
    const { stdout } = spawnSync(process.execPath, ["-e", script], { cwd: ROOT, encoding: "utf8" });
    const packages = new Set(stdout.match(/(?<=node_modules\/)(?:@[^/]+\/)?[^/]+/g));
    expect(packages.has("@tensorflow/tfjs-core")).toBe(true);
    for (const heavy of ["@tensorflow/tfjs-node-gpu", "danfojs-node", "jsdom", "plotly.js", "tslab"]) {
      expect(packages.has(heavy), heavy).toBe(false);
    }
  });
});

/** Whether a path of names leads to something that a module exports; types have left no trace here. */
function isThere(names: readonly string[]): boolean {
  let at: unknown = library;
  for (const name of names) {
    if (typeof at !== "object" || at === null || !(name in at)) return false;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return true;
}

/** Whether the index of the namespace exports a type of that name: `fr.lab.Method`. */
function isType(name: string): boolean {
  const [, namespace = "", type = ""] = name.split(".");
  const index = fs.readFileSync(path.join(ROOT, "src", namespace, "index.ts"), "utf8");
  return new RegExp(`\\btype ${type}\\b|export type \\{[^}]*\\b${type}\\b`, "u").test(index);
}

function codeOf(file: string): string {
  const { cells } = JSON.parse(fs.readFileSync(file, "utf8")) as { cells: { cell_type: string; source: string[] }[] };
  return cells.flatMap((cell) => (cell.cell_type === "code" ? [cell.source].flat().join("") : [])).join("\n");
}
