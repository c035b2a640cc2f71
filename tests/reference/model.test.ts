import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readJson } from "../../src/core/files";
import type { RgbImage } from "../../src/core/image";
import { Random } from "../../src/core/random";
import { withSafetensors, writeSafetensors, type TensorToWrite } from "../../src/core/safetensors";
import type { Prompt } from "../../src/model/contract";
import { readWeights } from "../../src/model/qwen/checkpoint";
import { readQwenConfig } from "../../src/model/qwen/config";
import { processImage, QWEN_IMAGE_PROCESSOR } from "../../src/model/qwen/imageProcessor";
import { QwenModel } from "../../src/model/qwen/model";
import { modelParity } from "../../src/model/qwen/parity";
import { QwenTokenizer } from "../../src/model/qwen/tokenizer";
import { WORD_SPECIAL_TOKENS, writeWordTokenizer } from "../../src/model/qwen/tokenizerWords";
import { makeVariables, weightShapes } from "../../src/model/qwen/weights";
import { runReference } from "./python";

const TIMEOUT = 20 * 60_000; // the first run installs the reference environment
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "reference-model-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});
const at = (...parts: string[]): string => path.join(scratch, ...parts);
const VOCABULARY = 223;

/** Random models with other widths, depths, heads and windows than the golden ones; tied and untied heads. */
const MODELS = {
  qwen2_vl: ["--kind", "qwen2_vl", "--width", "80", "--heads", "5", "--kv-heads", "1", "--layers", "3", "--seed", "11"],
  qwen2_5_vl: ["--kind", "qwen2_5_vl", "--untied", "--window", "112", "--full-attention", "1", "--seed", "12"],
} as const;
const made = new Map<string, Promise<string>>();
/** Makes the random model once for both tests. */
function randomModel(kind: keyof typeof MODELS): Promise<string> {
  const known = made.get(kind);
  if (known !== undefined) return known;
  const rows = "10x12+7;4x10+10;4x4,6x4+5";
  const size = ["--vocab", String(VOCABULARY), "--rows", rows];
  const folder = runReference("make_random_model.py", [at(kind), ...MODELS[kind], ...size]).then(() => at(kind));
  made.set(kind, folder);
  return folder;
}

/** 50 prompts with one or two pictures of random waves, of sizes that need resizing and sizes that do not. */
function imagePrompts(words: readonly string[]): Prompt[] {
  const random = new Random("prompts");
  const picture = (): RgbImage => {
    const [width, height] = random.chance(0.5) ? [84, 84] : [60 + random.integer(60), 50 + random.integer(60)];
    const [speed, phase] = [random.uniform(0.01, 0.5), random.uniform(0, 6)];
    const value = (_: unknown, i: number): number => 127 + 127 * Math.sin(phase + (i * speed) / (1 + (i % 3)));
    return { width, height, data: Uint8Array.from({ length: width * height * 3 }, value) };
  };
  return Array.from({ length: 50 }, (_, i) => {
    const text = random.sample(words, 3 + random.integer(6)).join(" ");
    const content = i % 5 === 0 ? `<image> ${text} <image>` : `<image> ${text}`;
    const images = i % 5 === 0 ? [picture(), picture()] : [picture()];
    return { messages: [{ role: "user", content }], images };
  });
}

/** The prompts as the reference reads them. */
function promptTensors(prompts: readonly Prompt[], tokenizer: QwenTokenizer): TensorToWrite[] {
  return prompts.flatMap(({ messages, images }, i) => {
    const processed = images.map((image) => processImage(image, QWEN_IMAGE_PROCESSOR));
    const ids = tokenizer.encodePrompt(
      messages,
      processed.map(({ tokens }) => tokens),
    );
    const pixels = Float32Array.from(processed.flatMap(({ pixelValues }) => [...pixelValues]));
    const grids = Int32Array.from(processed.flatMap(({ gridThw }) => gridThw));
    return [
      { name: `input_ids.${i}`, shape: [ids.length], data: Int32Array.from(ids) },
      { name: `pixel_values.${i}`, shape: [pixels.length / 1176, 1176], data: pixels },
      { name: `image_grid_thw.${i}`, shape: [processed.length, 3], data: grids },
    ];
  });
}

describe.each(["qwen2_vl", "qwen2_5_vl"] as const)("a random %s made by the real transformers", (kind) => {
  it(
    "agrees in every figure",
    async () => {
      const figures = modelParity(await randomModel(kind));
      expect(figures.length).toBeGreaterThan(80);
      expect(figures.filter(({ error, tolerance }) => !(error <= tolerance))).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "saved by us, gives there the same logits and, on 50 image prompts, the same greedy text",
    async () => {
      const source = await randomModel(kind);
      const words = Array.from({ length: VOCABULARY - WORD_SPECIAL_TOKENS.length }, (_, i) => `word${i}`);
      writeWordTokenizer(at("words"), words);
      const tokenizer = QwenTokenizer.load(at("words"));
      const { image, video, visionStart, visionEnd, eos, pad } = tokenizer.special;
      const ids = { imageTokenId: image, videoTokenId: video, visionStartTokenId: visionStart };
      const ends = { visionEndTokenId: visionEnd, bosTokenId: null, eosTokenIds: [eos], padTokenId: pad };
      const config = { ...readQwenConfig(source), ...ids, ...ends };
      const parameters = makeVariables(readWeights(source, weightShapes(config)));
      const processor = QWEN_IMAGE_PROCESSOR;
      const model = new QwenModel({ config, parameters, tokenizer, processor, companions: at("words") });
      const saved = at(`${kind}-saved`);
      await model.save(saved);

      // The same logits: the saved weights on the reference's own inputs, whose special tokens have other numbers.
      const inputs = path.join(source, "expected.safetensors");
      fs.cpSync(saved, at(`${kind}-ids`), { recursive: true });
      fs.copyFileSync(path.join(source, "config.json"), at(`${kind}-ids`, "config.json"));
      await runReference("check_checkpoint.py", [at(`${kind}-ids`), inputs, at("logits.safetensors")]);
      const wanted = withSafetensors(inputs, (file) => file.readFloat32("logits"));
      expect(withSafetensors(at("logits.safetensors"), (file) => file.readFloat32("logits"))).toEqual(wanted);

      const prompts = imagePrompts(words);
      writeSafetensors(at("prompts.safetensors"), promptTensors(prompts, tokenizer));
      const suppress = tokenizer.specialIds.filter((id) => id !== eos).join();
      const limits = ["--max-new-tokens", "12", "--suppress", suppress];
      await runReference("greedy.py", [saved, at("prompts.safetensors"), at("greedy.json"), ...limits]);
      const { completions } = readJson(at("greedy.json")) as { completions: number[][] };
      const options = { samples: 1, maxNewTokens: 12, temperature: 0, topP: 1, seed: 1 };
      const ours = (await model.generate(prompts, options)).map(([completion]) => completion?.tokenIds);
      model.dispose();
      expect(completions).toHaveLength(50);
      expect(ours).toEqual(completions);
      // The prompts lead to many different answers, so that agreement says something.
      expect(new Set(completions.map((tokens) => tokens.join())).size).toBeGreaterThan(25);
    },
    TIMEOUT,
  );
});
