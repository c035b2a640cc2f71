import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeJson } from "../../src/core/files";
import { parseQwenConfig, readQwenConfig } from "../../src/model/qwen/config";
import { readImageProcessorConfig } from "../../src/model/qwen/imageProcessorFiles";
import { qwen25vl3b } from "./configSamples";
import { PROCESSOR_VARIANTS, VARIANTS_3B, VARIANTS_QWEN2_7B } from "./configVariants";

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "variants-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});

describe("forms of config.json that are met in the wild", () => {
  const plain = (json: unknown): unknown => JSON.parse(JSON.stringify(json)); // as a file has it: no undefined
  it.each(Object.entries(VARIANTS_3B))("Qwen2.5-VL-3B, %s: read as the published one", (_, json) => {
    expect(parseQwenConfig(plain(json))).toEqual(parseQwenConfig(qwen25vl3b));
  });
  it.each(Object.entries(VARIANTS_QWEN2_7B))("Qwen2-VL-7B, %s: read as the published one", (_, json) => {
    expect(parseQwenConfig(plain(json))).toEqual(parseQwenConfig(VARIANTS_QWEN2_7B["as published"]));
  });

  it("takes the ends of the published generation_config.json behind the config's own", () => {
    writeJson(path.join(scratch, "ends", "config.json"), qwen25vl3b);
    const published = { bos_token_id: 151643, pad_token_id: 151643, eos_token_id: [151645, 151643], do_sample: true };
    writeJson(path.join(scratch, "ends", "generation_config.json"), { ...published, repetition_penalty: 1.05 });
    expect(readQwenConfig(path.join(scratch, "ends"))).toMatchObject({
      eosTokenIds: [151645, 151643],
      padTokenId: 151643,
    });
  });
});

describe("forms of the image processor's files", () => {
  const read = (name: string): unknown => {
    const folder = path.join(scratch, name.replaceAll(/\W+/gu, "-"));
    for (const [file, content] of Object.entries(PROCESSOR_VARIANTS[name] ?? {}))
      writeJson(path.join(folder, file), content);
    return readImageProcessorConfig(folder);
  };
  it.each(Object.keys(PROCESSOR_VARIANTS))("%s: read as the published one", (name) => {
    expect(read(name)).toEqual(read("as published"));
    expect(read(name)).toMatchObject({ minPixels: 3136, maxPixels: 12845056, patchSize: 14, mergeSize: 2 });
  });
});
