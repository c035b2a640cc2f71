import type { BenchmarkName } from "../data/benchmarks/benchmark";
import type { Need } from "../data/questions";
import type { Claim, ClaimedDifference } from "../eval/claims";
import { CLOSED_ACCURACY as CLOSED, SS_RELATIVE as SIMILARITY, TEXT_INCLUSION as INCLUSION } from "../eval/measurements"; // prettier-ignore
import { BASE, FINE_R1 } from "../report/published/printed";
import type { PublishedId } from "../report/published/published";
import { about, minus, printed, type Measure } from "./claimParts";
import { REMARKS } from "./claimRemarks";

/**
 * What the paper claims about its experiments, claim by claim in its order, and which differences of ours decide it. This page was written
 * before the runs that it judges (eval/claims holds the rule); whoever changes a claim or a margin afterwards says so, and why, among the
 * remarks (claimRemarks.ts), where all stands that was said after a run. Rows are called as in the experiments: "tapo" is Fine-R1 with the
 * weights as released, n₁ = n₂.
 *
 * Margins, all of them: 3 points for "no difference" in accuracy and in probing (a quarter of what Fine-R1 gains over its base in Table 1, and a
 * little under three standard errors of an accuracy over the mini-world's 1,440 questions), 0.05 for the difference of cosines (the paper calls its own 0.044 "little"), 3 points for "no loss".
 */

const PROBE: Measure = { setting: "states", metric: "probeBest" };
const KINSHIP: Measure = { setting: "states", metric: "kinship", domain: "items" };

/** Fine-R1 over its base, in both splits of Table 1, 2 or 6. */
function overBase(table: PublishedId, of: Measure): ClaimedDifference[] {
  return (["seen", "unseen"] as const).map((split) =>
    minus("tapo", "base", of, split, printed(table, FINE_R1, BASE, `${split}_avg`)),
  );
}

const table1 = about({ experiment: "closed-world", where: "§5.2, Table 1" }, [
  {
    id: "closed-over-base",
    says: "Though trained on open questions alone, Fine-R1 chooses better among candidates than its base, on seen and on unseen classes",
    differences: overBase("table1", CLOSED),
  },
  {
    id: "closed-over-encoder",
    where: "Abstract, §5.2, Table 1",
    says: "Fine-R1 is ahead of contrastive encoders, dedicated to telling classes apart",
    differences: [minus("tapo", "siglip", CLOSED, "all", printed("table1", FINE_R1, "SigLIP-L"))],
  },
  {
    id: "closed-larger",
    says: "A larger Fine-R1 gains as well: it is ahead of its own base and of the encoder",
    differences: [
      minus("larger-tapo", "larger", CLOSED, "all", printed("table1", "Fine-R1-7B", "Qwen2.5-VL-7B")),
      minus("larger-tapo", "siglip", CLOSED, "all", printed("table1", "Fine-R1-7B", "SigLIP-L")),
    ],
  },
  {
    id: "closed-small-over-larger",
    where: "§1 (contribution 2), Table 1",
    says: "Fine-R1 is ahead of a larger model that was not trained so",
    differences: [minus("tapo", "larger", CLOSED, "all", printed("table1", FINE_R1, "Qwen2.5-VL-7B"))],
  },
]);

const tables2and6 = about({ experiment: "open-world", where: "§5.2, Table 2" }, [
  {
    id: "open-over-base",
    says: "Without candidates, Fine-R1's answers are nearer to the truth than its base's, on seen and on unseen classes",
    differences: overBase("table2", SIMILARITY),
  },
  {
    id: "open-larger",
    where: "§1, §5.2, Table 2",
    says: "A larger Fine-R1 gains without candidates, too: its answers are nearer to the truth than its own base's",
    differences: [minus("larger-tapo", "larger", SIMILARITY, "all", printed("table2", "Fine-R1-7B", "Qwen2.5-VL-7B"))],
  },
  {
    id: "open-small-over-larger",
    where: "§1 (contribution 2), Table 2",
    says: "Without candidates, too, Fine-R1 is ahead of a larger model that was not trained so",
    differences: [minus("tapo", "larger", SIMILARITY, "all", printed("table2", FINE_R1, "Qwen2.5-VL-7B"))],
  },
  {
    id: "inclusion-over-base",
    where: "Appendix E, Table 6",
    says: "Without candidates, Fine-R1 names the class more often than its base, on seen and on unseen classes",
    differences: overBase("table6", INCLUSION),
  },
]);

const of3a = (a: string, b: string, split: "seen" | "unseen"): number => printed("figure3a", a, b, split);

const figure3a = about({ experiment: "training-methods", where: "§5.3, Fig. 3a" }, [
  {
    id: "sft-overfits",
    says: "SFT on names gains on seen classes and loses on unseen ones: it overfits",
    differences: [
      minus("sft-labels", "base", CLOSED, "seen", of3a("SFT", "Zero-shot", "seen")),
      minus("base", "sft-labels", CLOSED, "unseen", of3a("Zero-shot", "SFT", "unseen")),
    ],
    mini: "The direction of SFT was looked at, and not fitted, when the world was calibrated.",
  },
  {
    id: "cls-rl-loses-less",
    says: "RL with thinking from the base (CLS-RL) loses less on unseen classes than SFT",
    differences: [minus("cls-rl", "sft-labels", CLOSED, "unseen", of3a("CLS-RL", "SFT", "unseen"))],
  },
  {
    id: "cls-rl-below-base",
    says: "CLS-RL stays below the base itself, on seen and on unseen classes: models of limited capability write poor chains to learn from",
    differences: [
      minus("base", "cls-rl", CLOSED, "seen", of3a("Zero-shot", "CLS-RL", "seen")),
      minus("base", "cls-rl", CLOSED, "unseen", of3a("Zero-shot", "CLS-RL", "unseen")),
    ],
  },
  {
    id: "no-thinking-between",
    says: "RL without thinking gains on seen classes, and less than SFT",
    differences: [
      minus("no-thinking-rl", "base", CLOSED, "seen", of3a("No-Thinking-RL", "Zero-shot", "seen")),
      minus("sft-labels", "no-thinking-rl", CLOSED, "seen", of3a("SFT", "No-Thinking-RL", "seen")),
    ],
  },
  {
    id: "two-stages-best",
    where: "§1, §5.3, Fig. 3a",
    says: "CoT SFT and then TAPO are ahead of all of them: of SFT on seen classes, of SFT, CLS-RL and No-Thinking RL on unseen ones",
    differences: [
      minus("tapo", "sft-labels", CLOSED, "seen", of3a("CoT SFT + TAPO", "SFT", "seen")),
      minus("tapo", "sft-labels", CLOSED, "unseen", of3a("CoT SFT + TAPO", "SFT", "unseen")),
      minus("tapo", "cls-rl", CLOSED, "unseen", of3a("CoT SFT + TAPO", "CLS-RL", "unseen")),
      minus("tapo", "no-thinking-rl", CLOSED, "unseen", of3a("CoT SFT + TAPO", "No-Thinking-RL", "unseen")),
    ],
  },
]);

const figure3b = about({ experiment: "inference", where: "§5.3, Fig. 3b" }, [
  {
    id: "cot-prompt",
    says: "Asking the base to think, without training it to, changes little",
    expects: { within: 0.03 },
    differences: [
      // "let's think step by step" is no wording of the mini-world
      { ...minus("base-step-by-step", "base", CLOSED, "all", printed("figure3b", "CoT prompting", "Zero-shot")), orElse: { a: "base-think" } }, // prettier-ignore
    ],
  },
  {
    id: "in-context",
    says: "Demonstrations of seen classes in the prompt do not bring the base to where Fine-R1 is",
    differences: [
      minus("tapo", "base-in-context", CLOSED, "all", printed("figure3b", "Fine-R1-3B", "In-context learning")),
    ],
  },
  {
    id: "ensembling",
    says: "Fine-R1 is ahead of an encoder with an ensemble of templates, too",
    differences: [minus("tapo", "siglip-ensemble", CLOSED, "all")],
  },
]);

const of3c = (a: string, b: string): number => printed("figure3c", a, b);

const figure3c = about({ experiment: "components", where: "§5.3, Fig. 3c" }, [
  {
    id: "cot-sft-helps",
    says: "CoT SFT alone brings the answers nearer to the truth",
    differences: [minus("cot-sft", "base", SIMILARITY, "all", of3c("CoT SFT", "Zero-shot"))],
  },
  {
    id: "dapo-helps",
    says: "DAPO after CoT SFT adds to it",
    differences: [minus("dapo", "cot-sft", SIMILARITY, "all", of3c("CoT SFT + DAPO", "CoT SFT"))],
  },
  {
    id: "each-augmentation-helps",
    says: "Intra-class augmentation alone and inter-class augmentation alone are each ahead of DAPO",
    differences: [minus("intra", "dapo", SIMILARITY, "all"), minus("inter", "dapo", SIMILARITY, "all")],
  },
  {
    id: "both-best",
    says: "Both augmentations together (TAPO) are best: ahead of DAPO and of each alone",
    differences: [
      minus("tapo", "dapo", SIMILARITY, "all", of3c("CoT SFT + TAPO", "CoT SFT + DAPO")),
      minus("tapo", "intra", SIMILARITY, "all"),
      minus("tapo", "inter", SIMILARITY, "all"),
    ],
  },
]);

const table3: Claim[] = [
  {
    id: "five-to-five",
    experiment: "ratio",
    where: "§5.3, Table 3a",
    says: "Half of the rollouts from the positive image is the best share, on unseen classes",
    differences: ["10:0", "8:2", "2:8", "0:10"].map((other) =>
      minus("5:5", other, SIMILARITY, "unseen", printed("table3a", "5:5", other)),
    ),
  },
  {
    id: "more-chains",
    experiment: "chain-count",
    where: "§5.3, Table 3b",
    says: "More chains of thought in stage 1 help on unseen classes, up to the largest number",
    differences: [
      minus("cot-sft-804", "cot-sft-404", SIMILARITY, "unseen", printed("table3b", "804", "404")),
      minus("cot-sft-1199", "cot-sft-804", SIMILARITY, "unseen", printed("table3b", "1199", "804")),
    ],
  },
  {
    id: "other-architecture",
    experiment: "cross-model",
    where: "§5.3, Table 3c",
    says: "From Qwen2-VL, too, TAPO is ahead of DAPO, and DAPO of the base",
    differences: [
      minus("qwen2-tapo", "qwen2-dapo", SIMILARITY, "all", printed("table3c", "CoT SFT + TAPO", "CoT SFT + DAPO")),
      minus("qwen2-dapo", "qwen2", SIMILARITY, "all", printed("table3c", "CoT SFT + DAPO", "Zero-shot")),
    ],
  },
];

/** Fine-R1 minus a row in a benchmark of Table 7; in a world that has questions of its own, in those that stand for it. */
function general(row: string, own: Need, benchmark: BenchmarkName, paper?: number): ClaimedDifference {
  const of = { setting: "general", metric: own, domain: "items" } as const;
  return { ...minus("tapo", row, of, "all", paper), orElse: { setting: benchmark, metric: benchmark } };
}

const IMAGEWIKIQA = printed("table7", FINE_R1, BASE, "imagewikiqa");

const analyses: Claim[] = [
  {
    id: "h1-visual-cues",
    experiment: "knowledge",
    where: "§5.4, Table 4 (H1)",
    says: "A linear probe reads classes off the image tokens of Fine-R1 no better than off those of its base",
    expects: { within: 0.03 },
    differences: [minus("tapo", "base", PROBE, "all", printed("table4", FINE_R1, BASE, "probing"))],
  },
  {
    id: "h2-knowledge",
    experiment: "knowledge",
    where: "§5.4, Table 4 (H2)",
    says: "Species of one genus are no nearer to each other in Fine-R1's states than in its base's: what it knows of classes has not changed",
    expects: { within: 0.05 },
    differences: [minus("tapo", "base", KINSHIP, "all", printed("table4", FINE_R1, BASE, "delta"))],
  },
  {
    id: "h3-deployment",
    experiment: "separability",
    where: "§5.4, Fig. 4 (H3)",
    says: "Right and wrong pairs of picture and name are told apart better by a plane in Fine-R1's states than in its base's",
    differences: [minus("tapo", "base", { setting: "last layer", metric: "separability", domain: "items" }, "all")],
    note: "The paper shows a picture; the number is ours: a linear classifier's accuracy on pairs that it was fitted without.",
  },
  {
    id: "recognition-first",
    experiment: "general",
    where: "§1, Appendix F, Table 7",
    says: "Fine-R1 answers more of the questions that need recognition first than its base",
    differences: [
      general("base", "recognition", "imagewikiqa", IMAGEWIKIQA),
      general("base-think", "recognition", "imagewikiqa"),
    ],
    note: `The paper's base answers at once, ${(100 * IMAGEWIKIQA).toFixed(2)} points behind. Here it must be behind when it thinks first, too, of which the paper prints nothing (–): else asking it to think would do as well as training.`,
  },
  {
    id: "general-kept",
    experiment: "general",
    where: "Appendix F, Table 7",
    says: "General questions are answered as well as before: nothing is lost",
    expects: { notBelow: 0.03 },
    differences: [
      general("base", "reading", "mmbench", printed("table7", FINE_R1, BASE, "mmbench")),
      general("base", "text", "seedbench", printed("table7", FINE_R1, BASE, "seed_bench")),
    ],
    mini: "MME is points and not judged; it lost 4 of 1,591. MMBench and SEED-Bench stand beside the mini-world's questions on reading pictures and on knowledge in text, which are easier by far.",
  },
];

/** Every claim, in the paper's order. */
export const CLAIMS: readonly Claim[] = [
  ...table1,
  ...tables2and6,
  ...figure3a,
  ...figure3b,
  ...figure3c,
  ...table3,
  ...analyses,
].map((claim) => ({ ...claim, ...REMARKS[claim.id] }));

/** The claims that an experiment decides. */
export function claimsOf(experiment: string): Claim[] {
  return CLAIMS.filter((claim) => claim.experiment === experiment);
}
