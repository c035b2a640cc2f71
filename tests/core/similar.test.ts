import { describe, expect, it } from "vitest";
import { closest, didYouMean } from "../../src/core/similar";

describe("closest", () => {
  const words = ["mini", "smoke", "paper"];
  it.each([
    ["min", "mini"], // one letter left out
    ["mimi", "mini"], // another letter
    ["minii", "mini"], // one too many
    ["msoke", "smoke"], // two swapped
    ["SMOKE", "smoke"],
    ["papre", "paper"],
    ["huge", undefined],
    ["", undefined],
    ["mnt", undefined], // two of three differ
  ])("takes %j for %j", (given, word) => {
    expect(closest(given, words)).toBe(word);
  });

  it("takes the nearest, and none where there are no words", () => {
    expect(closest("sft-label", ["sft-labels", "sft-lapels"])).toBe("sft-labels");
    expect(closest("mini", [])).toBeUndefined();
  });
});

describe("didYouMean", () => {
  it("is a question before a remedy, or nothing", () => {
    expect(didYouMean("tapoo", ["dapo", "tapo"])).toBe('Did you mean "tapo"? ');
    expect(didYouMean("grpo", ["siglip"])).toBe("");
  });
});
