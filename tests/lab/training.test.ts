import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { withSafetensors } from "../../src/core/safetensors";
import type { Lab } from "../../src/lab/lab";
import { loadProfile } from "../../src/lab/profile";
import { givenCheckpoint, rlExamples, weightFiles } from "../../src/lab/training";
import { writeWeights } from "../../src/model/qwen/checkpoint";
import { quietContext } from "../../src/store/stage";
import { smokeWorld } from "../miniworld/worlds";
import { tapoOptions } from "../tapo/recorded";

const lab: Lab = { ...quietContext("unused"), profile: loadProfile("mini"), world: smokeWorld };
const [anchor, positive] = smokeWorld.train;
const [negative] = smokeWorld.train.filter((image) => image.subCategory.id !== anchor!.subCategory.id);
const triplet = { anchor: anchor!, positive: positive!, negative: negative! };

const questions = (changes: Parameters<typeof tapoOptions>[0]) => rlExamples(lab, [triplet], tapoOptions(changes));

describe("givenCheckpoint", () => {
  const base = "assets/smoke/base";
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "given-"));
  afterAll(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it("is known by the SHA-256 of its one file", () => {
    const file = path.join(base, "model.safetensors");
    const sum = createHash("sha256").update(fs.readFileSync(file)).digest("hex");
    expect(givenCheckpoint(base).key).toBe(sum);
  });

  it("is known by all its shards: another byte in any of them is another key", () => {
    const tensors = withSafetensors(path.join(base, "model.safetensors"), (file) =>
      [...file.tensors].map(([name, { shape }]) => ({ name, shape, data: file.readFloat32(name) })),
    );
    writeWeights(folder, tensors, 200_000);
    const files = weightFiles(folder);
    expect(files.length).toBeGreaterThan(2);
    const keys = new Set([givenCheckpoint(folder).key]);
    for (const file of files) {
      const bytes = fs.readFileSync(file);
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      fs.writeFileSync(file, bytes);
      keys.add(givenCheckpoint(folder).key);
    }
    expect(keys.size).toBe(files.length + 1);
  });

  it("says how a missing one is made", () => {
    expect(() => givenCheckpoint(path.join(folder, "none"))).toThrow(/base build/u);
  });
});

describe("rlExamples", () => {
  it("asks the same open question about each image of the triplet", async () => {
    const [example] = questions({ stage2Options: "none" });
    for (const which of ["anchor", "positive", "negative"] as const) {
      const prompt = await example!.prompt(which);
      expect(prompt.messages).toEqual([{ role: "user", content: "<image> bird ? think" }]);
      expect(prompt.images).toEqual([await triplet[which].load()]);
    }
    expect([example!.id, example!.answer]).toEqual([anchor!.id, anchor!.subCategory.name]);
  });

  it("names four look-alikes with stage2Options four, in an order of the seed's, the same for each image", async () => {
    const optionsOf = async (seed: number, which: "anchor" | "negative") => {
      const [example] = questions({ stage2Options: "four", seed });
      const text = (await example!.prompt(which)).messages[0]!.content;
      return /^<image> bird options (.*) \? think$/.exec(text)![1]!.split(" , ");
    };
    const shown = await optionsOf(1, "anchor");
    expect([...shown].sort()).toEqual([...smokeWorld.optionsFor(anchor!.subCategory)].sort());
    expect(shown).toContain(anchor!.subCategory.name);
    expect(await optionsOf(1, "negative")).toEqual(shown);
    const places = await Promise.all(
      Array.from({ length: 20 }, async (_, seed) =>
        (await optionsOf(seed, "anchor")).indexOf(anchor!.subCategory.name),
      ),
    );
    expect(new Set(places).size).toBeGreaterThan(1); // the truth does not always stand first
  });

  it("words the question as rl.options.promptSet says", async () => {
    const [example] = questions({ promptSet: "released" });
    expect((await example!.prompt("anchor")).messages[0]!.content).toContain("internal monologue");
  });
});
