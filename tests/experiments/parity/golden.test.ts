import { expect, test } from "vitest";
import { parityObjective } from "../../../src/experiments/parity/objective";
import { parityReward } from "../../../src/experiments/parity/reward";
import { formatParity } from "../../../src/experiments/parity/rows";

test("o", async () => {
  const rows = [...(await parityObjective("../shared/golden/tapo_objective.json")), ...parityReward("../shared/golden/reward.json")];
  console.log(formatParity(rows));
  expect(rows.every((r) => r.pass)).toBe(true);
});
