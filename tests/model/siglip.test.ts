import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import { miniConfig } from "../../src/miniworld/base/architecture";
import { MiniDualEncoder } from "../../src/model/siglip/dualEncoder";
import { sigmoidLoss, softmaxLoss } from "../../src/model/siglip/loss";
import { writeWordTokenizer } from "../../src/model/qwen/tokenizerWords";
import { TINY_SIZES } from "../../src/verify/numerics/tinySteps";
import { picture } from "../sft/tinyPolicy";

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

describe("sigmoidLoss", () => {
  const images = [
    [1, 0],
    [0, 1],
  ];
  const texts = [
    [1, 0],
    [0.6, 0.8],
  ];
  const match = [
    [1, -1],
    [-1, 1],
  ];
  const loss = (t: number, b: number): number =>
    tf.tidy(
      () =>
        sigmoidLoss(
          tf.tensor2d(images),
          tf.tensor2d(texts),
          tf.tensor2d(match),
          tf.scalar(Math.log(t)),
          tf.scalar(b),
        ).dataSync()[0] ?? NaN,
    );

  it("is Eq. 1 of the SigLIP paper on a pair of pairs", () => {
    // x·y = [[1, 0.6], [0, 0.8]], t = 2, b = −1: logits [[1, 0.2], [−1, 0.6]]; signs + − / − +:
    // −(ln σ(1) + ln σ(−0.2) + ln σ(1) + ln σ(0.6)) / 2 = (0.313262 + 0.798139 + 0.313262 + 0.437488) / 2 = 0.931075
    const expected =
      -(Math.log(sigmoid(1)) + Math.log(sigmoid(-0.2)) + Math.log(sigmoid(1)) + Math.log(sigmoid(0.6))) / 2;
    expect(expected).toBeCloseTo(0.931075, 5);
    expect(loss(2, -1)).toBeCloseTo(expected, 5);
  });

  it("stays finite where the logits are large", () => {
    // t = 1000, b = 0: ln σ(1000) = 0, ln σ(−600) = −600, ln σ(0) = −ln 2, ln σ(800) = 0
    expect(loss(1000, 0)).toBeCloseTo((600 + Math.LN2) / 2, 3);
  });

  it("falls when matching pairs are drawn together", () => {
    const slope = tf.tidy(() =>
      tf
        .grad((x) => sigmoidLoss(x as tf.Tensor2D, tf.tensor2d(texts), tf.tensor2d(match), tf.scalar(0), tf.scalar(0)))(
          tf.tensor2d(images),
        )
        .arraySync(),
    ) as number[][];
    // d/dx₀ = −Σⱼ z₀ⱼ σ(−z₀ⱼ l₀ⱼ) t y_j / B with l₀ = [1, 0.6]: [−σ(−1)·1 + σ(0.6)·0.6, σ(0.6)·0.8] / 2
    expect(slope[0]?.[0]).toBeCloseTo((-sigmoid(-1) + sigmoid(0.6) * 0.6) / 2, 5);
    expect(slope[0]?.[1]).toBeCloseTo((sigmoid(0.6) * 0.8) / 2, 5);
  });
});

describe("softmaxLoss", () => {
  const loss = (texts: number[][], match: number[][], t: number): number =>
    tf.tidy(() => {
      const images = tf.tensor2d([
        [1, 0],
        [0, 1],
      ]);
      const logScale = tf.scalar(Math.log(t));
      return softmaxLoss(images, tf.tensor2d(texts), tf.tensor2d(match), logScale).dataSync()[0] ?? NaN;
    });
  const own = [
    [1, -1],
    [-1, 1],
  ];

  it("is CLIP's on a pair of pairs", () => {
    const texts = [
      [1, 0],
      [0.6, 0.8],
    ];
    // x·y = [[1, 0.6], [0, 0.8]], t = 2: logits [[2, 1.2], [0, 1.6]].
    // images: ln(e² + e^1.2) − 2 and ln(e⁰ + e^1.6) − 1.6; texts: ln(e² + e⁰) − 2 and ln(e^1.2 + e^1.6) − 1.6; over 2 · 2
    const entropy = (right: number, wrong: number): number => Math.log(Math.exp(right) + Math.exp(wrong)) - right;
    const expected = (entropy(2, 1.2) + entropy(1.6, 0) + entropy(2, 0) + entropy(1.6, 1.2)) / 4;
    expect(loss(texts, own, 2)).toBeCloseTo(expected, 5);
  });

  it("asks of equal texts no more than to be as likely as each other", () => {
    const equal = [
      [1, 0],
      [1, 0],
    ];
    const all = [
      [1, 1],
      [1, 1],
    ];
    // rows: two equal logits, ln 2 each; columns: logits (t, 0), the mean of −ln softmax over both: ln(1 + e^t) − t/2
    const t = 3;
    expect(loss(equal, all, t)).toBeCloseTo((2 * Math.LN2 + 2 * (Math.log(1 + Math.exp(t)) - t / 2)) / 4, 5);
  });
});

describe("MiniDualEncoder", () => {
  const TEXTS = ["ash", "dogwood tree ash birch", "tree birch", "ash"];
  const PICTURES = [30, 90, 150, 220].map((level) => picture(level, "siglip"));
  let encoder: MiniDualEncoder;
  let folder: string;

  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-siglip-"));
    const blank = path.join(folder, "blank");
    fs.mkdirSync(blank);
    const config = miniConfig(TINY_SIZES, writeWordTokenizer(blank, ["ash", "birch", "dogwood", "tree"]));
    encoder = MiniDualEncoder.initialise(config, 8, blank, 4, 0.2);
  });
  afterAll(() => {
    encoder.dispose();
    fs.rmSync(folder, { recursive: true });
  });

  const far = (a: Float32Array | undefined, b: Float32Array | undefined): number =>
    a === undefined || b === undefined ? NaN : a.reduce((max, v, i) => Math.max(max, Math.abs(v - (b[i] ?? NaN))), 0);

  it("gives unit vectors that tell texts and pictures apart", async () => {
    for (const vectors of [await encoder.encodeTexts(TEXTS), await encoder.encodeImages(PICTURES)]) {
      expect(vectors).toHaveLength(4);
      for (const v of vectors) {
        expect(v).toHaveLength(8);
        expect(Math.hypot(...v)).toBeCloseTo(1, 4);
      }
      expect(far(vectors[0], vectors[1])).toBeGreaterThan(1e-3);
    }
  });

  it("encodes a text and a picture alike alone and beside longer ones", async () => {
    const together = await encoder.encodeTexts(TEXTS);
    for (const [i, text] of TEXTS.entries()) {
      expect(far((await encoder.encodeTexts([text]))[0], together[i])).toBeLessThan(1e-5);
    }
    expect(far(together[0], together[3])).toBeLessThan(1e-6); // the same text twice
    const pictures = await encoder.encodeImages(PICTURES);
    for (const [i, image] of PICTURES.entries()) {
      expect(far((await encoder.encodeImages([image]))[0], pictures[i])).toBeLessThan(1e-5);
    }
  });

  it("takes pictures of several sizes together, each as it is alone", async () => {
    const wide = { width: 112, height: 56, data: Uint8Array.from({ length: 3 * 112 * 56 }, (_, i) => (i * 37) % 251) };
    const mixed = [PICTURES[0]!, wide, PICTURES[1]!];
    const together = await encoder.encodeImages(mixed);
    expect(together).toHaveLength(3);
    for (const [i, image] of mixed.entries()) {
      expect(far((await encoder.encodeImages([image]))[0], together[i])).toBeLessThan(1e-5);
    }
  });

  it("takes more than one batch, and none", async () => {
    const many = Array.from({ length: 130 }, (_, i) => TEXTS[i % 4] as string);
    const vectors = await encoder.encodeTexts(many);
    expect(vectors).toHaveLength(130);
    expect(far(vectors[1], vectors[129])).toBeLessThan(1e-5);
    expect([await encoder.encodeTexts([]), await encoder.encodeImages([])]).toEqual([[], []]);
  });

  it("comes back from disc with the same vectors, to the bit", async () => {
    const saved = path.join(folder, "saved");
    await encoder.save(saved);
    await encoder.save(saved); // over itself
    const again = MiniDualEncoder.load(saved);
    expect(await again.encodeTexts(TEXTS)).toEqual(await encoder.encodeTexts(TEXTS));
    expect(await again.encodeImages(PICTURES)).toEqual(await encoder.encodeImages(PICTURES));
    expect([...again.parameters.keys()]).toEqual([...encoder.parameters.keys()]);
    again.dispose();
    fs.writeFileSync(path.join(saved, "notes.txt"), "");
    await expect(encoder.save(saved)).rejects.toThrow(/holds "notes\.txt"/);
  });

  it("leaves no tensor behind", async () => {
    const before = tf.memory().numTensors;
    await encoder.encodeTexts(TEXTS);
    await encoder.encodeImages(PICTURES);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ["dual_encoder.json", '{"width": "wide"}', /dual_encoder\.json: is not the settings of a dual encoder/],
    ["dual_encoder.json", '{"width": 9}', /model\.safetensors: has no image_projection\.weight of shape \[9, 32\]/],
    ["config.json", "{", /config\.json: is not valid JSON/],
    ["model.safetensors", "torn", /model\.safetensors: /],
  ])("names a damaged %s", async (name, content, message) => {
    const damaged = path.join(folder, "damaged");
    await encoder.save(damaged);
    fs.writeFileSync(path.join(damaged, name), content);
    const before = tf.memory().numTensors;
    expect(() => MiniDualEncoder.load(damaged)).toThrow(LabError);
    expect(() => MiniDualEncoder.load(damaged)).toThrow(message);
    expect(tf.memory().numTensors).toBe(before);
  });
});
