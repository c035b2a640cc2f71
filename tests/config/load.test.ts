import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { checkConfig, loadConfig } from "../../src/config/load";
import { loadWorldConfig } from "../../src/miniworld/config";
import { LabError } from "../../src/core/errors";
import { loadProfile } from "../../src/lab/profile";
import { tapoOptionsWith } from "../../src/tapo/schema";
import { DEFAULTS } from "../../src/tapo/options";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-config-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** The one-line message of the LabError that `body` must throw. */
function refusal(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    expect(error).toBeInstanceOf(LabError);
    const { message } = error as LabError;
    expect(message).not.toContain("\n");
    return message;
  }
  throw new Error("was accepted");
}

function yamlFile(text: string): string {
  const file = path.join(folder, "some.yaml");
  fs.writeFileSync(file, text);
  return file;
}

describe("a file that extends another", () => {
  const schema = z.strictObject({ a: z.number(), b: z.strictObject({ c: z.number(), d: z.array(z.number()) }) });
  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, `${name}.yaml`), text);
  };
  const load = (name: string, overrides = {}) => loadConfig(path.join(folder, `${name}.yaml`), schema, overrides);

  it("has all of it but for its own: groups are joined key by key, lists and values replaced", () => {
    write({
      first: "a: 1\nb: { c: 2, d: [3, 4] }\n",
      second: "extends: first\nb: { d: [5] }\n",
      third: "extends: second\na: 6",
    });
    expect(load("second")).toEqual({ a: 1, b: { c: 2, d: [5] } });
    expect(load("third", { "b.c": 7 })).toEqual({ a: 6, b: { c: 7, d: [5] } });
  });

  it("has an element of a list replaced, and no element replaced that is not there", () => {
    write({ first: "a: 1\nb: { c: 2, d: [3, 4] }\n", none: "a: 1\nb: { c: 2, d: [] }\n" });
    expect(load("first", { "b.d.1": 7 })).toEqual({ a: 1, b: { c: 2, d: [3, 7] } });
    expect(refusal(() => load("first", { "b.d.2": 7 }))).toBe('b.d.2: the list has no element "2": it has the elements 0 to 1. Name one that is there, or replace the whole list.'); // prettier-ignore
    expect(refusal(() => load("none", { "b.d.0": 7 }))).toMatch(/it is empty/);
  });

  it("is refused where that is not there, is no name, leads back, or where a key is unknown", () => {
    write({
      lost: "extends: nowhere",
      odd: "extends: [a]",
      out: "extends: ../first",
      round: "extends: again",
      again: "extends: round",
    });
    write({ first: "a: 1\nb: { c: 2, d: [3, 4] }\n", other: "extends: first\nb: { e: 1 }" });
    expect(refusal(() => load("lost"))).toMatch(/lost\.yaml: extends "nowhere", which is not there/);
    expect(refusal(() => load("odd"))).toMatch(/odd\.yaml: key extends must be a text/);
    expect(refusal(() => load("out"))).toMatch(/cannot be the name of a file to extend/);
    expect(refusal(() => load("round"))).toMatch(/again\.yaml: extends "round", which extends this file again/);
    expect(refusal(() => load("other"))).toMatch(/other\.yaml: unknown key b\.e/);
  });
});

describe("YAML that goes round or never ends", () => {
  it("is refused by name in well under a second", () => {
    const billion = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
    for (let i = 1; i < 12; i++) billion.push(`a${i}: &a${i} [${new Array(9).fill(`*a${i - 1}`).join(", ")}]`);
    for (const [text, reason] of [
      ["a: &a\n  b: *a\n", /some\.yaml: is not valid YAML \(an alias leads back to the group that holds it\)/u],
      ["a: &a [1, [*a]]\n", /an alias leads back/u],
      [billion.join("\n"), /is not valid YAML \(Excessive alias count/u],
      [`a: ${"[".repeat(60)}${"]".repeat(60)}`, /more than 50 groups stand in one another/u],
      [`a: ${"[".repeat(100_000)}`, /is not valid YAML/u],
      [`${"? ".repeat(40)}a: 1`, /is not valid YAML \(a key is a group or a list, and must be a word\)/u],
      ["a: !!js/function b", /is not valid YAML \(Unresolved tag/u],
    ] as const) {
      const started = performance.now();
      expect(refusal(() => loadConfig(yamlFile(text), z.unknown()))).toMatch(reason);
      expect(performance.now() - started).toBeLessThan(1000);
    }
  });

  it("is taken where aliases repeat a group that stands elsewhere", () => {
    const file = yamlFile("a: &a {x: 1}\nb: *a\nc: [*a, *a]\n");
    expect(loadConfig(file, z.unknown())).toEqual({ a: { x: 1 }, b: { x: 1 }, c: [{ x: 1 }, { x: 1 }] });
  });
});

const schema = z.strictObject({
  steps: z.int().min(1),
  rate: z.number().positive(),
  kind: z.enum(["linear", "cosine"]),
  name: z.string().min(1),
  parts: z.array(z.strictObject({ count: z.int() })).min(1),
  clip: z.number().nullable(),
});
const good = { steps: 2, rate: 0.1, kind: "linear", name: "n", parts: [{ count: 1 }], clip: null };
const check = (changes: Record<string, unknown>) =>
  refusal(() => checkConfig({ ...good, ...changes }, schema, "x.yaml"));

describe("checkConfig", () => {
  it("returns a right config", () => {
    expect(checkConfig(good, schema, "x.yaml")).toEqual(good);
  });

  it.each([
    ["a wrong type", { steps: "three" }, 'key steps must be a number, but is "three"'],
    ["a fraction", { steps: 2.5 }, "key steps must be a whole number, but is 2.5"],
    ["too small a number", { steps: 0 }, "key steps must be at least 1, but is 0"],
    ["an open bound", { rate: 0 }, "key rate must be more than 0, but is 0"],
    ["a wrong choice", { kind: "none" }, 'key kind must be one of "linear", "cosine", but is "none"'],
    [
      "a choice misspelt",
      { kind: "cosin" },
      'key kind must be one of "linear", "cosine", but is "cosin" (did you mean "cosine"?)',
    ],
    ["an empty text", { name: "" }, 'key name must be a text that is not empty, but is ""'],
    ["a missing key", { rate: undefined }, "key rate is missing; it must be a number"],
    ["an empty list", { parts: [] }, "key parts must be a list that is not empty, but is []"],
    ["a list for a number", { clip: [3] }, "key clip must be a number, but is [3]"],
    ["a key inside a list", { parts: [{ count: null }] }, "key parts.0.count must be a number, but is null"],
    ["an unknown key", { colour: 1 }, "unknown key colour (remove it or correct its spelling)"],
    ["a key misspelt", { stpes: 1 }, "unknown key stpes (did you mean steps?)"],
    [
      "a nested key misspelt",
      { parts: [{ count: 1, cout: 2 }] },
      "unknown key parts.0.cout (did you mean parts.0.count?)",
    ],
    ["a key of another group", { count: 1 }, "unknown key count (did you mean parts[].count?)"],
  ])("says of %s which key, what is expected and what was given", (_, changes, reason) => {
    const message = check(changes);
    expect(message).toContain(`x.yaml: ${reason}`);
    expect(message).toContain("docs/configuration.md");
  });

  it("names every wrong key at once", () => {
    const message = check({ steps: 0, kind: 1, extra: true });
    for (const key of ["steps", "kind", "extra"]) expect(message).toContain(key);
  });

  it("cuts long values short", () => {
    expect(check({ kind: "x".repeat(500) }).length).toBeLessThan(250);
  });
});

describe("loadConfig", () => {
  it("names the file and the line of a syntax error, in one line", () => {
    const message = refusal(() => loadConfig(yamlFile("steps: 1\nrate: [1\n"), schema));
    expect(message).toContain("some.yaml: is not valid YAML");
    expect(message).toMatch(/line \d/);
    expect(message).toContain("Correct the file");
  });

  it("refuses a key that stands there twice", () => {
    expect(refusal(() => loadConfig(yamlFile("steps: 1\nsteps: 2\n"), schema))).toMatch(
      /Map keys must be unique.*line 2/,
    );
  });

  it("names a file that is not there, and refuses an empty one", () => {
    expect(refusal(() => loadConfig(path.join(folder, "none.yaml"), schema))).toContain("none.yaml: cannot be read");
    expect(refusal(() => loadConfig(yamlFile(""), schema))).toContain(
      "the whole file must be a group of keys, but is null",
    );
  });

  it("replaces values by dotted paths, in lists, too, and says so when they are wrong", () => {
    const file = yamlFile(JSON.stringify(good));
    expect(loadConfig(file, schema, { steps: 5, "parts.0.count": 7 })).toEqual({
      ...good,
      steps: 5,
      parts: [{ count: 7 }],
    });
    expect(refusal(() => loadConfig(file, schema, { "parts.0.cout": 7 }))).toMatch(
      /some\.yaml with parts\.0\.cout replaced: unknown key parts\.0\.cout/,
    );
  });
});

describe("profiles", () => {
  const set = (overrides: Record<string, unknown>) => refusal(() => loadProfile("mini", overrides));

  it("refuses an unknown profile and lists those there are", () => {
    expect(refusal(() => loadProfile("huge"))).toMatch(/no profile "huge".*Choose one of: .*mini/);
  });

  it.each([
    [{ "rl.n1": 1, "rl.n2": 0 }, "rl.n1", "below 2"],
    [{ "rl.promptsPerUpdate": 5 }, "rl.promptsPerRollout", "multiple of promptsPerUpdate (5)"],
    [{ "rl.objective.gama": 1 }, "rl.objective.gama", "unknown key"],
    [{ "rl.objective": "TAPO" }, "rl.objective", "a group of keys"],
    [{ "rl.objective": null }, "rl.objective", "a group of keys"],
    [{ rl: [] }, "rl", "a group of keys"],
    [{ "rl.temperature": 0 }, "rl.temperature", "more than 0"],
    [{ "rl.optons.n1": 1 }, "rl.optons", "unknown key"],
    [{ "sft.train.tower": "no" }, "sft.train.tower", "true or false"],
    [{ "rl.objective.gama": 1 }, "rl.objective.gama", "did you mean rl.objective.gamma?"],
    [{ "rll.n1": 1 }, "rll", "did you mean rl?"],
    [{ gamma: 1 }, "unknown key gamma", "did you mean rl.objective.gamma or matched.gamma?"],
    [
      { learningRate: 1 },
      "unknown key learningRate",
      "did you mean sft.learningRate or sftLabels.learningRate or rl.learningRate?",
    ],
    [{ promptSet: "relesed" }, "promptSet", 'did you mean "released"?'],
    [{ "servers.__proto__": "http://x" }, "key servers.__proto__", '"__proto__" names no setting'],
    [{ servers: JSON.parse('{"__proto__":"http://x"}') as unknown }, "key servers.__proto__", "names no setting"],
    [{ "servers.constructor": "http://x" }, "key servers.constructor", "names no setting"],
    [{ "prototype.x": 1 }, "key prototype", "names no setting"],
    [{ name: "../.." }, "key name", "names a file or folder: letters"],
    [{ name: "other" }, "key name must be that of its file", 'but is "other"'],
  ])("refuses %j", (overrides, key, reason) => {
    const message = set(overrides);
    expect(message).toContain(key);
    expect(message).toContain(reason);
    expect(message).toContain("mini.yaml");
  });

  it("fills what a profile leaves out with the published defaults", () => {
    const options = checkConfig({ n1: 8, objective: { gamma: 0 } }, tapoOptionsWith({}), "x");
    expect(options).toEqual({ ...DEFAULTS, n1: 8, objective: { ...DEFAULTS.objective, gamma: 0 } });
  });
});

describe("worlds", () => {
  it("are all valid, and differ in name and seed only between development and test", () => {
    const [development, test] = ["development", "test"].map((n) => loadWorldConfig(`configs/worlds/${n}.yaml`));
    expect({ ...development, name: "", seed: 0 }).toEqual({ ...test, name: "", seed: 0 });
    expect(development?.seed).not.toBe(test?.seed);
  });

  it("are refused with the rule that they break", () => {
    const text = fs.readFileSync("configs/worlds/test.yaml", "utf8");
    const broken = (from: string, to: string) => refusal(() => loadWorldConfig(yamlFile(text.replace(from, to))));
    expect(broken("[0.7, 0.25, 0.05]", "[0.7, 0.25, 0.5]")).toContain("changes: the three probabilities must sum to 1");
    expect(broken("[0.27, 0.19", "[0.2, 0.19")).toContain(
      "options.siblings.bird: the four probabilities must sum to 1",
    );
    expect(broken("shots: 4", "shots: 1")).toContain("shots: a triplet needs two images of a class");
    expect(broken("bird, car,", "bird, bird,")).toContain("domains: a domain is named twice");
    expect(broken("bird, car,", "bird, cow,")).toMatch(/domains\.2 must be one of "aircraft".*but is "cow"/);
  });
});

describe("an error about a key", () => {
  it("says what the key means, in the words of docs/configuration.md", () => {
    const refused = () => loadProfile("smoke", { "rl.n1": "many", "sftLabels.epochs": 0 });
    expect(refused).toThrow("rl.n1: n₁, rollouts of the anchor image. ");
    expect(refused).toThrow("sftLabels.epochs: passes over the examples. ");
    // "seed" stands in three chapters with three meanings
    expect(() => loadProfile("smoke", { seed: "x" })).toThrow(/but is "x"\. Correct the keys named/);
  });
});
