import { describe, expect, it } from "vitest";
import { loadWorldConfig, worldSchema } from "../../src/miniworld/config";
import { checkConfig } from "../../src/config/load";
import { describe as describeValues, matches } from "../../src/miniworld/attributes";
import { inventClasses } from "../../src/miniworld/classes";
import { COMMON_WORDS } from "../../src/miniworld/words";
import type { Domain } from "../../src/miniworld/config";
import { buildMiniWorld } from "../../src/miniworld/world";
import { smokeConfig, smokeWorld, testConfig } from "./worlds";

const fullWorld = buildMiniWorld(testConfig);
const development = loadWorldConfig("configs/worlds/development.yaml");

describe("world config", () => {
  it("gives the development world the settings of the test world, but for name and seed", () => {
    expect({ ...development, name: "test", seed: testConfig.seed }).toEqual(testConfig);
    expect(development.seed).not.toBe(testConfig.seed);
  });

  it("names the wrong key and the reason", () => {
    const broken = { ...testConfig, seenFraction: 1.5, colour: "red", changes: [0.5, 0.2, 0.2] };
    expect(() => checkConfig(broken, worldSchema, "x.yaml")).toThrow(
      /key changes: .*sum to 1.*key seenFraction must be less than 1, but is 1\.5.*unknown key colour/,
    );
  });

  it("asks for as many classes of a domain as a closed question names", () => {
    const small = (speciesPerGenus: number) => ({ ...smokeConfig, generaPerDomain: 1, speciesPerGenus });
    expect(() => checkConfig(small(3), worldSchema, "x.yaml")).toThrow(
      /key generaPerDomain: multiplied by speciesPerGenus it must be at least 4/,
    );
    const world = buildMiniWorld(checkConfig(small(4), worldSchema, "x.yaml"));
    expect(world.train.map((image) => new Set(world.optionsFor(image)).size)).toEqual(world.train.map(() => 4));
  });

  it("says so when the attributes have no room for the classes", () => {
    // one genus differs from another in all five values only if its tail does; there are three tails
    expect(() => inventClasses({ ...smokeConfig, generaPerDomain: 4, genusDistance: 5 })).toThrow(/genusDistance/);
  });
});

describe("classes", () => {
  it("are 6 domains × 10 genera × 4 species, 24 of each domain's 40 seen", () => {
    expect(fullWorld.subCategories).toHaveLength(240);
    for (const domain of testConfig.domains) {
      const own = fullWorld.subCategories.filter((c) => c.superCategory === domain);
      expect(own.filter((c) => c.seen)).toHaveLength(24); // 0.6 · 40
      expect(new Set(own.map((c) => describeValues(c.attributes))).size).toBe(40);
      expect(new Set(own.map((c) => c.genus)).size).toBe(10);
    }
  });

  it("differ from their genus in one to three values, so siblings in at most six and never in none", () => {
    for (const c of fullWorld.subCategories) {
      const siblings = fullWorld.genusMembers(c);
      expect(siblings).toHaveLength(4);
      for (const other of siblings)
        if (other.id !== c.id) expect(matches(c.attributes, other.attributes)).toBeLessThan(5);
    }
  });

  it("are closer inside a genus than between genera", () => {
    const mean = (pairs: number[]): number => pairs.reduce((a, b) => a + b, 0) / pairs.length;
    const inside: number[] = [];
    const between: number[] = [];
    const birds = fullWorld.subCategories.filter((c) => c.superCategory === "bird");
    for (const a of birds)
      for (const b of birds)
        if (a.id < b.id) (a.genus === b.genus ? inside : between).push(matches(a.attributes, b.attributes));
    // two species of a genus keep about 5 − 2·1.35 values in common; two random vectors 3/6 + 1/4 + 1/3 = 1.08
    expect(mean(inside)).toBeGreaterThan(2.2);
    expect(mean(between)).toBeLessThan(1.6);
  });

  it("have names of two words, each word new, none inside another", () => {
    const words = [...new Set(fullWorld.subCategories.flatMap((c) => c.name.split(" ")))];
    expect(words).toHaveLength(240 + 60);
    const all = [...words, ...COMMON_WORDS];
    for (const word of words) {
      expect(word).toMatch(/^[a-z]{5,}$/);
      expect(all.filter((other) => other.includes(word) || (words.includes(other) && word.includes(other)))).toEqual([
        word,
      ]);
    }
  });
});

describe("mini-world", () => {
  it("is the same for the same seed and another for another", () => {
    expect(buildMiniWorld(smokeConfig).fingerprint).toBe(smokeWorld.fingerprint);
    expect(buildMiniWorld(smokeConfig).subCategories).toEqual(smokeWorld.subCategories);
    const other = buildMiniWorld({ ...smokeConfig, seed: smokeConfig.seed + 1 });
    expect(other.fingerprint).not.toBe(smokeWorld.fingerprint);
    expect(other.subCategories.map((c) => c.name)).not.toEqual(smokeWorld.subCategories.map((c) => c.name));
    const names = new Set(buildMiniWorld(development).subCategories.map((c) => c.name));
    expect(fullWorld.subCategories.some((c) => names.has(c.name))).toBe(false);
  });

  it("has the counts of its config and keeps training to seen classes", () => {
    expect(fullWorld.train).toHaveLength(144 * 4);
    expect(fullWorld.validation).toHaveLength(144 * 4);
    expect(fullWorld.test("seen")).toHaveLength(144 * 6);
    expect(fullWorld.test("unseen")).toHaveLength(96 * 6);
    expect([...fullWorld.train, ...fullWorld.validation].every((image) => image.subCategory.seen)).toBe(true);
    expect(fullWorld.test("unseen").some((item) => item.image.subCategory.seen)).toBe(false);
    const ids = [...fullWorld.train, ...fullWorld.validation].map((image) => image.id);
    ids.push(...fullWorld.test("seen").map((i) => i.image.id), ...fullWorld.test("unseen").map((i) => i.image.id));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("asks with the true name first, and as many of its genus as are drawn, then of the nearest strangers", () => {
    const counts: Record<string, number[]> = {};
    for (const item of [...fullWorld.test("seen"), ...fullWorld.test("unseen")]) {
      const { subCategory } = item.image;
      expect(item.options[0]).toBe(item.groundTruth);
      expect(new Set(item.options).size).toBe(4);
      const near = fullWorld.lookalikes(subCategory).map(({ name }) => name);
      const strangers = item.options.filter((name) => near.indexOf(name) > 3); // a genus has 4 members
      for (const name of strangers) expect(near.indexOf(name)).toBeLessThan(4 + 6);
      const drawn = (counts[subCategory.superCategory] ??= [0, 0, 0, 0]);
      drawn[3 - strangers.length]!++;
    }
    // 40 classes × 6 pictures a domain: four standard errors of a share p are 4 · √(p · (1 − p) / 240)
    for (const [domain, drawn] of Object.entries(counts)) {
      testConfig.options.siblings[domain as Domain].forEach((p, siblings) => {
        const slack = 4 * Math.sqrt((p * (1 - p)) / 240);
        expect(Math.abs(drawn[siblings]! / 240 - p), `${domain} ${siblings}`).toBeLessThanOrEqual(slack);
      });
    }
  });

  it("draws the options of each picture anew, of seen and unseen classes alike, and always the same", () => {
    const sets = fullWorld.subCategories.map((subCategory) => {
      const of = (i: number) => fullWorld.optionsFor({ id: `${i}`, subCategory });
      expect(of(1)).toEqual(of(1));
      return new Set(Array.from({ length: 20 }, (_, i) => [...of(i)].sort().join())).size;
    });
    expect(Math.min(...sets)).toBeGreaterThan(5);
    const named = fullWorld.test("seen").flatMap(({ options }) => options.slice(1));
    const unseen = new Set(fullWorld.subCategories.filter(({ seen }) => !seen).map(({ name }) => name));
    // 96 of 240 classes are unseen: 40 % of the distractors if the split played no part; ± 10 points for chance and clusters
    expect(Math.abs(named.filter((name) => unseen.has(name)).length / named.length - 0.4)).toBeLessThan(0.1);
  });

  it("fills the options from the genus or from the domain when either is small", () => {
    const pairs = buildMiniWorld({ ...smokeConfig, speciesPerGenus: 2 });
    const lone = buildMiniWorld({ ...smokeConfig, generaPerDomain: 1 });
    for (const world of [pairs, lone]) {
      for (const { id, options } of world.test("seen")) expect(new Set(options).size, id).toBe(4);
    }
  });

  it("lists every word of its texts once", () => {
    const vocabulary = fullWorld.vocabulary();
    expect(new Set(vocabulary).size).toBe(vocabulary.length);
    expect(vocabulary).toHaveLength(COMMON_WORDS.length + 60 + 240);
    expect(vocabulary.slice(0, 4)).toEqual(["<think>", "</think>", "<answer>", "</answer>"]);
  });

  it("refuses a class of another dataset", () => {
    const foreign = { id: "bird/none such", name: "none such", superCategory: "bird", seen: true };
    expect(() => smokeWorld.attributesOf(foreign)).toThrow(/no class of the world smoke/);
  });
});
