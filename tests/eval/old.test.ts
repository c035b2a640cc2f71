import * as fc from "fast-check";
import { expect, test } from "vitest";
import { scoreOf as oldScoreOf, tableScores } from "../../src/eval/aggregate";
import { choiceCheck } from "../../src/eval/choice";
import { firstPositionBias, seenNameShare } from "../../src/eval/diagnostics";
import { evaluateDualEncoder } from "../../src/eval/dualEncoder";
import { evaluate } from "../../src/eval/evaluate";
import { askAll, chooseAll } from "../../src/eval/asking";
import { measure } from "../../src/eval/measure";
import { select } from "../../src/eval/measurements";
import { METRICS } from "../../src/eval/metrics";
import { cosineSimilarity, similarities } from "../../src/eval/similarity";
import { letters, ruleModel, someItems } from "./helpers";

const PIECES = [
  "least auklet",
  "auklet",
  "crested auklet",
  "parakeet",
  "owl",
  "<answer>",
  "</answer>",
  "<think>x</think>",
  "_",
  " ",
];

/** The same random outputs, judged while asking and measured afterwards. Goes with the old functions. */
test("old scores and new measurements agree to the digit", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }).map((parts) => parts.join("")),
        { minLength: 1, maxLength: 30 },
      ),
      fc.constantFrom("open" as const, "closed" as const),
      fc.boolean(),
      fc.constantFrom("dataset" as const, "released" as const),
      async (outputs, setting, thinking, superCategory) => {
        const items = someItems(outputs.length);
        const classes = items.map(({ image }) => image.subCategory);
        const model = () => ruleModel((_, prompt) => outputs[prompt.images[0]!.data[0]!]!);
        const similarity = cosineSimilarity("letters", letters);
        const how = { thinking, promptSet: "mini", batchSize: 4 } as const;
        const records = await evaluate(model(), items, { ...how, world: setting, similarity, superCategory });
        const answers = await askAll(model(), items, { ...how, setting });
        expect(answers.map(({ output, options }) => [output, options])).toEqual(
          records.map(({ output, options }) => [output, options]),
        );
        const scores = await similarities(answers, { similarity, thinking, superCategory });
        const context = { thinking, classes, superCategory, similarity: scores };
        const rows = measure(answers, { method: "m", seed: 1, dataset: "d", setting, metrics: METRICS, context });
        const row = (metric: string, split: "seen" | "unseen" | "all", domain: string) => {
          const [found, another] = select(rows, { metric, split, domain });
          expect(another).toBeUndefined();
          return found && { value: found.value, low: found.low, high: found.high, n: found.n };
        };
        for (const metric of [
          "accuracy",
          "exact",
          "wellFormed",
          setting === "open" ? "similarity" : "choice",
        ] as const) {
          const old = tableScores(records, metric);
          expect(row(metric, "all", "mean")).toEqual(old.average);
          expect(row(metric, "all", "items")).toEqual(oldScoreOf(records, metric));
          for (const split of ["seen", "unseen"] as const) {
            expect(row(metric, split, "mean")).toEqual(old[split]?.average);
            for (const [domain, score] of old[split]?.domains ?? []) expect(row(metric, split, domain)).toEqual(score);
          }
        }
        expect(row("seenNames", "unseen", "items") ?? null).toEqual(seenNameShare(records, classes));
        if (setting === "open") return;
        const [check, bias] = [choiceCheck(records), firstPositionBias(records)];
        for (const count of ["nested", "wrongCounted", "differ"] as const) {
          expect(row(count, "all", "items")!.value * check.items).toBeCloseTo(check[count], 9);
        }
        expect(row("firstPosition", "all", "items")).toEqual(bias.chosenFirst);
        expect(row("truthFirst", "all", "items")!.value).toBe(bias.truthFirst);
        expect(row("option", "all", "items")!.value).toBeCloseTo(1 - bias.noOption, 12);
      },
    ),
    { numRuns: 60 },
  );
});

test("an encoder chooses as it did", async () => {
  const encoder = {
    name: "letters",
    encodeImages: (images: readonly { data: Uint8Array }[]) =>
      Promise.resolve(
        images.map(({ data }) => Float32Array.from({ length: 26 }, (_, k) => ((k * data[0]! * 7) % 13) / 13)),
      ),
    encodeTexts: async (texts: readonly string[]) => [...(await letters(texts))],
    dispose: () => undefined,
  };
  const records = await evaluateDualEncoder(encoder, someItems(50), { batchSize: 8 });
  const answers = await chooseAll(encoder, someItems(50), { batchSize: 8 });
  expect(answers.map(({ output, options }) => [output, options])).toEqual(
    records.map(({ output, options }) => [output, options]),
  );
  const rows = measure(answers, {
    method: "m",
    seed: 1,
    dataset: "d",
    setting: "closed",
    metrics: METRICS,
    context: { thinking: false, classes: [] },
  });
  for (const metric of ["accuracy", "choice"] as const) {
    const [found] = select(rows, { metric, split: "all", domain: "mean" });
    expect(found).toMatchObject(tableScores(records, metric).average);
  }
});
