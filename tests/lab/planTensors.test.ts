import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect, it, vi } from "vitest";
import { forward, gridOf, pictureTokens } from "../../src/lab/plan/flops";
import { sizeOfModel, type QwenSize } from "../../src/lab/plan/models";
import { QwenModel } from "../../src/model/qwen/model";
import { nativeOps } from "../../src/model/tensor/ops";

/** The arithmetic of a plan, held to the products that our own tensor program does. */

afterEach(() => {
  vi.restoreAllMocks();
});

/** FLOPs of the matrix products while `work` runs, operation by operation as on a GPU: with weights, and in attention. */
function counted(work: () => void): { readonly weights: number; readonly attention: number } {
  const sums = { weights: 0, attention: 0 };
  const o = nativeOps();
  for (const [name, sum] of [
    ["matMul", "weights"],
    ["batchMatMul", "attention"],
  ] as const) {
    const product = o[name].bind(o);
    vi.spyOn(o, name).mockImplementation((a, b, transposeA, transposeB) => {
      const made = product(a, b, transposeA, transposeB);
      sums[sum] += 2 * made.size * (a.shape.at(transposeA === true ? -2 : -1) ?? 0);
      return made;
    });
  }
  const backend = tf.backend() as unknown as { isUsingGpuDevice: boolean };
  backend.isUsingGpuDevice = true;
  try {
    work();
  } finally {
    backend.isUsingGpuDevice = false;
  }
  return sums;
}

it("a scored answer costs what the plan says, less what our program leaves out", async () => {
  const at = path.resolve("assets/smoke/base");
  const size = sizeOfModel(at) as QwenSize;
  const image = { width: 56, height: 56, data: new Uint8Array(56 * 56 * 3).fill(90) };
  const model = await QwenModel.load(at);
  const prompt = { messages: [{ role: "user" as const, content: "<image> bird ?" }], images: [image] };
  const tokenIds = model.encodeCompletion("bird bird bird"); // three words and the end
  const batch = model.prepare([{ prompt, tokenIds }]);
  const measured = counted(() => {
    tf.tidy(() => model.completionLogProbs(batch));
  });
  batch.dispose();
  model.dispose();

  const grid = gridOf(image, size);
  const answer = tokenIds.length;
  // the answer's last token is not read; <|vision_start|>, <|vision_end|> and three words stand before it
  const tokens = pictureTokens(size, grid) + 5 + answer - 1;
  const plan = forward(size, { grid, text: tokens - pictureTokens(size, grid), answer: 0, logits: answer }, 0);
  const { hiddenSize, intermediateSize, heads, headDim } = size.config.text;
  const { vision } = size.config;
  const patches = grid[0] * grid[1];
  const towerAttention = vision.depth * 4 * vision.embedDim * patches ** 2; // the picture is no larger than a window
  // of the last block only what is asked for is computed behind its attention: at the answer's positions, not at the others
  const leftOut = 2 * (heads * headDim * hiddenSize + 3 * hiddenSize * intermediateSize) * (tokens - answer);
  expect(measured.weights).toBe(plan.tower - towerAttention + plan.merger + plan.language + plan.embeddings - leftOut);
  expect(measured.attention - towerAttention).toBeGreaterThan(0);
  const pairs = tokens ** 2 * 4 * heads * headDim * size.config.text.layers; // all pairs, masked or not
  expect(measured.attention - towerAttention).toBeLessThan(pairs);
});
