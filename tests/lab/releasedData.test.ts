import * as fs from "node:fs";
import * as path from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { silent } from "../../src/core/progress";
import { readCotRecords } from "../../src/cot/records";
import type { Dataset } from "../../src/data/dataset";
import { openDataset } from "../../src/lab/datasets";
import { givenChains, givenDataset, givenMiner } from "../../src/lab/given";
import { cotStage, readTriplets, tripletStage } from "../../src/lab/kinds/data";
import type { Workbench } from "../../src/lab/stage";
import { temporaryFolder } from "../data/folderFixture";
import { cubFolder } from "../data/setsFixture";

/** What the release brings, and another program's vectors, in stages on a real set's small likeness. */
let spec: string;
let data: Dataset;
let chains: string;
beforeAll(async () => {
  const root = await cubFolder();
  chains = path.join(root, "stage1.json");
  const thinking = "White.\n\nThe analysis of candidate subcategories: \n- Mallard\n- Fen Auk\n\n\nThe bill is flat.\n\nThe prediction is: Mallard"; // prettier-ignore
  const messages = [["system", "s"], ["user", "<image>Which bird?"], ["assistant", `<think> ${thinking}</think>\n\n<answer>Mallard</answer>`]].map(([role, content]) => ({ role, content })); // prettier-ignore
  fs.writeFileSync(chains, JSON.stringify([{ messages, images: ["bird_200/images_train/004.Mallard/Mallard_0002_302.jpg"] }])); // prettier-ignore
  const line = (folder: string, file: string) => JSON.stringify({ image_path: `x/${folder}/${file}`, question: "?", options: [folder.slice(4), "b"], ground_truth: folder.slice(4) }); // prettier-ignore
  fs.mkdirSync(path.join(root, "lines"));
  fs.writeFileSync(path.join(root, "lines/bird_seen.jsonl"), [line("004.Mallard", "Mallard_0005_305.jpg"), line("005.Fen_Auk", "Fen_Auk_0005_405.jpg"), line("002.Sooty_Albatross", "Sooty_Albatross_0006_106.jpg")].join("\n")); // prettier-ignore
  fs.writeFileSync(path.join(root, "lines/bird_unseen.jsonl"), line("001.Black_footed_Albatross", "Black_footed_Albatross_0005_5.jpg")); // prettier-ignore
  spec = `cub:${root}?shots=2&split=lines&chains=stage1.json`;
  data = await openDataset(spec);
});

function bench(): Workbench {
  const folder = temporaryFolder();
  const context = { progress: silent, store: folder };
  return { folder, label: "x", context, dataset: () => Promise.resolve(data), place: ({ key }: { key?: string }) => key ?? folder } as Workbench; // prettier-ignore
}

describe("chains of the release", () => {
  const how = {
    everyNthClass: 1,
    imagesPerClass: 1,
    descriptions: 1,
    maxAttempts: 1,
    form: "released",
    seed: 1,
  } as const;

  it("are taken in place of written ones: what stage 1 reads", async () => {
    const at = bench();
    const inputs = cotStage.stage({ dataset: await givenDataset(spec), ...how, released: givenChains(chains) }).inputs;
    expect(await cotStage.run(inputs, at)).toMatchObject({ teacher: "the release", images: 1, accepted: 1, acceptanceRate: 1 }); // prettier-ignore
    const [record] = readCotRecords(path.join(at.folder, "records.jsonl"));
    expect(record?.imageId).toBe("cub/images/004.Mallard/Mallard_0002_302.jpg");
    expect(data.train.map(({ id }) => id)).toContain(record?.imageId);
    expect(record?.stages.candidates).toEqual(["Mallard", "Fen Auk"]);
  });

  it("are part of a key by their contents, and where there are none the key is that of always", async () => {
    const dataset = await givenDataset(spec);
    const key = (released?: ReturnType<typeof givenChains>): string =>
      cotStage.stage({ dataset, ...how, released }).key;
    const copy = path.join(temporaryFolder(), "copy.json");
    fs.copyFileSync(chains, copy);
    expect(key(givenChains(copy))).toBe(key(givenChains(chains)));
    expect(key()).toBe(cotStage.stage({ dataset, ...how }).key);
    expect(key()).not.toBe(key(givenChains(chains)));
  });

  it("must be about training pictures", async () => {
    const inputs = cotStage.stage({ dataset: await givenDataset(spec), ...how, released: givenChains(chains) }).inputs;
    const other = { ...bench(), dataset: () => Promise.resolve({ ...data, train: [] }) };
    await expect(cotStage.run(inputs, other)).rejects.toThrow(/has no chain about a training picture of CUB-200-2011\. Open the dataset with chains=FILE/); // prettier-ignore
  });
});

describe("triplets by embeddings:FILE", () => {
  it("take the negatives that the vectors say", async () => {
    const file = path.join(temporaryFolder(), "vectors.jsonl");
    // the auk's vectors lie beside the albatross's, the mallard's apart but nearer to the auk's
    const vectors = { "Fen Auk": [1, 0.2], "Sooty Albatross": [1, 0.1], Mallard: [0, 1] };
    const lines = data.train.map(({ id, subCategory: { name } }) => ({ id, vector: vectors[name.replaceAll("_", " ") as keyof typeof vectors] })); // prettier-ignore
    fs.writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const encoder = givenMiner(`embeddings:${file}`);
    const { inputs, key } = tripletStage.stage({ dataset: await givenDataset(spec), encoder, seed: 1 });
    const at = bench();
    expect(await tripletStage.run(inputs, at)).toEqual({ triplets: 3 * 2 });
    const pairs = readTriplets(data, at.folder).map(({ anchor, negative }) => [anchor.subCategory.name, negative.subCategory.name]); // prettier-ignore
    expect(new Set(pairs.map((pair) => pair.join(" → ")))).toEqual(
      new Set(["Fen_Auk → Sooty_Albatross", "Sooty_Albatross → Fen_Auk", "Mallard → Fen_Auk"]),
    );
    fs.appendFileSync(file, "\n");
    const again = tripletStage.stage({ dataset: await givenDataset(spec), encoder: givenMiner(`embeddings:${file}`), seed: 1 }); // prettier-ignore
    expect(again.key).not.toBe(key);
  });
});
