import { describe, expect, it } from "vitest";
import type { GeneralQuestion } from "../../src/data/questions";
import { isRight } from "../../src/eval/questions";
import { TASKS } from "../../src/miniworld/curriculum/exercises";
import { drawExercises } from "../../src/miniworld/curriculum/mixture";
import { Random } from "../../src/core/random";
import { marksWorld, smokeWorld } from "./worlds";

const { kinds, draw } = smokeWorld.questions;
const questions = draw(42);
const classes = smokeWorld.subCategories;
const ofKind = (kind: string): GeneralQuestion[] => questions.filter((one) => one.kind === kind);
const classOf = ({ id, kind }: GeneralQuestion) => classes.find((c) => `${kind}/${c.id}` === id)!;
/** The user's turn, the picture named as it is called. */
const turn = ({ user }: GeneralQuestion, named: string): string => (typeof user === "string" ? user : user.then(named));

describe("the questions of a mini-world", () => {
  it("are the same for a seed, each once, of every kind and about every class", () => {
    const plain = (seed: number) => JSON.stringify(draw(seed).map((one) => ({ ...one, user: turn(one, "x") })));
    expect(plain(42)).toBe(plain(42));
    expect(plain(42)).not.toBe(plain(43));
    expect(new Set(questions.map(({ id }) => id)).size).toBe(questions.length);
    expect(new Set(questions.map(({ kind }) => kind))).toEqual(new Set(kinds.map(({ name }) => name)));
    const genera = new Set(classes.map(({ superCategory, genus }) => `${superCategory}/${genus}`)).size;
    for (const { name } of kinds)
      expect(ofKind(name).length, name).toBe(name === "genusMembers" ? genera : classes.length);
    for (const kind of ["values", "genusMembers"]) expect(ofKind(kind).every(({ seen }) => seen === null)).toBe(true);
    for (const one of ofKind("isIt")) expect(one.seen).toBe(classOf(one).seen);
  });

  it.each([smokeWorld, marksWorld])("are words of the vocabulary with single spaces", (world) => {
    const known = new Set([...world.vocabulary(), "<image>"]);
    for (const one of world.questions.draw(1)) {
      const text = `${turn(one, world.subCategories[0]!.name)} ${one.truth}`.trim();
      expect(
        text.split(" ").filter((word) => !known.has(word)),
        text,
      ).toEqual([]);
    }
  });

  it("have the forms of exercises that bases are taught, with a picture in the description's place or a name in its own", () => {
    const everything = Object.fromEntries(TASKS.map((task) => [task, 1]));
    /** The words that a form has for every class alike. */
    const formOf = (user: string): string => {
      const values = new Set<string>(Object.values(smokeWorld.config.attributes).flat());
      const names = new Set(classes.flatMap(({ name, genus }) => [...name.split(" "), genus]));
      const words = user.split(" ").map((word) => (names.has(word) ? "N" : values.has(word) ? "v" : word));
      return words
        .join(" ")
        .replace("v v v v v", "<image>")
        .replaceAll(/\b(bird|car)\b/gu, "D");
    };
    const weakLabels = { wrongRate: { open: 0.5, closed: 0.5, encoder: 0.5, yesNo: 0.5 }, siblingShare: 0.5 };
    const settings = { weakLabels, optionsRate: 0.5, thinkingRate: 0.5, wrongValueRate: 0.1 };
    const taught = new Set(
      drawExercises(smokeWorld, everything, 600, new Random(1), settings).map(({ user }) => formOf(user)),
    );
    for (const one of questions) expect(taught, one.id).toContain(formOf(turn(one, classes[0]!.name)));
  });

  it("show test pictures, and pictures of no class that no base was made from", () => {
    const shown = questions.filter(({ load }) => load !== undefined).map(({ kind }) => kind);
    expect(new Set(shown)).toEqual(new Set(["itsValues", "itsGenus", "isIt", "fits", "values"]));
    const { baseImages } = smokeWorld.config;
    expect(ofKind("values").map(({ id }) => Number(id.split("/").at(-1)))).toEqual(
      classes.map((_, i) => baseImages + i),
    );
  });

  it("are answered by who recognises the picture and knows its class, and not by who takes it for another", () => {
    const knowledge = new Map(draw(42).filter(({ kind }) => ["nameToAttributes", "genusMembers"].includes(kind)).map((one) => [turn(one, ""), one.truth])); // prettier-ignore
    for (const one of [...ofKind("itsValues"), ...ofKind("itsGenus")]) {
      const own = classOf(one);
      const answered = (named: string): boolean =>
        isRight({ output: knowledge.get(turn(one, named)) ?? "", truth: one.truth });
      expect(answered(own.name), one.id).toBe(true);
      for (const other of classes.filter((c) => c.superCategory === own.superCategory && c.id !== own.id))
        expect(answered(other.name), one.id).toBe(one.kind === "itsGenus" && other.genus === own.genus);
    }
    expect(ofKind("itsGenus").map((one) => turn(one, "nobody"))[0]).toMatch(/^bird nobody \? members$/u); // a name of no class
  });

  it("ask for a wrong name of the same split, so that the name alone tells nothing", () => {
    const seenNames = new Map(classes.map(({ name, seen }) => [name, seen]));
    const asked = ofKind("isIt").map((one) => {
      const name = /^<image> \S+ (\S+ \S+) \? answer$/u.exec(turn(one, ""))![1]!;
      expect(one.truth).toBe(name === classOf(one).name ? "yes" : "no");
      expect(seenNames.get(name)).toBe(one.seen);
      return one.truth;
    });
    expect(new Set(asked)).toEqual(new Set(["yes", "no"]));
  });
});
