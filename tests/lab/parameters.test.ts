import { describe, expect, it } from "vitest";
import { loadProfile } from "../../src/lab/profile";
import { readSeeds, scorecardParameters } from "../../src/lab/parameters";

describe("the parameters of the scorecard's notebook", () => {
  const own = { profiles: "mini, mini-2,mini-3", mine: false };

  it("are its own where nothing is given from outside", () => {
    const profiles = ["mini", "mini-2", "mini-3"];
    expect(scorecardParameters(own, {})).toEqual({ profiles, from: "record" });
    expect(scorecardParameters(own, { FINE_R1_PROFILE: "" })).toEqual({ profiles, from: "record" });
    expect(scorecardParameters({ ...own, mine: true }, {})).toEqual({ profiles, from: "report" });
  });

  it("take profiles from outside, and read one's own runs of those that are not recorded", () => {
    expect(scorecardParameters(own, { FINE_R1_PROFILE: "smoke" })).toEqual({ profiles: ["smoke"], from: "report" });
    expect(scorecardParameters(own, { FINE_R1_PROFILE: "mini" })).toEqual({ profiles: ["mini"], from: "record" });
    expect(scorecardParameters(own, { FINE_R1_PROFILE: "mini,smoke" })).toEqual({ profiles: ["mini", "smoke"], from: "report" }); // prettier-ignore
  });
});

it("a scorecard of no profile at all is refused", () => {
  const own = { profiles: "mini", mine: false };
  expect(() => scorecardParameters(own, { FINE_R1_PROFILE: " , " })).toThrow(/names no profile/u);
  expect(() => scorecardParameters({ ...own, profiles: "" }, {})).toThrow(/names no profile/u);
});

describe("seeds", () => {
  it("are those that have a stream of their own: whole numbers below 2^32", () => {
    expect(readSeeds("1,4294967295")).toEqual([1, 4294967295]);
    expect(() => readSeeds("1,4294967297")).toThrow(/"1,4294967297" names no seeds\..*below 2\^32/u);
    for (const key of ["seed", "evaluation.seed"])
      expect(() => loadProfile("smoke", { [key]: 2 ** 32 })).toThrow(`key ${key} must be`);
  });
});
