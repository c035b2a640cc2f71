import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/random";
import { writeChain } from "../../src/miniworld/chain";
import { checkChain, checkInWords } from "../../src/data/chains";
import { parseChain } from "../../src/miniworld/chainParser";
import { alike, marksWorld, smokeWorld } from "./worlds";
import type { MiniDataset } from "../../src/miniworld/types";

const worlds: readonly MiniDataset[] = [smokeWorld, marksWorld];
const anyCase = fc.record({
  world: fc.constantFrom(...worlds),
  index: fc.nat(smokeWorld.subCategories.length - 1),
  seed: fc.nat(),
  closed: fc.boolean(),
});
const makeCase = ({
  world,
  index,
  seed,
  closed,
}: {
  world: MiniDataset;
  index: number;
  seed: number;
  closed: boolean;
}) => {
  const random = new Random(seed);
  const truth = world.subCategories[index]!;
  const options = closed ? random.shuffle(alike(world, truth)) : undefined;
  const text = writeChain(world, truth, { random, ...(options ? { options } : {}) });
  return { random, truth, options, text };
};

describe("writeChain", () => {
  it("writes the form of the recipe", () => {
    const truth = smokeWorld.subCategories[0]!;
    const text = writeChain(smokeWorld, truth, { random: new Random(1) });
    const name = "[a-z]+ [a-z]+";
    const values = "\\w+ \\w+ \\w+ \\w+ \\w+";
    expect(text).toMatch(
      new RegExp(
        `^<think> analysis ${values} candidates ${name}( , ${name}){3} comparison( ${name} ${values} fits [0-5]){4} ` +
          `prediction ${name} </think> <answer> ${name} </answer>$`,
      ),
    );
    // 2 + 5 + 1 + (4·2 + 3) + 1 + 4·(2 + 5 + 2) + 3 + 2 + 2 + 1 = 64 words
    expect(text.split(" ")).toHaveLength(64);
  });

  it("refuses a description that fits another candidate as well", () => {
    const [truth, rival] = smokeWorld.lookalikes(smokeWorld.subCategories[0]!);
    const analysis = rival!.attributes;
    expect(() => writeChain(smokeWorld, truth!, { random: new Random(1), analysis })).toThrow(/no chain leads/);
  });

  it("refuses options that do not hold the class", () => {
    const truth = smokeWorld.subCategories[0]!;
    const options = alike(smokeWorld, truth).slice(1);
    expect(() => writeChain(smokeWorld, truth, { random: new Random(1), options })).toThrow(/no chain leads/);
  });

  it("uses words of the vocabulary only", () => {
    for (const world of worlds) {
      const known = new Set(world.vocabulary());
      for (const truth of world.subCategories) {
        const words = writeChain(world, truth, { random: new Random(3) }).split(" ");
        expect(words.filter((word) => !known.has(word))).toEqual([]);
      }
    }
  });
});

describe("checkChain", () => {
  it("finds every written chain right", () => {
    fc.assert(
      fc.property(anyCase, (given) => {
        const { truth, options, text } = makeCase(given);
        expect(checkChain(given.world.chains, text, truth, options)).toEqual({
          stage: "right",
          answerRight: true,
          verdict: "right",
        });
      }),
    );
  });

  it("does not mind how white space stands around the tags", () => {
    const { truth, text } = makeCase({ world: smokeWorld, index: 4, seed: 1, closed: false });
    const tight = text.replace("<think> ", "<think>").replace(" </think> <answer> ", "</think>\n<answer>");
    expect(checkChain(smokeWorld.chains, tight, truth).stage).toBe("right");
  });

  it("reports a single wrong step as that step", () => {
    fc.assert(
      fc.property(anyCase, fc.constantFrom(...Object.keys(corrupt)), (given, name) => {
        const { random, truth, options, text } = makeCase(given);
        const [stage, change] = corrupt[name]!;
        const broken = change(text, given.world, truth.id, random);
        expect(broken).not.toBe(text);
        expect(checkChain(given.world.chains, broken, truth, options).stage).toBe(stage);
      }),
      { numRuns: 400 },
    );
  });

  it("takes a mended chain for right in the table, and still tells the step", () => {
    const { truth, text } = makeCase({ world: smokeWorld, index: 2, seed: 5, closed: false });
    const broken = text.replace(/fits 5/, "fits 1");
    expect(checkChain(smokeWorld.chains, broken, truth)).toEqual({
      stage: "count",
      answerRight: true,
      verdict: "right",
    });
    const wrong = broken.replace(/<answer> .* <\/answer>/, `<answer> ${alike(smokeWorld, truth)[1]!} </answer>`);
    expect(checkChain(smokeWorld.chains, wrong, truth)).toEqual({
      stage: "count",
      answerRight: false,
      verdict: "count",
    });
  });

  it("says in words that a right answer may come with a wrong chain", () => {
    const { truth, text } = makeCase({ world: smokeWorld, index: 2, seed: 5, closed: false });
    const other = alike(smokeWorld, truth)[1]!;
    const answer = (changed: string, name = truth.name): string =>
      changed.replace(/<answer> .* <\/answer>/, `<answer> ${name} </answer>`);
    const said = (changed: string): string => checkInWords(checkChain(smokeWorld.chains, changed, truth));
    expect(said(text)).toBe("right answer, right chain");
    expect(said(text.replace(/fits 5/, "fits 3"))).toBe("right answer, wrong count");
    expect(said(answer(text.replace(/fits 5/, "fits 3"), other))).toBe("wrong answer, wrong count");
    expect(said(answer(text, other))).toBe("wrong answer, wrong last step");
    expect(said("")).toBe("wrong answer, no chain");
  });

  it("judges a closed chain by the options offered", () => {
    const truth = smokeWorld.subCategories[0]!;
    const stranger = smokeWorld.lookalikes(truth).at(-1)!;
    const options = [...alike(smokeWorld, truth).slice(0, 3), stranger.name];
    const open = writeChain(smokeWorld, truth, { random: new Random(9) });
    expect(checkChain(smokeWorld.chains, open, truth, options).stage).toBe("candidates");
  });

  it("never throws, whatever the text", () => {
    const words = fc.constantFrom(...smokeWorld.vocabulary(), "unknown", "<think>", "</answer>");
    fc.assert(
      fc.property(fc.array(words, { maxLength: 80 }), (list) => {
        const check = checkChain(smokeWorld.chains, list.join(" "), smokeWorld.subCategories[0]!);
        expect(check.stage).toBe("malformed");
      }),
    );
  });

  it("reads a chain of four candidates only as one of four", () => {
    const { text } = makeCase({ world: smokeWorld, index: 0, seed: 1, closed: false });
    expect(parseChain(smokeWorld.config, text, 4)?.candidates).toHaveLength(4);
    expect(parseChain(smokeWorld.config, text, 3)).toBeUndefined();
  });
});

type Change = (text: string, world: MiniDataset, truth: string, random: Random) => string;

const tails = ["short", "medium", "long"];
const otherTail = (tail: string): string => tails[(tails.indexOf(tail) + 1) % 3]!;

/** Changes to a right chain, each with the step at which it must be reported. */
const corrupt: Readonly<Record<string, readonly [string, Change]>> = {
  "a value seen wrongly": ["analysis", (text) => text.replace(/(short|medium|long)(?= candidates)/, otherTail)],
  "a candidate twice": ["candidates", (text) => text.replace(/candidates (\w+ \w+) , (\w+ \w+)/, "candidates $1 , $1")],
  "a name nobody has": ["candidates", (text) => text.replace(/candidates \w+/, "candidates unknown")],
  "a candidate of another domain": [
    "candidates",
    (text, world, truth) => {
      const foreign = world.subCategories.find((c) => !truth.startsWith(c.superCategory))!;
      return text.replace(/candidates \w+ \w+/, `candidates ${foreign.name}`);
    },
  ],
  "a value remembered wrongly": [
    "recall",
    // the last tail before the prediction belongs to the last comparison, in both forms of verdict
    (text) => text.replace(/(short|medium|long)(?= (?:fits \d|yes|no) prediction)/, otherTail),
  ],
  "another class compared": [
    "recall",
    (text) =>
      text.replace(
        /comparison (\w+ \w+)(.*) prediction/,
        (_, first: string, rest: string) => `comparison unknown ${first.split(" ")[1]!}${rest} prediction`,
      ),
  ],
  "a wrong verdict": [
    "count",
    (text) =>
      text.replace(/(fits )?(\d|yes|no)(?= prediction)/, (_, fits: string | undefined, mark: string) =>
        fits === undefined ? (mark === "yes" ? "no" : "yes") : `fits ${(Number(mark) + 1) % 6}`,
      ),
  ],
  "another prediction": [
    "last",
    (text, world, truth) => {
      const c = world.subCategories.find((one) => one.id === truth)!;
      return text.replace(/prediction \w+ \w+/, `prediction ${alike(world, c)[1]!}`);
    },
  ],
  "another answer": [
    "last",
    (text, world, truth) => {
      const c = world.subCategories.find((one) => one.id === truth)!;
      return text.replace(/<answer> \w+ \w+/, `<answer> ${alike(world, c)[2]!}`);
    },
  ],
  "a word left out": [
    "malformed",
    (text, _world, _truth, random) => {
      const words = text.split(" ");
      words.splice(random.integer(words.length), 1);
      return words.join(" ");
    },
  ],
  "a word behind the end": ["malformed", (text) => `${text} yes`],
  "a value in another slot": ["malformed", (text) => text.replace(/analysis (\w+)/, "analysis striped")],
};
