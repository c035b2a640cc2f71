import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { LabError } from "../../src/core/errors";
import { freeMemory } from "../../src/core/memory";
import { writeJson } from "../../src/core/files";
import { AdamW } from "../../src/engine/adamw";
import { FlatLayout } from "../../src/engine/flat";
import { applyUpdate } from "../../src/engine/update";
import { EVERYTHING, LANGUAGE_ONLY, type TrainableParts } from "../../src/model/parameters";
import { parseQwenConfig } from "../../src/model/qwen/config";
import { toHfConfig } from "../../src/model/qwen/configWriter";
import { memoryNeed, requireRoom, requireRoomForPicture, towerBytes, trainingBytes } from "../../src/model/qwen/memory";
import { QwenModel } from "../../src/model/qwen/model";
import { writeWordTokenizer } from "../../src/model/qwen/tokenizerWords";
import { qwen25vl3b, qwen2vl2b } from "./configSamples";

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "room-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const config3b = parseQwenConfig(qwen25vl3b);
/** Widths of the published Qwen2.5-VL-7B-Instruct. */
const config7b = parseQwenConfig({
  ...qwen25vl3b,
  ...{ hidden_size: 3584, intermediate_size: 18944, num_attention_heads: 28, num_key_value_heads: 4 },
  ...{ num_hidden_layers: 28, max_window_layers: 28, tie_word_embeddings: false, vocab_size: 152064 },
  vision_config: { ...qwen25vl3b.vision_config, out_hidden_size: 3584 },
});
const refusal = (run: () => void): LabError => {
  try {
    run();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new RangeError("nothing was refused");
};

describe("what published models take", () => {
  // Decoder: V·d + L·(2·d·h·hd + 2·d·kv·hd + (h + 2·kv)·hd + 3·d·ff + 2·d) + d, and V·d more for a head of its own. Tower: 3·2·14²·1280
  // + 32·(2 norms + 4·1280² + 4·1280 + its MLP) + the norm and two layers of the merger (5120² + 5120 + 5120·d + d).
  it.each([
    ["Qwen2.5-VL-3B", config3b, 3_754_622_976, 151_936 * 2048],
    ["Qwen2.5-VL-7B", config7b, 8_292_166_656, 152_064 * 3584],
    ["Qwen2-VL-2B", parseQwenConfig(qwen2vl2b), 2_208_985_600, 151_936 * 1536],
  ])("%s has as many weights as its authors say", (_, config, parameters, embedding) => {
    const need = memoryNeed(config);
    expect(need.parameters).toBe(parameters);
    expect(need.weights).toBe(4 * parameters);
    expect(need.arrays).toBe(4 * parameters); // gradients as they are added up
    // gradients and two moments, the embedding's bucket 4 times, 18 pieces of 64 MiB
    expect(need.training).toBe(12 * parameters + 16 * embedding + 18 * 2 ** 26);
    // the largest tensor comes first, so that the last ones, which are small, are those that are there twice at the peak
    expect(need.loading).toBeGreaterThan(need.weights);
    expect(need.loading).toBeLessThan(1.01 * need.weights);
  });

  it("says so before loading, and refuses what does not fit, naming both figures", () => {
    const said: string[] = [];
    vi.stubEnv("FINE_R1_MEMORY", "20");
    requireRoom("dir/3b", config3b, undefined, (sentence) => said.push(sentence));
    // 4 · 3754622976 / 2³⁰ = 13.99
    expect(said).toEqual([expect.stringMatching(/^dir\/3b: 3\.75 billion weights take 14\.0 GiB as float32.*448 × 448.*\. 20\.0 GiB by FINE_R1_MEMORY are free\.$/)]); // prettier-ignore
    const toTrain = (parts: TrainableParts) =>
      refusal(() => {
        requireRoom("dir/3b", config3b, parts, () => undefined);
      }).message;
    expect(toTrain(EVERYTHING)).toMatch(/needs 75\.7 GiB, and 20\.0 GiB.*training 3\.75 billion of them 61\.7 GiB/);
    // without the tower's and merger's 668,684,288: 16 bytes of each weight that learns, 4 of the rest, the embedding and pieces as above
    expect(toTrain(LANGUAGE_ONLY)).toMatch(/needs 65\.7 GiB.*training 3\.09 billion of them 51\.7 GiB/);
    vi.stubEnv("FINE_R1_MEMORY", "14");
    expect(
      refusal(() => {
        requireRoom("dir/3b", config3b, undefined, () => undefined);
      }).reason,
    ).toMatch(/and 14\.0 GiB by FINE_R1_MEMORY are free/);
    vi.stubEnv("FINE_R1_MEMORY", "much");
    expect(
      refusal(() => {
        freeMemory();
      }).message,
    ).toMatch(/FINE_R1_MEMORY: "much" is no size in GiB/);
  });

  it("refuses a picture whose patches would not fit, and no small one", () => {
    vi.stubEnv("FINE_R1_MEMORY", "60");
    // The published bound of 12,845,056 pixels: 65,536 patches of 14 × 14, whose scores alone are 3 · 16 · 65536² · 4 bytes = 768 GiB.
    expect(towerBytes(65_536, config3b.vision) / 2 ** 30).toBeGreaterThan(768);
    expect(
      refusal(() => {
        requireRoomForPicture(65_536, config3b);
      }).message,
    ).toMatch(/65536 patches needs about 7\d\d\.\d GiB.*max_pixels/);
    expect(() => {
      requireRoomForPicture(1024, config3b);
    }).not.toThrow();
  });

  it("is asked of the system: something is free, and not more than there is", () => {
    vi.stubEnv("FINE_R1_MEMORY", "");
    expect(freeMemory().bytes).toBeGreaterThan(2 ** 20);
    expect(freeMemory().bytes).toBeLessThanOrEqual(os.totalmem());
  });
});

describe("what training takes", () => {
  /** The highest `tf.memory()` while something runs, beyond `from`. */
  async function peakOf(run: () => Promise<unknown>, from = 0): Promise<number> {
    const { peakBytes } = await tf.profile(async () => {
      await run();
      return [];
    });
    return peakBytes - from;
  }

  it("is what is said where one parameter fills ten buckets, within a tenth", async () => {
    const before = tf.memory().numBytes;
    const limit = 1000;
    const zeros = (shape: number[]) => tf.variable(tf.zeros(shape));
    const shapes = { embedding: [100, 100], matrix: [30, 30], bias: [30] };
    const parameters = new Map(Object.entries(shapes).map(([name, shape]) => [name, zeros(shape)]));
    const sizes = [...parameters.values()].map(({ size }) => 4 * size);
    const weights = sizes.reduce((sum, size) => sum + size, 0);
    const layout = new FlatLayout(parameters, limit);
    const optimizer = new AdamW(layout);
    const vectors = layout.buckets.map((bucket) => new Float32Array(layout.sizeOf(bucket)).fill(1));
    const peak = await peakOf(
      () => Promise.resolve(applyUpdate({ loss: 1, vectors, figures: {} }, layout, optimizer, 0.1)),
      before + weights, // tf.variable keeps the zeros that it was made from
    );
    const said = weights + trainingBytes(sizes, 4 * limit);
    expect(trainingBytes([2 ** 40])).toBe(trainingBytes([2 ** 40], 4 * new FlatLayout(new Map()).limit)); // where none is said
    expect(peak / said).toBeLessThan(1.02);
    expect(peak / said).toBeGreaterThan(0.9);
    optimizer.dispose();
    tf.dispose([...parameters.values()]);
  });
});

it("refuses a checkpoint that is too large from its config and headers, before it reads a weight", async () => {
  const folder = path.join(scratch, "7b");
  writeWordTokenizer(folder, []);
  const tokens = { imageTokenId: 5, videoTokenId: 6, visionStartTokenId: 3, visionEndTokenId: 4, eosTokenIds: [2] };
  writeJson(path.join(folder, "config.json"), toHfConfig({ ...config7b, ...tokens }));
  vi.stubEnv("FINE_R1_MEMORY", "8");
  const said: string[] = [];
  await expect(QwenModel.load(folder, { say: (sentence) => said.push(sentence) })).rejects.toThrow(
    /7b: needs 3\d\.\d GiB, and 8\.0 GiB/,
  );
  expect(said).toHaveLength(1);
  vi.stubEnv("FINE_R1_MEMORY", "40");
  await expect(QwenModel.load(folder, { say: () => undefined })).rejects.toThrow(/holds neither model.safetensors/);
});
