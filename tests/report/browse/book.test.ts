import { describe, expect, it } from "vitest";
import { Random } from "../../../src/core/random";
import type { BenchmarkItem } from "../../../src/data/types";
import { writeChain } from "../../../src/miniworld/chain";
import { answerBook, type AskedModel } from "../../../src/report/browse/book";
import { answer, someItems } from "../../eval/helpers";
import { smokeWorld } from "../../miniworld/worlds";

const items = [...smokeWorld.test("seen"), ...smokeWorld.test("unseen")];
const chainOf = ({ image }: BenchmarkItem): string =>
  writeChain(smokeWorld, image.subCategory, { random: new Random(1) });

/** Answers to every test question of the smoke world. */
function asked(
  key: string,
  how: Pick<AskedModel, "setting" | "thinking">,
  said: (item: BenchmarkItem) => string,
): AskedModel {
  const answers = items.map((item) =>
    answer({
      ...{ id: item.id, image: item.image.id, domain: item.image.subCategory.superCategory },
      ...{ seen: item.image.subCategory.seen, truth: item.groundTruth, output: said(item) },
      options: how.setting === "open" ? null : item.options,
    }),
  );
  return { key, title: key.toUpperCase(), ...how, answers };
}

const open = { setting: "open", thinking: true } as const;
const book = (models: readonly AskedModel[], limit = 100) =>
  answerBook({ title: "smoke", dataset: smokeWorld, asked: models, leftOut: ["dapo: not asked"] }, limit);

describe("answerBook", () => {
  it("joins the models' answers about each picture, in their order, with every chain marked", async () => {
    const made = await book([
      asked("base", { setting: "open", thinking: false }, () => "<answer> nobody </answer>"),
      asked("tapo", open, (item) => chainOf(item).replace("fits 5", "fits 3")),
      asked("tapo", { setting: "closed", thinking: true }, chainOf),
      asked("siglip", { setting: "closed", thinking: false }, ({ groundTruth }) => groundTruth),
    ]);
    expect(made).toMatchObject({ title: "smoke", datasetName: "mini-world/smoke", leftOut: ["dapo: not asked"] });
    expect(made.models.map(({ key }) => key)).toEqual(["base", "tapo", "siglip"]);
    expect(made.outcomes).toEqual(["right", "malformed", "analysis", "candidates", "recall", "count", "last"]);
    expect(new Set(made.domains)).toEqual(new Set(items.map(({ image }) => image.subCategory.superCategory)));
    expect([made.pictures.length, made.allPictures, made.questions.length]).toEqual([16, 16, 32]);
    const [first] = made.questions;
    expect(first).toMatchObject({ id: items[0]!.id, setting: "open", split: "seen", options: null, picture: 0 });
    expect(Object.keys(first!.answers)).toEqual(["base", "tapo"]);
    expect(first!.answers["tapo"]).toMatchObject({ right: true, verdict: "right answer, wrong count" });
    const last = made.questions.at(-1);
    expect(last).toMatchObject({ setting: "closed", split: "unseen", options: items.at(-1)!.options });
    expect(last!.answers["siglip"]).toMatchObject({ right: true, verdict: "right answer", lines: null });
  });

  it("shows answers about a dataset that cannot judge chains, with what was thought as it was written", async () => {
    const [item] = someItems(1);
    const output = "<think>small</think><answer>least auklet</answer>";
    const answers = [answer({ id: item!.id, truth: item!.groundTruth, output })];
    const dataset = {
      name: "birds",
      subCategories: [item!.image.subCategory],
      test: (split: "seen" | "unseen") => (split === "seen" ? [item!] : []),
    };
    const made = await answerBook({ title: "t", dataset, asked: [{ key: "m", title: "M", ...open, answers }] }, 5);
    expect([made.outcomes, made.leftOut]).toEqual([[], []]);
    expect(made.questions[0]!.answers["m"]).toEqual({
      ...{ answer: "least auklet", right: true, verdict: "right answer", firstWrong: null, lines: null, output },
    });
  });

  it("keeps to the limit, one picture of every class before a second of any, and the pictures small", async () => {
    const { pictures, questions, allPictures } = await book([asked("tapo", open, chainOf)], 3);
    expect([pictures.length, questions.length, allPictures]).toEqual([3, 3, 16]);
    expect(new Set(questions.map(({ truth }) => truth)).size).toBe(3);
    for (const picture of pictures) {
      expect(picture.startsWith("data:image/webp;base64,")).toBe(true);
      expect(picture.length).toBeLessThan(4000);
    }
  });
});
