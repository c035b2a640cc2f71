import { describe, expect, it } from "vitest";
import { openDataset } from "../../src/lab/datasets";

describe("a dataset with seen classes held out", async () => {
  const world = await openDataset("miniworld:smoke");
  const rehearsal = await openDataset("heldout:miniworld:smoke");
  const ids = (split: "seen" | "unseen"): Set<string> =>
    new Set(rehearsal.test(split).map(({ image }) => image.subCategory.id));

  it("holds out every third seen class of each domain, and asks about no class that was unseen", () => {
    for (const domain of new Set(world.subCategories.map(({ superCategory }) => superCategory))) {
      const seen = world.subCategories.filter((one) => one.seen && one.superCategory === domain).map(({ id }) => id);
      expect(seen.filter((id) => ids("unseen").has(id))).toEqual(seen.filter((_, i) => i % 3 === 2));
      expect(seen.filter((id) => ids("seen").has(id))).toEqual(seen.filter((_, i) => i % 3 !== 2));
    }
    const unseen = world.subCategories.filter((one) => !one.seen).map(({ id }) => id);
    expect(unseen.filter((id) => ids("seen").has(id) || ids("unseen").has(id))).toEqual([]);
  });

  it("trains on nothing of theirs, and asks about validation pictures alone", () => {
    const out = ids("unseen");
    expect(out.size).toBeGreaterThan(0);
    expect(rehearsal.train.some(({ subCategory }) => out.has(subCategory.id) || !subCategory.seen)).toBe(false);
    const validation = world.validation.map(({ id }) => id).sort();
    const asked = [...rehearsal.test("seen"), ...rehearsal.test("unseen")].map(({ id }) => id).sort();
    expect(asked).toEqual(validation);
    expect(world.questions).toBeDefined();
    expect(rehearsal.questions).toBeUndefined(); // they are about test pictures, and about unseen classes
  });

  it("is another dataset, with the world's pictures, chains and look-alikes", async () => {
    expect(rehearsal.fingerprint).not.toBe(world.fingerprint);
    expect(rehearsal.origin).toEqual(world.origin); // so that the world's base fits it
    const [item] = rehearsal.test("unseen");
    const same = world.validation.find(({ id }) => id === item?.id);
    expect(await item?.image.load()).toBe(await same?.load());
    expect(item?.options).toEqual(same && world.optionsFor(same));
    expect(rehearsal.chains).toBe(world.chains);
  });
});
