import { LabError } from "./errors";

/** √(largest single-precision number): what is beyond it has no finite square, so that no norm layer bears it. */
const LARGEST = 1.8e19;

/**
 * Refuses weights that no forward pass could use: NaN, infinities, and numbers whose squares overflow.
 * @param subject the file or folder they come from or go to
 */
export function requireUsable(name: string, values: Float32Array, subject: string): Float32Array {
  for (let i = 0; i < values.length; i++) {
    if (Math.abs(values[i] as number) <= LARGEST) continue; // false for NaN, too
    throw new LabError(
      `tensor "${name}" holds ${String(values[i])} at place ${i}: these weights are ruined`,
      "Go back to an earlier checkpoint; if a training run made them, lower its learning rate.",
      { subject },
    );
  }
  return values;
}
