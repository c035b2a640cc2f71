import { describe, expect, it } from "vitest";
import { openFolder } from "../../src/data/folder/folder";
import { openDataset } from "../../src/lab/datasets";
import { requireVocabulary, speaksMini, wordsLacking } from "../../src/lab/vocabulary";
import { QwenTokenizer } from "../../src/model/qwen/tokenizer";
import { folderOf, several } from "../data/folderFixture";

const words = QwenTokenizer.load("assets/smoke/base");
const bytes = QwenTokenizer.load("tests/reference/bpe_tokenizer");

describe("the vocabulary of a checkpoint", () => {
  it("holds the class names of the world that it was made for", async () => {
    const world = await openDataset("miniworld:smoke");
    requireVocabulary(words, world, { subject: "assets/smoke/base" });
  });

  it("lacks those of other classes: a run is refused by naming them, and the checkpoints that know them", async () => {
    const names = ["fly_agaric", "death_cap", "penny_bun", "wax_cap", "bird"];
    const dataset = await openFolder(await folderOf(several(names, 5)), { superCategory: "mushroom" });
    expect(() => {
      requireVocabulary(words, dataset, { subject: "assets/smoke/base" });
    }).toThrow(
      /^assets\/smoke\/base: its vocabulary lacks 8 of the 9 words in the class names and domains of folder\/.*: "mushroom", "death", "cap", "fly", "agaric", "penny" and 2 more\..*Qwen2-VL or Qwen2\.5-VL checkpoint/,
    );
    const birds = await openFolder(await folderOf(several(["bird", "bird kestrel"], 5)), { superCategory: "bird" });
    expect(() => {
      requireVocabulary(words, birds, { subject: "base" });
    }).toThrow(/lacks 1 of the 2 words .*: "kestrel"\./);
  });

  it("is every text for a byte-level tokenizer", async () => {
    const dataset = await openFolder(await folderOf(several(["Ännchen (Ω)", "火焰"], 5)));
    requireVocabulary(bytes, dataset, { subject: "hub" });
    expect(wordsLacking(bytes, ["anything at all"])).toEqual([]);
    expect([speaksMini(words), speaksMini(bytes)]).toEqual([true, false]);
  });
});
