import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, it } from "vitest";
import { required } from "../../../src/core/errors";
import { writeJson } from "../../../src/core/files";
import type { RgbImage } from "../../../src/core/image";
import { withSafetensors, writeSafetensors } from "../../../src/core/safetensors";
import type { Prompt } from "../../../src/model/contract";
import { memoryNeed } from "../../../src/model/qwen/memory";
import { QwenModel } from "../../../src/model/qwen/model";
import { disposeSequenceBatch, hiddenSequence, sequenceBatch } from "../../../src/model/qwen/network";
import { PromptEncoder } from "../../../src/model/qwen/promptEncoder";
import { qwen25vl3b } from "../../model/configSamples";
import { PROCESSOR_VARIANTS } from "../../model/configVariants";
import { reference, runReference } from "../../reference/python";
import { realTokenizer } from "./realTokenizer";

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "published-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});

/** Three blocks of the decoder and four of the tower, the last of which sees the whole picture; all else as published. */
const CONFIG = {
  ...qwen25vl3b,
  num_hidden_layers: 3,
  vision_config: { ...qwen25vl3b.vision_config, depth: 4, fullatt_block_indexes: [3] },
};

/** 224 × 224 pixels: 256 patches, 64 tokens. */
function picture(): RgbImage {
  const data = Uint8Array.from({ length: 224 * 224 * 3 }, (_, i) => 127 + 127 * Math.sin(i / (1000 + 400 * (i % 3))));
  return { width: 224, height: 224, data };
}

const folder = path.join(scratch, "model");
const over = (bytes: number, weights: number): string => `${(bytes / weights).toFixed(3)} × the weights`;

// A file of its own, so that the process's highest memory use is this model's.
describe("a checkpoint with the widths of the published 3B", () => {
  let model: QwenModel | undefined;
  const opened = (): QwenModel => required(model, () => new RangeError("it was not loaded"));
  const prompt: Prompt = {
    messages: [
      { role: "user", content: "<image>What type of bird is this photo? Choose one from the following options." },
    ],
    images: [picture()],
  };
  let before = 0;
  const highest = (): number => (process.resourceUsage().maxRSS - before) * 1024;
  afterAll(() => {
    model?.dispose();
  });

  it("loads within 1.3 × its size in float32", async () => {
    writeJson(path.join(scratch, "config.json"), CONFIG);
    const script = path.join(__dirname, "make_published.py");
    const made = JSON.parse(await reference.run(script, [folder, path.join(scratch, "config.json")])) as {
      parameters: number;
    };
    fs.cpSync(await realTokenizer(), folder, { recursive: true });
    const [settings] = Object.values(PROCESSOR_VARIANTS["as published"] ?? {});
    writeJson(path.join(folder, "preprocessor_config.json"), settings);
    expect(fs.readdirSync(folder).filter((name) => name.endsWith(".safetensors"))).toHaveLength(2);

    before = process.resourceUsage().maxRSS;
    const said: string[] = [];
    model = await QwenModel.load(folder, { say: (sentence) => said.push(sentence) });
    const loaded = highest();
    const { parameters, weights } = memoryNeed(model.config);
    expect(parameters).toBe(made.parameters);
    expect(said).toEqual([expect.stringContaining("billion weights take")]);
    console.log(`${parameters} weights, ${(weights / 2 ** 30).toFixed(2)} GiB: at most ${over(loaded, weights)} while loading`); // prettier-ignore
    expect(loaded / weights).toBeLessThan(1.3);
    expect(loaded / weights).toBeGreaterThan(0.9); // the weights really are in memory
  });

  it("gives transformers' logits", async () => {
    const { config, tokenizer, processor, network } = opened();
    const [sequence] = new PromptEncoder(config, tokenizer, processor).encode([prompt], 1);
    const { ids, images } = required(sequence, () => new RangeError("no sequence"));
    const batch = sequenceBatch([required(sequence, () => new RangeError("no sequence"))], config);
    const logits = tf.tidy(() => {
      const hidden = hiddenSequence(network, batch, CONFIG.num_hidden_layers);
      return tf.matMul(hidden, network.language.head, false, true).dataSync<"float32">();
    });
    disposeSequenceBatch(batch);
    console.log(`${over(highest(), memoryNeed(config).weights)} after a pass over ${ids.length} tokens`);

    const [image] = images;
    const inputs = path.join(scratch, "inputs.safetensors");
    writeSafetensors(inputs, [
      { name: "input_ids", shape: [1, ids.length], data: Int32Array.from(ids) },
      { name: "attention_mask", shape: [1, ids.length], data: new Int32Array(ids.length).fill(1) },
      { name: "pixel_values", shape: [256, 1176], data: image?.pixelValues ?? new Float32Array() },
      { name: "image_grid_thw", shape: [1, 3], data: Int32Array.from(image?.gridThw ?? []) },
    ]);
    const out = path.join(scratch, "logits.safetensors");
    const report: unknown = JSON.parse(await runReference("check_checkpoint.py", [folder, inputs, out]));
    expect(report).toEqual({ architecture: "Qwen2_5_VLForConditionalGeneration", missing_keys: [], unexpected_keys: [], mismatched_keys: [] }); // prettier-ignore
    const theirs = withSafetensors(out, (file) => file.readFloat32("logits"));
    expect(theirs).toHaveLength(ids.length * 151_936);
    const largest = theirs.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
    const error = theirs.reduce((top, value, i) => Math.max(top, Math.abs(value - (logits[i] ?? NaN))), 0) / largest;
    console.log(`logits differ by at most ${error.toExponential(1)} of the largest`);
    expect(error).toBeLessThan(1e-5);
  });

  // Sampling goes another way, token by token over a cache: its log-probs are those of a whole pass.
  it("samples what it scores", async () => {
    const options = { samples: 1, maxNewTokens: 3, temperature: 0, topP: 1, seed: 1 };
    const [[greedy] = []] = await opened().generate([prompt], options);
    const { tokenIds, logProbs } = required(greedy, () => new RangeError("no answer"));
    const [scored = []] = await opened().logProbs([{ prompt, tokenIds }]);
    expect(tokenIds).toHaveLength(3);
    logProbs.forEach((value, i) => {
      expect(Math.abs(value - (scored[i] ?? NaN))).toBeLessThan(1e-4);
    });
    console.log(`${over(highest(), memoryNeed(opened().config).weights)} after sampling and scoring`);
  });
});
