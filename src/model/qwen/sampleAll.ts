import { Random } from "../../core/random";
import { cutByCost, PASS_BYTES, rolloutBytes } from "./batches";
import { rollOut, type Rollout, type RolloutOptions } from "./generate";
import type { QwenNetwork } from "./network";
import type { TokenSequence } from "./sequences";

/** Rows decoded together at most: beyond this a step's cost grows with the rows, so that more save no time. */
const MAX_ROWS = 512;

export interface SampleAllOptions extends RolloutOptions {
  /** G */
  readonly samples: number;
  readonly seed: number;
}

/**
 * Samples G rollouts of each prompt. Prompts of like length go together, in batches within the memory budget; the random
 * numbers of a rollout depend on the seed, the prompt's index and the sample's index alone.
 * @returns [B][G]
 */
export async function sampleAll(
  network: QwenNetwork,
  prompts: readonly TokenSequence[],
  options: SampleAllOptions,
): Promise<Rollout[][]> {
  const { samples, seed, maxNewTokens } = options;
  const rows = prompts.flatMap((prompt, b) =>
    Array.from({ length: samples }, (_, g) => ({ prompt, b, g, random: new Random(seed).fork(b).fork(g) })),
  );
  const order = [...rows].sort((x, y) => x.prompt.ids.length - y.prompt.ids.length || x.b - y.b || x.g - y.g);
  const costOf = (run: readonly (typeof rows)[number][]): number => {
    const longest = run.at(-1); // the order is by length
    if (longest === undefined) return 0;
    return run.length > MAX_ROWS ? Infinity : run.length * rolloutBytes(longest.prompt, maxNewTokens, network.config);
  };
  const out: Rollout[][] = prompts.map(() => []);
  for (const run of cutByCost(order, costOf, PASS_BYTES)) {
    const rollouts = await rollOut(network, run, options);
    run.forEach(({ b, g }, at) => {
      const group = out[b];
      const rollout = rollouts[at];
      if (group !== undefined && rollout !== undefined) group[g] = rollout;
    });
  }
  return out;
}
