import { expect, it } from "vitest";
import { REMARKS } from "../../src/experiments/claimRemarks";
import { CLAIMS } from "../../src/experiments/claims";

it("every remark is of a claim, and stands with it", () => {
  const claims = new Map(CLAIMS.map((claim) => [claim.id, claim]));
  for (const [id, remark] of Object.entries(REMARKS)) expect(claims.get(id), id).toMatchObject(remark);
});
