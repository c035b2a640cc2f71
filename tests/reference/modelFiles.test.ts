import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeJson } from "../../src/core/files";
import { Random } from "../../src/core/random";
import { withSafetensors, writeSafetensors, type TensorToWrite } from "../../src/core/safetensors";
import type { ChatMessage } from "../../src/model/contract";
import { readWeights, writeCheckpoint, writeWeights } from "../../src/model/qwen/checkpoint";
import { parseQwenConfig, readQwenConfig } from "../../src/model/qwen/config";
import { toHfConfig } from "../../src/model/qwen/configWriter";
import { processImage, QWEN_IMAGE_PROCESSOR } from "../../src/model/qwen/imageProcessor";
import { QwenTokenizer } from "../../src/model/qwen/tokenizer";
import { writeWordTokenizer } from "../../src/model/qwen/tokenizerWords";
import { qwen25vl3b, qwen2vl2b } from "../model/configSamples";
import { listed } from "./listed";
import { runReference } from "./python";

const TIMEOUT = 20 * 60_000; // the first run installs the reference environment
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "reference-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});
const at = (...parts: string[]): string => path.join(scratch, ...parts);

describe("what we write, the real transformers read", () => {
  it.each([
    ["qwen25vl3b", qwen25vl3b],
    ["qwen2vl2b", qwen2vl2b],
  ])(
    "config.json: %s means the same to both, as published and as written by us",
    async (name, published) => {
      const config = parseQwenConfig(published);
      writeJson(at(name, "config.json"), published);
      expect(JSON.parse(await runReference("check_config.py", [at(name)]))).toEqual(listed(config));
      writeJson(at(name, "config.json"), toHfConfig(config));
      expect(JSON.parse(await runReference("check_config.py", [at(name)]))).toEqual(listed(config));
    },
    TIMEOUT,
  );

  it.each([
    ["qwen2_vl", "single"],
    ["qwen2_5_vl", "sharded"],
  ] as const)(
    "weights: a random %s, read and written by us (%s), gives the very same logits",
    async (kind, form) => {
      const source = at(`${kind}-source`);
      await runReference("make_random_model.py", [source, "--kind", kind, "--untied", "--seed", "5"]);
      const config = readQwenConfig(source);
      const expected = withSafetensors(
        path.join(source, "model.safetensors"),
        ({ tensors }) => new Map([...tensors].map(([tensor, { shape }]) => [tensor, shape])),
      );
      const copy = at(`${kind}-copy`);
      const weights = [...readWeights(source, expected)];
      await writeCheckpoint(copy, { config, weights });
      if (form === "sharded") {
        fs.rmSync(path.join(copy, "model.safetensors"));
        writeWeights(copy, weights, 200_000);
        expect(fs.readdirSync(copy).filter((file) => file.startsWith("model-")).length).toBeGreaterThan(2);
      }
      const inputs = path.join(source, "expected.safetensors");
      const report: unknown = JSON.parse(
        await runReference("check_checkpoint.py", [copy, inputs, path.join(copy, "out.safetensors")]),
      );
      expect(report).toMatchObject({ missing_keys: [], unexpected_keys: [], mismatched_keys: [] });
      const wanted = withSafetensors(inputs, (file) => file.readFloat32("logits"));
      const found = withSafetensors(path.join(copy, "out.safetensors"), (file) => file.readFloat32("logits"));
      // The same weights in the same library: bit for bit.
      expect(Buffer.from(found.buffer).equals(Buffer.from(wanted.buffer))).toBe(true);
    },
    TIMEOUT,
  );

  it(
    "a word tokenizer encodes, decodes and renders the same in both",
    async () => {
      const folder = at("words");
      writeWordTokenizer(folder, ["bird", "elmont", "swifttail", "<think>", "</think>", "?", ",", "well-formed", "12"]);
      const tokenizer = QwenTokenizer.load(folder);
      const texts = ["bird?", "<think> elmont swifttail,well-formed</think>", "12 unheard words <|im_end|>", " "];
      const messages: ChatMessage[] = [
        { role: "system", content: "elmont" },
        { role: "user", content: "<image> bird ? <image>" },
        { role: "assistant", content: "elmont swifttail" },
        { role: "user", content: "swifttail ?" },
      ];
      const parts = [{ type: "image" }, { type: "text", text: " bird ? " }, { type: "image" }];
      const chat = messages.map(({ role, content }, turn) => ({ role, content: turn === 1 ? parts : content }));
      writeJson(at("texts.json"), { texts, chats: [chat] });
      const theirs = JSON.parse(await runReference("check_tokenizer.py", [folder, at("texts.json")])) as unknown;
      const rendered = tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true });
      expect(theirs).toEqual({
        size: tokenizer.vocabSize,
        eos: tokenizer.special.eos,
        pad: tokenizer.special.pad,
        ids: texts.map((text) => tokenizer.encode(text)),
        decoded: texts.map((text) => tokenizer.decode(tokenizer.encode(text))),
        rendered: [rendered],
        rendered_ids: [tokenizer.encodePrompt(messages, [1, 1])],
      });
    },
    TIMEOUT,
  );
});

describe("image processor", () => {
  it(
    "gives the grey levels of PIL for pictures of any size",
    async () => {
      const random = new Random("images");
      const bounds = { minPixels: 3136, maxPixels: 40_000 };
      const pictures = Array.from({ length: 24 }, () => {
        const [width, height] = [20 + random.integer(300), 20 + random.integer(300)];
        // Smooth waves with some noise, and hard edges, so that kernels overshoot both ends of the range.
        const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
          const wave = 128 + 140 * Math.sin(i / (3 * (5 + (i % 3)))) + random.normal(0, 20);
          return Math.max(0, Math.min(255, Math.round(wave)));
        });
        return { width, height, data };
      });
      const tensors: TensorToWrite[] = pictures.map(({ width, height, data }, i) => ({
        name: `image.${i}`,
        shape: [height, width, 3],
        data: Int32Array.from(data),
      }));
      const range = Int32Array.of(bounds.minPixels, bounds.maxPixels);
      writeSafetensors(at("images.safetensors"), [...tensors, { name: "bounds", shape: [2], data: range }]);
      await runReference("check_images.py", [at("images.safetensors"), at("pixels.safetensors")]);
      withSafetensors(at("pixels.safetensors"), (file) => {
        pictures.forEach((picture, i) => {
          const ours = processImage(picture, { ...QWEN_IMAGE_PROCESSOR, ...bounds });
          expect([...file.readInt32(`image_grid_thw.${i}`)]).toEqual(ours.gridThw);
          const theirs = file.readFloat32(`pixel_values.${i}`);
          const worst = theirs.reduce((top, value, at) => Math.max(top, Math.abs(value - ours.pixelValues[at]!)), 0);
          // One grey level is 1 / 255 / 0.27 = 0.0145; only float rounding may remain.
          expect(worst).toBeLessThan(1e-5);
        });
      });
    },
    TIMEOUT,
  );
});
