import { EVERYTHING, LANGUAGE_ONLY } from "../../model/parameters";
import { DEFAULTS } from "../../tapo/options";

/** Where the values of training come from: the profile's own, the paper's or the released scripts'. */
export const VALUES = ["profile", "paper", "release"] as const;
export type Values = (typeof VALUES)[number];

/** The stage that a trainer does. */
export type TrainerStage = "sft" | "rl";

/** What takes the place of the profile's values, as `--set` would, and which options are left to the trainer. */
export interface Preset {
  readonly set: Readonly<Record<string, unknown>>;
  readonly leave: readonly string[];
}

/** Stage 1 as in `cot_sft_3b.sh`: 4 × 4 × 4 GPUs. The script names no frozen parts, and LLaMA-Factory's own choice freezes all but the language model. */
const SFT_RELEASE = {
  epochs: 10,
  batchSize: 64,
  microBatchSize: 4,
  learningRate: 5e-6,
  warmupSteps: 6,
  weightDecay: 0.1,
  maxGradNorm: 1,
  train: LANGUAGE_ONLY,
};

/** Stage 2 as in Appendix C, the rest as in the release. Wording and seed are not a trainer's. */
const RL_PAPER = Object.fromEntries(
  Object.entries({ ...DEFAULTS, microBatchSize: 4, train: EVERYTHING }).filter(
    ([key]) => key !== "promptSet" && key !== "seed",
  ),
);

/** Stage 2 as `tapo_3b.sh` and `config_tapo.yaml` have it, where these differ from the paper (numbers of docs/paper-index.md in brackets). */
const RL_RELEASE = {
  ...RL_PAPER,
  objective: { ...DEFAULTS.objective, tokenMean: "microBatch" }, // [6]
  updateCondition: "rolloutImage", // [1]
  groupFilter: "released", // [8]
};

const PRESETS: Readonly<Record<TrainerStage, Readonly<Record<Values, Preset>>>> = {
  sft: {
    profile: { set: {}, leave: [] },
    paper: { set: { sft: { ...SFT_RELEASE, train: EVERYTHING } }, leave: [] }, // Appendix C: "full fine-tune them for 10 epochs"
    release: { set: { sft: SFT_RELEASE }, leave: [] },
  },
  rl: {
    profile: { set: {}, leave: [] },
    paper: { set: { rl: RL_PAPER }, leave: [] },
    release: { set: { rl: RL_RELEASE }, leave: ["rl.maxResample", "rl.whenExhausted"] }, // [8]: it tries without end
  },
};

export function presetOf(stage: TrainerStage, values: Values): Preset {
  return PRESETS[stage][values];
}
