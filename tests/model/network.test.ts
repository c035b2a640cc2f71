import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { modelParity } from "../../src/model/qwen/parity";

describe.each(["qwen2_vl_tiny", "qwen2_5_vl_tiny"])("%s", (name) => {
  it("agrees with transformers in positions, hidden states, logits, loss and every gradient", () => {
    const before = tf.memory().numTensors;
    const figures = modelParity(`tests/reference/golden/${name}`);
    expect(figures.length).toBeGreaterThan(80);
    for (const { figure, error, tolerance } of figures) expect(error, figure).toBeLessThanOrEqual(tolerance);
    expect(tf.memory().numTensors).toBe(before);
  });
});
