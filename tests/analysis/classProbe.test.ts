import { describe, expect, it } from "vitest";
import { probeClasses, type PictureState } from "../../src/analysis/classProbe";

/** Pictures of a class, each a copy of the class's own axis. @param axis where the class lies in [0, 8) */
function pictures(
  of: { domain: string; name: string; seen: boolean; axis: number },
  count: number,
  from = 0,
): PictureState[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${of.name} ${from + i}`,
    classId: of.name,
    ...{ domain: of.domain, seen: of.seen },
    state: Float32Array.from({ length: 8 }, (__, k) => (k === of.axis ? 1 : 0)),
  }));
}
const classes = ["bird", "car"].flatMap((domain, d) =>
  [0, 1, 2, 3].map((i) => ({ domain, name: `${domain} ${i}`, seen: i < 2, axis: 4 * d + i })),
);
const train = classes.filter(({ seen }) => seen).flatMap((one) => pictures(one, 4));
const test = classes.flatMap((one) => pictures(one, 6, 4));
const options = { seed: 1, epochs: 5, learningRate: 0.1 };

describe("probeClasses", () => {
  it("tests every test picture once, in its domain, with as many training pictures for every class", async () => {
    const { pictures: probed, probes } = await probeClasses(train, test, options);
    expect(probed.map(({ id }) => id).sort()).toEqual(test.map(({ id }) => id).sort());
    expect(probed.every(({ best, last }) => best && last)).toBe(true); // an axis for each class: nothing is easier
    expect(probes.map(({ domain, fold }) => [domain, fold])).toEqual(
      ["bird", "car"].flatMap((domain) => [0, 1, 2].map((fold) => [domain, fold])),
    );
    // four classes of four shots (an unseen one: the six of the test less the two of the fold); two of each are tested
    for (const one of probes) expect(one).toMatchObject({ classes: 4, trained: 16, tested: 8, train: 1 });
  });

  it("never tests a picture with a probe that it trained", async () => {
    // each test picture of an unseen class has an axis of its own: what a probe knows of it, it knows from itself
    const alone = pictures({ domain: "bird", name: "bird 3", seen: false, axis: 0 }, 6).map((one, i) => ({
      ...one,
      state: Float32Array.from({ length: 8 }, (_, k) => (k === i ? 1 : 0)),
    }));
    const other = { domain: "bird", name: "bird 0", seen: true, axis: 7 };
    // the other class leans a little to all axes, so that an axis that no picture trained is its own
    const leaning = (count: number): PictureState[] =>
      pictures(other, count).map((one) => ({ ...one, state: one.state.map((value) => value + 0.1) }));
    const { pictures: probed } = await probeClasses(leaning(4), [...alone, ...leaning(3)], options);
    const unseen = probed.filter(({ seen }) => !seen);
    expect(unseen).toHaveLength(6);
    expect(unseen.filter(({ last }) => last)).toEqual([]);
  });

  it("leaves out a class that has nothing to train with, and a domain of fewer than two", async () => {
    const few = classes.flatMap((one) => pictures(one, 1, 4));
    const { pictures: probed, probes } = await probeClasses(train, few, options);
    expect(probed.map(({ id }) => id)).toEqual(few.filter(({ seen }) => seen).map(({ id }) => id));
    expect(probes.map(({ fold, classes: count }) => [fold, count])).toEqual([[0, 2], [0, 2]]); // prettier-ignore
    expect(await probeClasses([], few, options)).toEqual({ pictures: [], probes: [] });
  });
});
