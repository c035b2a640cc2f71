import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkChainText, foreignLetters } from "../../src/cot/checks";
import { namesLabel, sameName } from "../../src/cot/names";
import { renderTagged, type CotStages } from "../../src/cot/stages";
import { stages } from "./arbitraries";

const GOOD: CotStages = {
  analysis: "a curved bill",
  candidates: ["Rock Wren (Salpinctes obsoletus)", "House Wren", "Canyon Wren", "Marsh Wren"],
  comparison: "only the first has it",
  prediction: "rock wren.",
};
const reason = (changes: Partial<CotStages>, label = "Rock Wren"): string => {
  const verdict = checkChainText(renderTagged({ ...GOOD, ...changes }), label);
  return verdict.accepted ? "accepted" : verdict.reason;
};

describe("checkChainText", () => {
  it("accepts a chain that keeps every rule", () => {
    expect(reason({})).toBe("accepted");
  });

  it("turns down each breach by its own reason", () => {
    expect(reason({ analysis: "弯曲的 bill" })).toBe("mixed language");
    expect(reason({ candidates: [...GOOD.candidates, "Bewick's Wren"] })).toBe("too many candidates");
    expect(reason({ candidates: ["Rock Wren", "House Wren", "rock  wren"] })).toBe("repeated candidate");
    expect(reason({ prediction: "House Wren" })).toBe("wrong prediction");
    expect(reason({ prediction: "The bird is a Rock Wren" })).toBe("wrong prediction");
    expect(reason({ candidates: ["House Wren", "Canyon Wren"] })).toBe("label not among candidates");
    expect(reason({ comparison: "" })).toBe("empty stage");
  });

  it("accepts only what the rules of the paper allow, whatever the chain", () => {
    fc.assert(
      fc.property(stages, fc.boolean(), (value, hit) => {
        const label = hit ? value.candidates[0]! : value.prediction;
        const verdict = checkChainText(renderTagged(value), label);
        const allowed =
          sameName(value.prediction, label) &&
          value.candidates.some((each) => sameName(each, label)) &&
          value.candidates.length <= 4;
        expect(verdict.accepted).toBe(allowed);
      }),
    );
  });
});

describe("foreignLetters", () => {
  it("finds other scripts and leaves accents, digits and signs alone", () => {
    expect(foreignLetters("Größe 3×4, café: naïve ½ “quoted” ✓", ["Latin"])).toBe("");
    expect(foreignLetters("крыло wing 翼 γ", ["Latin"])).toBe("крыло翼γ");
    expect(foreignLetters("крыло wing 翼", ["Latin", "Cyrillic"])).toBe("翼");
  });
});

describe("namesLabel", () => {
  it("allows a note behind the candidate's name, not another name", () => {
    expect(namesLabel("Rock Wren (Salpinctes obsoletus)", "rock wren")).toBe(true);
    expect(namesLabel("Audi A6 (C4)", "Audi A6 (C4)")).toBe(true);
    expect(namesLabel("Rock Wren", "Rock Wren (Salpinctes)")).toBe(false);
    expect(namesLabel("Rock Wrens", "Rock Wren")).toBe(false);
  });
});
