import type { ChainJudge, ChainUse } from "../data/chains";
import { CANDIDATES } from "./config";
import type { SubCategory } from "../data/types";
import { describe } from "./attributes";
import type { ParsedChain } from "./chain";
import { markSteps, STEP_KINDS } from "./chainMarks";
import { parseChain } from "./chainParser";
import type { WorldClass } from "./classes";
import type { MiniWorld } from "./types";

/**
 * Judges chains about the pictures of a world. Their steps, in order:
 * - analysis: a value was seen wrongly
 * - candidates: not different classes of the domain, not the options that were offered, or the truth is not among them
 * - recall: a comparison is of another candidate, or gives it values it does not have
 * - count: a verdict does not follow from the written values
 * - last: all was right, but another name was predicted or answered
 */
export function chainJudge(world: Pick<MiniWorld, "config" | "classOf" | "classNamed" | "lookalikes">): ChainJudge {
  const parse = (text: string, truth: SubCategory, options?: readonly string[]): ParsedChain | undefined => {
    const candidates = options?.length ?? Math.min(CANDIDATES, world.lookalikes(truth).length);
    return parseChain(world.config, text, candidates);
  };
  return {
    steps: STEP_KINDS,
    mark: (text, truth, options) => {
      const parsed = parse(text, truth, options);
      return parsed && markSteps(parsed, { world, truth: world.classOf(truth), options });
    },
    use: (text, truth, options) => {
      const parsed = parse(text, truth, options);
      const domain = world.lookalikes(truth).map((one) => world.classOf(one));
      return parsed && useOf(parsed, domain);
    },
  };
}

function useOf({ analysis, comparison, answer }: ParsedChain, domain: readonly WorldClass[]): ChainUse {
  const fits = comparison.map(({ values }) => values.filter((value, i) => value === analysis[i]).length);
  const best = comparison.filter((_, i) => fits[i] === Math.max(...fits));
  const like = domain.filter(({ attributes }) => describe(attributes) === analysis.join(" "));
  const answered = ([only, another]: readonly { readonly name: string }[]): boolean | null =>
    only === undefined || another !== undefined ? null : only.name === answer;
  return { follows: answered(best), described: answered(like) };
}
