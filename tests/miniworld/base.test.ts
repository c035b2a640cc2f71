import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load";
import { silent } from "../../src/core/progress";
import { buildMiniWorld } from "../../src/miniworld/world";
import type { MiniWorld } from "../../src/miniworld/types";
import { miniConfig } from "../../src/miniworld/base/architecture";
import { buildBase, type BaseWork, type BuiltBase } from "../../src/miniworld/base/build";
import { baseConfigSchema, type BaseConfig, type DualEncoderStage } from "../../src/miniworld/base/config";
import { listFinished } from "../../src/store/store";
import { parseQwenConfig } from "../../src/model/qwen/config";
import { toHfConfig } from "../../src/model/qwen/configWriter";
import { QwenModel } from "../../src/model/qwen/model";
import { MiniDualEncoder } from "../../src/model/siglip/dualEncoder";
import { openWorkers } from "../../src/workers/open";
import { smokeConfig } from "./worlds";
import { weightsOf } from "../sft/tinyPolicy";

/** The mini base in small: a few steps a stage over a few pictures. */
function tinyBase(): { world: MiniWorld; config: BaseConfig } {
  const world = buildMiniWorld({
    ...smokeConfig,
    baseImages: 24,
    weakImages: 1,
  });
  const mini = loadConfig("configs/base/mini.yaml", baseConfigSchema);
  const parts = mini.joint.parts.map((part) => ({ ...part, count: 3 }));
  const tiny = (stage: DualEncoderStage | null) =>
    stage && { ...stage, steps: 2, batchSize: 4, width: 8, textLayers: 1 };
  const model = {
    ...mini.model,
    hiddenSize: 32,
    intermediateSize: 32,
    layers: 1,
    heads: 2,
    kvHeads: 1,
    visionWidth: 24,
    visionDepth: 2,
    visionHeads: 3,
    visionMlp: 32,
    fullAttentionBlocks: [1],
  };
  return {
    world,
    config: {
      ...mini,
      model,
      tower: { ...mini.tower, steps: 2, batchSize: 4 },
      text: { ...mini.text, steps: 2, parts: parts.slice(0, 1) },
      joint: { ...mini.joint, steps: 2, parts },
      encoders: { siglip: tiny(mini.encoders.siglip), clip: tiny(mini.encoders.clip) },
    },
  };
}

describe("miniConfig", () => {
  const sizes = loadConfig("configs/base/mini.yaml", baseConfigSchema).model;

  it("gives a published architecture: rotary sections fill half a head, tied head, one end token", () => {
    const { text, vision, eosTokenIds, padTokenId } = miniConfig(sizes, 300);
    expect(text.mropeSection).toEqual([4, 6, 6]); // of 16, the published 16 : 24 : 24 of 64
    expect(text.mropeSection.reduce((a, b) => a + b, 0)).toBe(text.headDim / 2);
    expect([text.vocabSize, text.tieWordEmbeddings, vision.outHiddenSize]).toEqual([300, true, text.hiddenSize]);
    expect(eosTokenIds).not.toContain(padTokenId);
  });

  it("makes every block of a Qwen2-VL a full one", () => {
    const { vision } = miniConfig({ ...sizes, kind: "qwen2_vl" }, 300);
    expect(vision.fullAttentionBlocks).toEqual([0, 1, 2, 3]);
    expect(vision.hiddenAct).toBe("quick_gelu");
  });

  it("refuses sizes that no checkpoint could state, before anything is trained", () => {
    const refused = (overrides: Record<string, unknown>) => () =>
      loadConfig("configs/base/mini.yaml", baseConfigSchema, overrides);
    // Qwen2-VL's config.json states its tower's MLP as a whole mlp_ratio: 256 / 96 = 2.67 is none.
    expect(refused({ "model.kind": "qwen2_vl" })).toThrow(
      /visionMlp.*must be a multiple of visionWidth, 96.*found 256/s,
    );
    expect(refused({ "model.heads": 3 })).toThrow(/hiddenSize.*must be a multiple of heads, 3.*found 128/s);
  });

  it("is written as a config.json that reads back the same, for each base that we ship a config of", () => {
    for (const name of ["smoke", "smoke-qwen2", "mini", "qwen2", "large"]) {
      const config = miniConfig(loadConfig(`configs/base/${name}.yaml`, baseConfigSchema).model, 300);
      expect(parseQwenConfig(toHfConfig(config), name), name).toEqual(config);
    }
  });
});

describe("buildBase", () => {
  const tiny = tinyBase();
  let root: string;
  let built: BuiltBase;
  const work = (folder: string, config = tiny.config): BaseWork => ({
    world: tiny.world,
    config,
    store: path.join(root, folder),
    progress: silent,
  });

  beforeAll(async () => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-base-"));
    built = await buildBase(work("one"));
  });
  afterAll(() => {
    fs.rmSync(root, { recursive: true, force: true });
  });

  const stages = (folder: string): string[] =>
    listFinished(path.join(root, folder)).map((stage) => path.basename(stage.folder));
  const weights = async (folder: string) => {
    const model = await QwenModel.load(folder);
    const values = weightsOf(model);
    model.dispose();
    return values;
  };

  it("leaves a model and an encoder that load and answer", async () => {
    const model = await QwenModel.load(built.base);
    const [image] = tiny.world.train;
    const prompt = { messages: [{ role: "user" as const, content: "<image> bird ?" }], images: [await image!.load()] };
    const sampling = { samples: 1, maxNewTokens: 4, temperature: 0, topP: 1, seed: 1 };
    const answers = await model.generate([prompt], sampling);
    expect(answers[0]?.[0]?.tokenIds.length).toBeGreaterThan(0);
    model.dispose();
    for (const folder of built.encoders.values()) {
      const encoder = MiniDualEncoder.load(folder);
      expect(await encoder.encodeTexts([tiny.world.subCategories[0]!.name])).toHaveLength(1);
      encoder.dispose();
    }
  });

  it("gives the same weights again, to the bit, also when workers share the stages", async () => {
    const workers = openWorkers("2");
    const again = await buildBase({ ...work("two"), workers });
    workers?.close();
    expect(await weights(again.base)).toEqual(await weights(built.base));
    for (const [name, folder] of built.encoders) {
      const files = [folder, again.encoders.get(name)!].map((f) => fs.readFileSync(path.join(f, "model.safetensors")));
      expect(files[0]!.equals(files[1]!)).toBe(true);
    }
    expect(stages("two").sort()).toEqual(stages("one").sort());
  });

  it("makes only the stages again that a changed setting touches", async () => {
    const before = stages("one");
    const changed = { ...tiny.config, text: { ...tiny.config.text, learningRate: 1e-3 } };
    await buildBase(work("one", changed));
    const fresh = stages("one").filter((name) => !before.includes(name));
    expect(fresh.map((name) => name.replace(/-[0-9a-f]{10}$/, "")).sort()).toEqual(["joint", "text"]);
  });

  it("frees its models when it is stopped", async () => {
    const before = tf.memory().numTensors;
    for (const stage of ["tower", "text", "joint", "siglip"]) {
      const stop = new AbortController();
      const progress = {
        start: (label: string) => {
          if (label === stage) stop.abort(new Error(`stopped at ${label}`));
          return { update: () => undefined, finish: () => undefined };
        },
      };
      const building = buildBase({ ...work("stopped"), progress, signal: stop.signal });
      await expect(building).rejects.toThrow(`stopped at ${stage}`);
      expect(tf.memory().numTensors, stage).toBe(before);
    }
  });

  it("logs the loss of every step of every stage", () => {
    const metrics = stages("one").map((name) => path.join(root, "one", name, "metrics.jsonl"));
    for (const file of metrics) {
      const lines = fs.readFileSync(file, "utf8").trim().split("\n");
      expect(lines).toHaveLength(2);
      for (const line of lines) expect((JSON.parse(line) as { loss: number }).loss).toBeGreaterThan(0);
    }
  });
});
