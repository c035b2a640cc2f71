import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, expect, it } from "vitest";
import { readWeights } from "../../src/model/qwen/checkpoint";
import { makeVariables } from "../../src/model/qwen/weights";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "memory-"));
afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

// A file of its own, so that the process's highest memory use is this load's.
it("loads a bf16 checkpoint within 1.3 times its float32 size", () => {
  const shape = [2000, 2500];
  const count = 40; // 40 × 5 M weights: 400 MB as bf16, 800 MB as float32
  const bytes = 2 * 2000 * 2500;
  const names = Array.from({ length: count }, (_, i) => `model.layers.${i}.weight`);
  const header = JSON.stringify(
    Object.fromEntries(
      names.map((name, i) => [name, { dtype: "BF16", shape, data_offsets: [i * bytes, (i + 1) * bytes] }]),
    ),
  );
  const file = path.join(folder, "model.safetensors");
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  fs.writeFileSync(file, Buffer.concat([length, Buffer.from(header)]));
  fs.truncateSync(file, 8 + header.length + count * bytes); // zeros, which take no room on the disk

  const before = process.resourceUsage().maxRSS;
  const variables = makeVariables(readWeights(folder, new Map(names.map((name) => [name, shape]))));
  const used = tf.tidy(() => [...variables.values()].map((variable) => tf.sum(variable).dataSync()[0]));
  const peak = (process.resourceUsage().maxRSS - before) * 1024;
  expect(used).toEqual(new Array(count).fill(0));
  expect(peak / (count * 2 * bytes)).toBeLessThan(1.3);
  // The weights really are in memory: the measure cannot be lower than their size.
  expect(peak / (count * 2 * bytes)).toBeGreaterThan(0.9);
  for (const variable of variables.values()) variable.dispose();
});
