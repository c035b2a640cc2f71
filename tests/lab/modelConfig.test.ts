import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { checkConfig } from "../../src/config/load";
import { buildPrompt } from "../../src/data/prompts";
import { givenRow } from "../../src/lab/given";
import { waysTo } from "../../src/lab/modelCommands";
import { isEncoderRow, loadModelConfig, memoryOf, modelConfigs, modelConfigSchema, serverVariable, styleOf, whereRow } from "../../src/lab/modelConfig"; // prettier-ignore
import { PRINTED_ENCODER_ROWS, PRINTED_ROWS } from "../../src/lab/rows";
import { stylePrompt } from "../../src/model/styled";
import { PUBLISHED } from "../../src/report/published/published";

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("configs/models", () => {
  const configs = modelConfigs();

  it("has a file for every row of Table 1 that asks a published model, titled as the table prints it", () => {
    const titles = Object.fromEntries(configs.map(({ name, title }) => [name, title]));
    expect(titles).toEqual({ ...PRINTED_ENCODER_ROWS, ...PRINTED_ROWS });
    expect(Object.values(titles).sort()).toEqual(PUBLISHED.table1.rows.map(({ name }) => name).sort());
    for (const table of [PUBLISHED.table2, PUBLISHED.table6])
      expect(table.rows.map(({ name }) => name).sort()).toEqual(Object.values(PRINTED_ROWS).sort());
  });

  it.each(configs)("says of $name how to get it and how to say where it is", (config) => {
    const [first] = waysTo(config);
    const { hub, onnx } = config;
    const source = onnx !== undefined && "hub" in onnx ? onnx.hub : hub;
    expect(first?.commands.join("\n")).toContain(source);
    expect(isEncoderRow(config)).toBe(config.serve === undefined);
    if (!isEncoderRow(config)) expect(first?.commands.at(-1)).toBe(`export ${serverVariable(config.name)}=http://localhost:8000/v1`); // prettier-ignore
    expect(memoryOf(config).gib).toBeGreaterThan(1);
  });

  it("computes the memory of the weights, and shows the sum", () => {
    // 2205.76e6 parameters · 2 bytes / 2³⁰ = 4.1085 GiB; an encoder has float32: 652.47e6 · 4 / 2³⁰ = 2.4306
    expect(memoryOf(loadModelConfig("internvl2.5-2b")).words).toBe(
      "vision 304.01 M + connector 12.6 M + language 1889.15 M = 2205.8 M parameters × 2 bytes (bfloat16) = 4.1 GiB",
    );
    expect(memoryOf(loadModelConfig("siglip-l")).gib).toBeCloseTo(2.4306, 3);
  });

  it("asks each model in the style of its family", () => {
    const image = { width: 1, height: 1, data: Uint8Array.of(0, 0, 0) };
    const asked = (name: string, options?: readonly string[]) => {
      const config = loadModelConfig(name);
      const request = {
        question: "Which bird is this?",
        superCategory: "bird",
        image,
        thinking: config.prompt.thinking,
      };
      const prompt = buildPrompt(config.prompt.wording ?? "released", { ...request, ...(options && { options }) });
      return stylePrompt(prompt, styleOf(config) ?? {}).messages.map(({ role, content }) => `${role}: ${content}`);
    };
    const direct = "user: <image>Given the question: Which bird is this?. This is a fine-grained question. Output the final answer in <answer></answer>."; // prettier-ignore
    for (const name of [
      "idefics2-8b",
      "idefics3-8b",
      "llava-1.6-mistral-7b",
      "llava-onevision-7b",
      "qwen2-vl-2b",
      "qwen2-vl-7b",
      "qwen2.5-vl-3b",
      "qwen2.5-vl-7b",
    ])
      // prettier-ignore
      expect(asked(name)).toEqual([direct]);
    for (const size of ["2b", "4b", "8b"]) {
      const [system, user] = asked(`internvl2.5-${size}`);
      expect([system?.startsWith("system: 你是书生·万象"), user]).toEqual([true, direct]);
    }
    for (const size of ["3b", "7b"])
      expect(asked(`fine-r1-${size}`)[0]).toMatch(/Output reasoning in <think><\/think> and the final answer in/u);
    expect(asked("deepperception-7b", ["tern", "gull"])).toEqual([
      "user: <image>Which bird is this? Choose from ['tern', 'gull'].  Output the thinking process in <think> </think> and final answer in <answer> </answer> tags.",
    ]);
  });

  it("names a key that there is not, with the one that was meant", () => {
    const wrong = { ...loadModelConfig("siglip-l"), licenze: "MIT" };
    expect(() => checkConfig(wrong, modelConfigSchema, "mine.yaml")).toThrow(/unknown key licenze \(did you mean licence\?\)/u); // prettier-ignore
    expect(() => loadModelConfig("siglip-xl")).toThrow(/there is no model "siglip-xl"\. Did you mean "?siglip-l/u);
  });
});

describe("whereRow", () => {
  const config = loadModelConfig("qwen2-vl-2b");
  const url = "http://gpu:8000/v1";

  it("takes the profile's word, then the environment's, then the model's own folder", () => {
    expect(whereRow(config)).toBeUndefined();
    vi.stubEnv("FINE_R1_SERVER", url);
    expect(whereRow(config)).toBe(`served:${url}#Qwen/Qwen2-VL-2B-Instruct`);
    vi.stubEnv("FINE_R1_SERVER_QWEN2_VL_2B", "http://other/v1");
    expect(whereRow(config)).toBe("served:http://other/v1#Qwen/Qwen2-VL-2B-Instruct");
    expect(whereRow(config, { "qwen2-vl-2b": "/mine" })).toBe("/mine");
    expect(whereRow(loadModelConfig("siglip2-l"))).toBeUndefined(); // an encoder is never served
  });

  it("refuses an address with a password in the environment, too", () => {
    vi.stubEnv("FINE_R1_SERVER", "http://me:hunter2@gpu:8000/v1");
    expect(() => whereRow(config)).toThrow(/^served:http:\/\/gpu:8000: holds a name, a password/u);
  });

  it("is nowhere where no server has answered, and what it is told to be otherwise", () => {
    const given = (at: string) => givenRow(config, { "qwen2-vl-2b": at });
    const nowhere = { given: "checkpoint", fingerprint: "not built", at: "row:qwen2-vl-2b" };
    const silent = { ...nowhere, at: `served:${url}#Qwen/Qwen2-VL-2B-Instruct` };
    expect([givenRow(config, undefined), given(url), given("/nowhere")]).toEqual([nowhere, silent, nowhere]);
    const script = path.join(fs.mkdtempSync("/tmp/rows-"), "script.json");
    fs.writeFileSync(script, JSON.stringify({ rules: [], otherwise: [{ text: "tern" }] }));
    expect(given(`scripted:${script}`).at).toBe(`scripted:${script}`);
    fs.rmSync(path.dirname(script), { recursive: true });
  });
});
