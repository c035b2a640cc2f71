import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random";
import { describe as describeValues, matches, SLOTS } from "../../src/miniworld/attributes";
import { checkChain } from "../../src/data/chains";
import {
  type CurriculumSettings,
  describeClass,
  exercisePrompt,
  reasonAbout,
  type Task,
  TASKS,
  type WeakUse,
} from "../../src/miniworld/curriculum/exercises";
import { weakLabel } from "../../src/miniworld/curriculum/weak";
import * as mixture from "../../src/miniworld/curriculum/mixture";
import type { Mixture } from "../../src/miniworld/curriculum/mixture";
import type { Domain } from "../../src/miniworld/config";
import { pairPrompt } from "../../src/analysis/namePairs";
import { buildPrompt } from "../../src/data/prompts";
import type { MiniWorld } from "../../src/miniworld/types";
import { buildMiniWorld } from "../../src/miniworld/world";
import { marksWorld, smokeConfig, smokeWorld } from "./worlds";

const SETTINGS: CurriculumSettings = {
  weakLabels: { wrongRate: { open: 0.72, closed: 0.45, encoder: 0.66, yesNo: 0.15 }, siblingShare: 0.8 },
  optionsRate: 0.6,
  thinkingRate: 0.75,
  wrongValueRate: 0.2,
};
const TEXT: Mixture = {
  nameToAttributes: 0.2,
  attributesToName: 0.15,
  genusMembers: 0.07,
  compare: 0.13,
  reason: 0.45,
};

const drawExercises = (world: MiniWorld, tasks: Mixture, count: number, random: Random, settings = SETTINGS) =>
  mixture.drawExercises(world, tasks, count, random, settings);
const drawExercise = (world: MiniWorld, tasks: Mixture, random: Random, settings = SETTINGS) =>
  mixture.drawExercise(world, tasks, random, settings);

const everything = Object.fromEntries(TASKS.map((task) => [task, 1]));

describe("curriculum", () => {
  it("is a pure function of world, mixture and random stream", () => {
    const draw = (seed: number) => drawExercises(smokeWorld, everything, 50, new Random(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it("uses words of the vocabulary and single spaces only", () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(smokeWorld, marksWorld), (seed, world) => {
        const { user, completion } = drawExercise(world, everything, new Random(seed));
        const known = new Set([...world.vocabulary(), "<image>"]);
        expect(`${user} ${completion}`.split(" ").filter((word) => !known.has(word))).toEqual([]);
      }),
    );
  });

  it("draws the tasks by their shares and leaves out what has none", () => {
    const counts = new Map<Task, number>();
    for (const { task } of drawExercises(smokeWorld, TEXT, 2000, new Random(4))) {
      counts.set(task, (counts.get(task) ?? 0) + 1);
    }
    expect(counts.has("readAttributes")).toBe(false);
    expect(counts.has("weakNames")).toBe(false);
    // share 0.45 of 2000 drawn: 900 ± 4 · √(2000 · 0.45 · 0.55) = 900 ± 89
    expect(Math.abs(counts.get("reason")! - 900)).toBeLessThan(89);
    expect(() => drawExercise(smokeWorld, {}, new Random(1))).toThrow(/no task/);
  });

  it("shows a picture where the image stands and a description where it does not", async () => {
    const picture = drawExercise(smokeWorld, { readAttributes: 1 }, new Random(1));
    expect(picture.user).toMatch(/^<image> (bird|car) \? analysis$/);
    expect((await exercisePrompt(picture)).images).toEqual([await picture.picture!.load()]);
    const text = drawExercise(smokeWorld, { reason: 1 }, new Random(1));
    expect(text.user).not.toContain("<image>");
    expect((await exercisePrompt(text)).images).toEqual([]);
  });

  it("asks about pictures in the words of the evaluation", async () => {
    const weak = drawExercise(smokeWorld, { weakNames: 1 }, new Random(3), {
      ...SETTINGS,
      optionsRate: 0,
      thinkingRate: 0,
      wrongValueRate: 0,
    });
    const image = await weak.picture!.load();
    const superCategory = weak.user.includes("bird") ? "bird" : "car";
    const asked = buildPrompt("mini", { question: "", superCategory, image, thinking: false });
    expect((await exercisePrompt(weak)).messages).toEqual(asked.messages);
  });

  it("puts the description in the image's place of the same question", () => {
    const c = smokeWorld.subCategories[0]!;
    const open = reasonAbout(smokeWorld, c, c.attributes, { thinking: true, closed: false }, new Random(1));
    expect(open.user).toBe(`${describeValues(c.attributes)} ${c.superCategory} ? think`);
    expect(checkChain(smokeWorld.chains, open.completion, c).stage).toBe("right");
    const closed = reasonAbout(smokeWorld, c, c.attributes, { thinking: false, closed: true }, new Random(1));
    expect(closed.user).toMatch(/ options \w+ \w+ , \w+ \w+ , \w+ \w+ , \w+ \w+ \? answer$/);
    expect(closed.completion).toBe(`<answer> ${c.name} </answer>`);
  });

  it("describes with one wrong value at times, and still fits its class alone best", () => {
    let wrong = 0;
    for (let seed = 0; seed < 300; seed++) {
      const c = smokeWorld.subCategories[seed % smokeWorld.subCategories.length]!;
      const described = describeClass(smokeWorld, c, 1, new Random(seed));
      const fit = matches(described, c.attributes);
      if (fit < SLOTS.length) wrong++;
      for (const other of smokeWorld.lookalikes(c)) {
        if (other.id !== c.id) expect(matches(described, other.attributes)).toBeLessThan(fit);
      }
    }
    expect(wrong).toBeGreaterThan(100);
  });

  it("labels weak pictures wrongly as often as asked, mostly inside the genus, each picture always alike", () => {
    const world = buildMiniWorld({
      ...smokeConfig,
      weakImages: 200,
    });
    const pictures = world.subCategories.flatMap((c) =>
      Array.from({ length: 200 }, (_, i) => world.picture(c, "weak", i)),
    );
    const labelled = (use: WeakUse) => pictures.map((picture) => weakLabel(world, picture, SETTINGS.weakLabels, use));
    const labels = labelled("open");
    expect(labelled("open")).toEqual(labels);
    const wrong = pictures.flatMap((p, i) => (labels[i]!.id === p.subCategory.id ? [] : [{ p, label: labels[i]! }]));
    const siblings = wrong.filter(({ p, label }) => label.genus === p.subCategory.genus);
    // 3200 pictures: four standard errors are 4 · √(0.72 · 0.28 / 3200) = 0.032 and 4 · √(0.8 · 0.2 / 2304) = 0.033
    expect(Math.abs(wrong.length / pictures.length - 0.72)).toBeLessThan(0.032);
    expect(Math.abs(siblings.length / wrong.length - 0.8)).toBeLessThan(0.034);
    // a use with fewer wrong names keeps the same ones of those that it has
    const kept = labelled("yesNo").flatMap((label, i) => (label.id === pictures[i]!.subCategory.id ? [] : [i]));
    // 4 · √(0.15 · 0.85 / 3200) = 0.025
    expect(Math.abs(kept.length / pictures.length - 0.15)).toBeLessThan(0.025);
    for (const i of kept) expect(labelled("yesNo")[i]).toBe(labels[i]);
  });

  it("offers the label among the options of a weak pair", () => {
    const settings = { ...SETTINGS, optionsRate: 1, thinkingRate: 0, wrongValueRate: 0 };
    for (let seed = 0; seed < 200; seed++) {
      const { user, completion } = drawExercise(smokeWorld, { weakNames: 1 }, new Random(seed), settings);
      const options = /options (.*) \? answer/.exec(user)![1]!.split(" , ");
      expect(new Set(options).size).toBe(4);
      expect(options).toContain(/<answer> (.*) <\/answer>/.exec(completion)![1]);
    }
  });

  it("asks whether a name is right in the words of H3's question, and answers by description or by the name found there", async () => {
    const settings = { ...SETTINGS, optionsRate: 0, thinkingRate: 0, wrongValueRate: 0 };
    const said = { yes: 0, no: 0 };
    for (let seed = 0; seed < 200; seed++) {
      const { user, completion } = drawExercise(smokeWorld, { isName: 1 }, new Random(seed), settings);
      const [, values, domain, name] = /^(\w+ \w+ \w+ \w+ \w+) (\w+) (\w+ \w+) \? answer$/.exec(user)!;
      const right = describeValues(smokeWorld.classNamed(domain!, name!)!.attributes) === values;
      expect(completion).toBe(`<answer> ${right ? "yes" : "no"} </answer>`);
      said[right ? "yes" : "no"]++;
    }
    // half of 200: ± 4 · √(200 · 0.25) = 28
    expect(Math.abs(said.yes - 100)).toBeLessThan(29);
    const weak = drawExercise(smokeWorld, { weakIsName: 1 }, new Random(1));
    const image = { ...smokeWorld.train[0]!, load: () => weak.picture!.load() };
    const [, domain, name] = /^<image> (\w+) (\w+ \w+) \? answer$/.exec(weak.user)!;
    const subCategory = { ...image.subCategory, superCategory: domain as Domain };
    const asked = await pairPrompt("mini", { image: { ...image, subCategory }, name: name! });
    expect((await exercisePrompt(weak)).messages).toEqual(asked.messages);
  });

  it("thinks up a right chain for the name found beside a picture", () => {
    for (const optionsRate of [0, 1]) {
      const settings = { ...SETTINGS, optionsRate, thinkingRate: 1, wrongValueRate: 0 };
      for (let seed = 0; seed < 50; seed++) {
        const { user, completion } = drawExercise(smokeWorld, { weakThink: 1 }, new Random(seed), settings);
        const [domain, name] = [/^<image> (\w+)/.exec(user)![1]!, /<answer> (.*) <\/answer>/.exec(completion)![1]!];
        const options = /options (.*) \? think/.exec(user)?.[1]?.split(" , ");
        expect(options !== undefined).toBe(optionsRate === 1);
        const label = smokeWorld.classNamed(domain, name)!;
        expect(checkChain(smokeWorld.chains, completion, label, options).stage).toBe("right");
      }
    }
  });

  it("tells knowledge about seen and unseen classes alike", () => {
    const told = new Set(
      drawExercises(smokeWorld, { nameToAttributes: 1 }, 400, new Random(8)).map(({ user }) => user.split(" ? ")[0]),
    );
    expect(told.size).toBe(smokeWorld.subCategories.length);
  });
});
