/** The JSON lines between the harness and its two workers. */

export type Command = { readonly command: "step" } | { readonly command: "stop" };

/** A worker's first line. */
export interface Ready {
  /** Name and versions. */
  readonly ready: string;
  readonly parameters: number;
  readonly threads: number;
  readonly peakMib: number;
  /** log π of the probe completion, token by token, under the first prompt: both sides must agree on it. */
  readonly probe: readonly number[];
}

export const PARTS = ["total", "generation", "scoring", "update"] as const;
export type Part = (typeof PARTS)[number];

/** A worker's answer to "step". Times in seconds; `total` is the sum of the three parts. */
export type StepReport = Readonly<Record<Part, number>> & {
  /** Sampled tokens, to show that both sides made as many. */
  readonly tokens: number;
  readonly peakMib: number;
};

/** task.json beside the model, written by bench/peer/make_model.py. */
export interface BenchTask {
  readonly newTokens: number;
  /** Rollouts of a prompt. */
  readonly rollouts: number;
  readonly imageSide: number;
  /** Never sampled, on either side; the stop token is among them, so every rollout is `newTokens` long. */
  readonly suppressedTokens: readonly number[];
  readonly probe: readonly number[];
  readonly parameters: number;
  /** Images are raw RGB bytes in base64. */
  readonly prompts: readonly {
    readonly text: string;
    readonly anchor: string;
    readonly positive: string;
    readonly negative: string;
  }[];
}
