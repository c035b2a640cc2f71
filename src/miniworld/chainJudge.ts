import type { ChainJudge } from "../data/chains";
import { markSteps, STEP_KINDS } from "./chainMarks";
import { parseChain } from "./chainParser";
import { CANDIDATES, type MiniWorld } from "./types";

/**
 * Judges chains about the pictures of a world. Their steps, in order:
 * - analysis: a value was seen wrongly
 * - candidates: not different classes of the domain, not the options that were offered, or the truth is not among them
 * - recall: a comparison is of another candidate, or gives it values it does not have
 * - count: a verdict does not follow from the written values
 * - last: all was right, but another name was predicted or answered
 */
export function chainJudge(world: Pick<MiniWorld, "config" | "classOf" | "classNamed" | "lookalikes">): ChainJudge {
  return {
    steps: STEP_KINDS,
    mark: (text, truth, options) => {
      const known = world.classOf(truth);
      const candidates = options?.length ?? Math.min(CANDIDATES, world.lookalikes(known).length);
      const parsed = parseChain(world.config, text, candidates);
      return parsed && markSteps(parsed, { world, truth: known, options });
    },
  };
}
