import { describe, expect, test } from "vitest";
import { metricNamed } from "../../src/eval/metrics";
import { cosineSimilarity, similarities } from "../../src/eval/similarity";
import { answer, DIRECT, letters } from "./helpers";

const metric = metricNamed("similarity");

describe("similarity", () => {
  test("SS_relative: 1 for the truth, 0 for naming the super-category and below, wherever it comes from", async () => {
    // Counts of letters as vectors: "bird" and "zzz" share no letter with the truth, so that both have a cosine of 0 to it.
    const answers = ["least auklet", "bird", "<answer>least auklet</answer>", "zzz"].map((output, i) =>
      answer({ id: `${i}`, output, image: "birds/1.jpg" }),
    );
    const similarity = cosineSimilarity("letters", letters);
    for (const superCategory of ["dataset", "released"] as const) {
      const scores = await similarities(answers, { similarity, thinking: false, superCategory });
      expect([...scores.keys()]).toEqual(["0", "1", "2", "3"]);
      answers.forEach((one, i) => {
        const value = metric.of(one, { ...DIRECT, similarity: scores });
        expect(value).toBeCloseTo([1, 0, 1, 0][i]!, 6);
      });
    }
    // ĉ is "object" for a path that the release does not know; it shares e and t with the truth.
    const dog = answer({ image: "dogs/1.jpg", output: "object" });
    const released = await similarities([dog], { similarity, thinking: false, superCategory: "released" });
    expect(released.get("x")).toBe(0);
    expect((await similarities([dog], { similarity, thinking: false })).get("x")).toBeGreaterThan(0.1);
    expect(() => metric.of(dog, DIRECT)).toThrow(/similarity/u);
  });

  test("cosine similarity encodes each text once, in one batch", async () => {
    const batches: (readonly string[])[] = [];
    const similarity = cosineSimilarity("length", (texts) => {
      batches.push(texts);
      return Promise.resolve(texts.map((text) => Float32Array.of(text.length, 1)));
    });
    const scores = await similarity.score([
      ["a", "a"],
      ["a", "bbb"],
    ]);
    await similarity.score([
      ["bbb", "a"],
      ["cc", "a"],
    ]);
    expect(batches).toEqual([["a", "bbb"], ["cc"]]);
    expect(scores[0]).toBeCloseTo(1, 12);
    expect(scores[1]).toBeCloseTo((1 * 3 + 1) / Math.sqrt(2 * 10), 12); // (1,1)·(3,1)
  });
});
