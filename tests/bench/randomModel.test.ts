import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { benchRows, withRandomModel } from "../../bench/lib/randomModel";

it("makes rows of the announced shape and leaves nothing behind", async () => {
  const before = tf.memory().numTensors;
  await withRandomModel({ size: "tiny" }, async ({ model, config }) => {
    const { rows, shape } = benchRows(2, 3, 5, 56, config);
    // 56 / 14 = 4 patches a side, merged to 2 × 2 tokens; two marks, six words, and what opens the answer.
    const promptTokens = 4 + 2 + 6 + 1;
    const grid = { gridHeight: 4, gridWidth: 4 };
    expect(shape).toEqual({ ...grid, prompts: 2, rowsPerPrompt: 3, promptTokens, completionTokens: 5 });
    expect(new Set(rows.map(({ prompt }) => prompt)).size).toBe(2);
    // The prompt has exactly that many tokens: one completion token more than the context leaves room for is refused.
    const room = config.text.maxPositionEmbeddings - shape.promptTokens;
    const [row] = rows;
    const fits = { prompt: row!.prompt, tokenIds: Array.from({ length: room }, () => 9) };
    expect((await model.logProbs([fits]))[0]).toHaveLength(room);
    await expect(
      Promise.resolve().then(() => model.logProbs([{ ...fits, tokenIds: [...fits.tokenIds, 9] }])),
    ).rejects.toThrow(/1024/);
    const batch = model.prepare(rows);
    expect([batch.rows, batch.width]).toEqual([6, 5]);
    batch.dispose();
  });
  expect(tf.memory().numTensors).toBe(before);
});
