import { Random } from "../../core/random";
import { cutByCost, PASS_BYTES, rolloutBytes } from "./batches";
import { rollOut, type Rollout, type RolloutOptions } from "./generate";
import type { QwenNetwork } from "./network";
import type { TokenSequence } from "./sequences";

export interface SampleAllOptions extends RolloutOptions {
  /** G */
  readonly samples: number;
  readonly seed: number;
  /** What the first prompt and the first sample of each count as for their random numbers; 0. */
  readonly firstPrompt?: number;
  readonly firstSample?: number;
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
  const { samples, seed, maxNewTokens, firstPrompt = 0, firstSample = 0 } = options;
  const rows = prompts.flatMap((prompt, b) =>
    Array.from({ length: samples }, (_, g) => {
      return { prompt, b, g, random: new Random(seed).fork(firstPrompt + b).fork(firstSample + g) };
    }),
  );
  const order = [...rows].sort((x, y) => x.prompt.ids.length - y.prompt.ids.length || x.b - y.b || x.g - y.g);
  const costOf = (run: readonly (typeof rows)[number][]): number => {
    const longest = run.at(-1); // the order is by length
    if (longest === undefined) return 0;
    return run.length * rolloutBytes(longest.prompt, maxNewTokens, network.config);
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
