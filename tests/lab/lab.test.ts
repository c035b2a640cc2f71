import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silent } from "../../src/core/progress";
import { exportDataset } from "../../src/data/folder/export";
import { labOf, type Lab } from "../../src/lab/lab";
import { make } from "../../src/lab/make";
import { loadProfile } from "../../src/lab/profile";
import { testAnswers } from "../../src/lab/recipe";
import type { Stage } from "../../src/lab/stage";
import { listFinished } from "../../src/store/store";
import { folderOf, several } from "../data/folderFixture";
import { marksWorld, smokeWorld } from "../miniworld/worlds";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-lab-"));
  fs.cpSync("assets/smoke", folder, { recursive: true });
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const open = (): Promise<Lab> => {
  const checkpoints = { base: path.join(folder, "base"), encoder: path.join(folder, "siglip") };
  return labOf({ ...loadProfile("smoke"), ...checkpoints }, { progress: silent });
};
const answersOf = (lab: Lab): Stage =>
  testAnswers(lab.recipe(1), { name: "base", title: "Base", model: lab.recipe(1).base, thinking: false }, "closed");
const card = (): string => path.join(folder, "card.json");
const baseKey = async (): Promise<string> => (await open()).recipe(1).base.fingerprint;

describe("labOf", () => {
  it("takes no super-category by whose name all of them are measured together", async () => {
    const dataset = `folder:${await folderOf(several(["fly_agaric", "death_cap"], 5))}?superCategory=mean`;
    await expect(labOf({ ...loadProfile("smoke"), dataset }, { progress: silent })).rejects.toThrow(
      /has a super-category called "mean"/u,
    );
  });

  it("takes a base as its card describes it, and anybody's without a card", async () => {
    expect((await open()).dataset.name).toBe("mini-world/smoke");
    fs.appendFileSync(path.join(folder, "base", "model.safetensors"), "x");
    fs.rmSync(card());
    expect((await open()).dataset.name).toBe("mini-world/smoke");
  });

  it("makes nothing of a base that was replaced or removed since it was opened", async () => {
    const lab = { ...(await open()), store: path.join(folder, "store") };
    fs.appendFileSync(path.join(folder, "base", "config.json"), "\n");
    await expect(make(lab, answersOf(lab))).rejects.toThrow(
      /base: has changed since this work was described\. Open the lab anew/,
    );
    expect(answersOf(await open()).key).not.toBe(answersOf(lab).key);
    fs.rmSync(path.join(folder, "base"), { recursive: true });
    await expect(make(lab, answersOf(lab))).rejects.toThrow(/base: is not there any more/);
    expect(listFinished(lab.store)).toEqual([]);
  });

  it.each(["null", "{}", '{"world": {"name": "smoke"}}'])("does not take %s for a card", async (content) => {
    fs.writeFileSync(card(), content);
    await expect(open()).rejects.toThrow(/card\.json: is no card of a base \((the whole file|key world)/);
  });

  it.each(["base", "siglip"])("refuses weights of %s that are not those of the card, to the bit", async (name) => {
    const file = path.join(folder, name, "model.safetensors");
    const bytes = fs.readFileSync(file);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    fs.writeFileSync(file, bytes);
    await expect(open()).rejects.toThrow(`${file}: is not the file that ${card()} describes: the hashes differ`);
  });

  it("knows a base by its config, tokenizer and image settings too, and by no README", async () => {
    const before = await baseKey();
    fs.writeFileSync(path.join(folder, "base", "README.md"), "words");
    expect(await baseKey()).toBe(before);
    const seen = new Set([before]);
    for (const name of ["config.json", "tokenizer.json", "preprocessor_config.json"]) {
      fs.appendFileSync(path.join(folder, "base", name), "\n");
      seen.add(await baseKey());
    }
    expect(seen.size).toBe(4);
  });

  it("takes a mini-world's folder of pictures for a base of that world, with its teacher, and for no other base", async () => {
    const profile = loadProfile("smoke");
    const pictures = path.join(folder, "pictures");
    await exportDataset(smokeWorld, pictures);
    const { dataset } = await labOf({ ...profile, dataset: `folder:${pictures}` }, { progress: silent });
    expect(dataset.teacher?.name).toBe(smokeWorld.teacher.name);
    const others = path.join(folder, "others");
    await exportDataset(marksWorld, others);
    const opening = labOf({ ...profile, dataset: `folder:${others}` }, { progress: silent });
    await expect(opening).rejects.toThrow(/base: was made for the world mini-world\/smoke .*is mini-world\/smoke \(/);
  });

  it("refuses a base that lacks the words of a dataset's class names", async () => {
    const dataset = `folder:${await folderOf(several(["fly_agaric", "death_cap"], 5))}?superCategory=mushroom`;
    const opening = labOf({ ...loadProfile("smoke"), dataset }, { progress: silent });
    await expect(opening).rejects.toThrow(/base: its vocabulary lacks 5 of the 5 words .*"mushroom", "death", "cap"/);
  });
});
