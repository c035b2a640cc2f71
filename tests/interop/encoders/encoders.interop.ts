import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readJson } from "../../../src/core/files";
import type { Answer } from "../../../src/eval/answers";
import { similarities } from "../../../src/eval/similarity";
import { openEncoder } from "../../../src/lab/encoder";
import { givenEncoder } from "../../../src/lab/given";
import { loadModelConfig } from "../../../src/lab/modelConfig";
import { OnnxEncoder } from "../../../src/model/onnx/encoder";
import { PythonEnvironment } from "../../pythonEnvironment";
import { drawn, furthest, greyDigest, readExpected } from "../../model/encoderFixture";

const python = new PythonEnvironment({
  folder: "interop/encoders",
  requirements: [path.join(__dirname, "requirements.txt"), `no-deps:${path.join(__dirname, "packages.txt")}`],
});
const EXPORT = path.resolve(__dirname, "..", "..", "..", "scripts", "export_encoder.py");
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "encoders-"));
const at = (...parts: string[]): string => path.join(scratch, ...parts);

beforeAll(async () => {
  await python.run(path.join(__dirname, "make_encoders.py"), [at("made")]);
});
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});

describe.each(["clip", "siglip", "siglip2"])("a random %s made by the real transformers", (name) => {
  it("exported by our script, gives the Python library's vectors of pictures and texts", async () => {
    await python.run(EXPORT, [at("made", name), at(name)]);
    const { sizes, texts, grey, images, encoded } = readExpected(at("made", `${name}.json`));
    const pictures = drawn(sizes);
    const settings = at(name, "preprocessor_config.json");
    expect(pictures.map((picture) => greyDigest(picture, settings))).toEqual(grey);
    const encoder = new OnnxEncoder(at(name));
    // values of up to 2.5; measured 3.1e-6 at most
    expect(furthest(await encoder.encodeImages(pictures), images)).toBeLessThan(1e-5);
    expect(furthest(await encoder.encodeTexts(texts), encoded)).toBeLessThan(1e-5);
    encoder.dispose();
  });
});

describe("all-MiniLM-L6-v2", () => {
  it("exported by our script, gives sentence-transformers' SS_relative of real names", async () => {
    const names = path.join(__dirname, "names.json");
    await python.run(path.join(__dirname, "minilm.py"), [at("minilm-hub"), names, at("minilm.json")]);
    await python.run(EXPORT, [at("minilm-hub"), at("all-MiniLM-L6-v2")]);
    const row = z.object({ cosine: z.number(), standard: z.number(), relative: z.number() });
    const expected = z
      .object({ pairs: z.array(row), vectors: z.record(z.string(), z.array(z.number())) })
      .parse(readJson(at("minilm.json")));
    const encoder = openEncoder(givenEncoder(`onnx:${at("all-MiniLM-L6-v2")}`));
    const vectors = await encoder.encodeTexts(Object.keys(expected.vectors));
    expect(furthest(vectors, Object.values(expected.vectors))).toBeLessThan(1e-5);
    const triples = z.array(z.tuple([z.string(), z.string(), z.string()])).parse(readJson(names));
    const answers = triples.map(([answer, truth, domain], i): Answer => ({
      ...{ id: String(i), image: `${i}.jpg`, domain, seen: true, truth, options: null },
      ...{ output: `<answer>${answer}</answer>`, tokens: 1, finish: "stop" },
    }));
    const found = await similarities(answers, { thinking: false, similarity: encoder.similarity });
    encoder.dispose();
    const difference = expected.pairs.map(({ relative }, i) => Math.abs((found.get(String(i)) ?? NaN) - relative));
    console.log(`SS_relative of ${difference.length} pairs: largest difference ${Math.max(...difference)}`);
    expect(Math.max(...difference)).toBeLessThan(5e-6); // 5.1e-7 measured
    // a right name is 1, its super-category 0, a near one between: so that agreement says something
    expect(found.get("0")).toBeCloseTo(1, 5);
    expect(found.get("10")).toBe(0);
    expect(new Set([...found.values()].map((value) => value.toFixed(2))).size).toBeGreaterThan(15);
  });
});

describe("configs/models", () => {
  it("count the parameters that models of the published sizes have", async () => {
    const script = path.join(__dirname, "parameters.py");
    const counts = z
      .record(z.string(), z.record(z.string(), z.number()))
      .parse(JSON.parse(await python.run(script, [])));
    expect(Object.keys(counts)).toHaveLength(11);
    for (const [name, { total }] of Object.entries(counts)) {
      const sum = Object.values(loadModelConfig(name).parameters).reduce((all, part) => all + part, 0);
      expect(Math.abs(sum - total!), name).toBeLessThan(0.02); // millions; parts are rounded to 0.01
    }
  });
});
