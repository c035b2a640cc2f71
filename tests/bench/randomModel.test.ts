import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { benchRows, withRandomModel } from "../../bench/lib/randomModel";

it("makes rows of the announced shape and leaves nothing behind", async () => {
  const before = tf.memory().numTensors;
  await withRandomModel("tiny", async ({ model, config }) => {
    const { rows, shape } = benchRows(3, 5, 56, config);
    // 56 / 14 = 4 patches a side, merged to 2 × 2 tokens; two marks, six words, and what opens the answer.
    expect(shape).toEqual({ gridHeight: 4, gridWidth: 4, promptTokens: 4 + 2 + 6 + 1, completionTokens: 5 });
    // The prompt has exactly that many tokens: one completion token more than the context leaves room for is refused.
    const room = config.text.maxPositionEmbeddings - shape.promptTokens;
    const [row] = rows;
    const fits = { prompt: row!.prompt, tokenIds: Array.from({ length: room }, () => 9) };
    expect((await model.logProbs([fits]))[0]).toHaveLength(room);
    await expect(
      Promise.resolve().then(() => model.logProbs([{ ...fits, tokenIds: [...fits.tokenIds, 9] }])),
    ).rejects.toThrow(/512/);
    const batch = model.prepare(rows);
    expect([batch.rows, batch.width]).toEqual([3, 5]);
    batch.dispose();
  });
  expect(tf.memory().numTensors).toBe(before);
});
