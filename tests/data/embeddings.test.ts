import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { writeSafetensors } from "../../src/core/safetensors";
import { readEmbeddings } from "../../src/data/embeddings";
import { hardNegativesBy, mineHardNegatives } from "../../src/data/triplets";
import { smokeWorld } from "../miniworld/worlds";
import { temporaryFolder } from "./folderFixture";

const { train } = smokeWorld;
/** A picture's mean colour: any embedder will do. */
const embed = (images: readonly { readonly data: Uint8Array }[]): Promise<Float32Array[]> =>
  Promise.resolve(images.map(({ data }) => Float32Array.from([0, 1, 2].map((c) => data.filter((_, i) => i % 3 === c).reduce((sum, v) => sum + v, 0) / 1000)))); // prettier-ignore

describe("a file of embeddings", () => {
  it.each(["safetensors", "jsonl"])("as %s mines what the encoder that wrote it mines", async (form) => {
    const file = path.join(temporaryFolder(), `vectors.${form}`);
    const vectors = await Promise.all(train.map(async (image) => (await embed([await image.load()]))[0]!));
    if (form === "safetensors") writeSafetensors(file, train.map(({ id }, i) => ({ name: id, shape: [3], data: vectors[i]! }))); // prettier-ignore
    else fs.writeFileSync(file, train.map(({ id }, i) => `${JSON.stringify({ id, vector: [...vectors[i]!] })}\n`).join("")); // prettier-ignore
    const mined = hardNegativesBy(smokeWorld, readEmbeddings(file));
    expect(mined).toEqual(await mineHardNegatives(smokeWorld, embed));
    expect(Object.keys(mined)).toHaveLength(10); // the seen classes of the smoke world
  });

  it("is refused where a picture has no vector, one of another length, or a line is another", () => {
    const file = path.join(temporaryFolder(), "vectors.jsonl");
    const write = (...lines: readonly object[]): void => {
      fs.writeFileSync(file, lines.map((one) => `${JSON.stringify(one)}\n`).join(""));
    };
    write({ id: "a", vector: [1, 2] }, { id: "b", vector: [1] });
    expect([...readEmbeddings(file)({ id: "a" })]).toEqual([1, 2]);
    expect(() => readEmbeddings(file)({ id: "b" })).toThrow(
      /vectors\.jsonl: has 1 numbers for "b" and 2 for the first/,
    );
    expect(() => readEmbeddings(file)({ id: "c" })).toThrow(/has no vector of "c"/);
    write({ id: "a", vector: [1, 2] }, { id: "a", vector: [3, 4] });
    expect(() => readEmbeddings(file)).toThrow(/line 2 cannot be used \(has a second vector of "a"\)/);
    write({ id: "a", vektor: [1] });
    expect(() => readEmbeddings(file)).toThrow(/line 1 cannot be used \(key vector is missing/);
    expect(() => readEmbeddings("/no/such.safetensors")).toThrow(/such\.safetensors/);
    const tensors = path.join(temporaryFolder(), "vectors.safetensors");
    writeSafetensors(tensors, [{ name: "a", shape: [2], data: Float32Array.of(1, NaN) }]);
    expect(() => readEmbeddings(tensors)({ id: "a" })).toThrow(
      /vectors\.safetensors: has a vector of "a" that holds NaN/,
    );
  });
});
