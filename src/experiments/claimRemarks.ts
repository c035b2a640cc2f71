import type { Claim } from "../eval/claims";

const LATER = "Added on 28 November 2026, after its rows were recorded: a review found that the paper claims it, too.";

/**
 * What was said of claims after some of the runs that judge them, by the claim's id: what came out, what a verdict rests on, and which rows
 * were made anew and why. The claims, their margins and what they rest on (claims.ts) were written before, and no remark decides anything.
 */
export const REMARKS: Readonly<Record<string, Pick<Claim, "note" | "mini">>> = {
  "closed-over-encoder": {
    mini: "The world was to have the encoder above the base asked directly, by bands in which Fine-R1's row took no part: 9.8 points in the paper, 4.5 in the accepted recipe's own world, 2.4 in this one. The paper's margin is that of its 3B model.",
  },
  "closed-small-over-larger": { note: LATER },
  "open-larger": { note: LATER },
  "open-small-over-larger": { note: LATER },
  "inclusion-over-base": {
    mini: "The base was built to name classes wrongly when asked openly and directly, as weak names on the web are wrong: whatever is trained, and asking it to think alone, names more.",
  },
  "cls-rl-below-base": {
    mini: "This base was built to reason soundly about descriptions (its card says how soundly), so that the paper's reason does not apply to it: a check of the world rather than a finding.",
    note: "The reason is worded as the paper has it since 28 November 2026; it decides nothing.",
  },
  "cot-sft-helps": {
    note: "Until 28 November 2026 this page said “much nearer”, which the paper does not, and nothing decides.",
  },
  "no-thinking-between": {
    mini: "Both RL rows were made again on 27 November 2026 without dynamic sampling, which is DAPO's and not GRPO's; before, this claim was inconclusive.",
  },
  "cot-prompt": {
    mini: "The base was meant to think within 6 points of its direct answers (on its card is what it came to): a check of the world rather than a finding.",
  },
  "in-context": {
    mini: "A mini base has never seen two pictures at once and is thrown by them, so that most of the difference is no gain of Fine-R1's: the row of the base, asked directly, says how far.",
  },
  "more-chains": {
    mini: "Rows changed on 27 November 2026, before they were run: the sets are of one, two and three pictures of each class. The record before cut the smallest set, which in the paper is Fine-R1's own, to a third of the profile's.",
  },
  "other-architecture": {
    note: "The paper does not say what its averages are of; they are taken for SS_relative over both splits, as in Fig. 3c, and the verdict rests on that: without the paper's number the first difference would be inconclusive.",
  },
  "h1-visual-cues": {
    note: "Where the base stands near 100 %, as a mini base does, no gain could be seen.",
  },
  "h3-deployment": {
    mini: "Since 27 November 2026 names are as often right as wrong, and kept together: before, a name that was right in one fold was wrong in another, and accuracy fell below chance.",
  },
};
