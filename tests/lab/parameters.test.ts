import { describe, expect, it } from "vitest";
import { scorecardParameters } from "../../src/lab/parameters";

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
