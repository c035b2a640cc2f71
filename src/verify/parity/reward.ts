import * as z from "zod";
import { reward } from "../../tapo/rewards";
import { ParityCollector, readReference, type ParityRow } from "./rows";

const fileSchema = z.strictObject({
  note: z.unknown().optional(),
  cases: z
    .array(
      z.strictObject({
        response: z.string(),
        groundTruth: z.string(),
        overall: z.number(),
        format: z.number(),
        accuracy: z.number(),
      }),
    )
    .min(1),
});

/**
 * Compares the reward and its two parts with a file in the format of `tests/reference/golden/reward.json`; they must be
 * equal.
 * @throws LabError naming the file when it is not of that shape
 */
export function parityReward(file: string): ParityRow[] {
  const rows = new ParityCollector();
  for (const one of readReference(file, fileSchema).cases) {
    const ours = reward(one.response, one.groundTruth);
    for (const figure of ["overall", "format", "accuracy"] as const) {
      rows.add(figure, Math.abs(ours[figure] - one[figure]), 0);
    }
  }
  return rows.finish();
}
