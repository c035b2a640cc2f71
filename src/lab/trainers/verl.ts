import * as path from "node:path";
import type { Json } from "../../store/key";
import type { ObjectiveOptions } from "../../tapo/options";
import type { RlProfile } from "../profile";
import { rolloutBatches } from "../../tapo/train";
import { wholeEpochs } from "./batches";
import { cannot, express, inData, nested, same, saying, type Expressions } from "./express";
import { UNBOUNDED, type Stage2Run } from "./released";
import { FORMAT_PROMPT, ROWS } from "./triplets";

/** The file that holds verl's configuration, and the group of it that verl-tapo reads. */
export const VERL_CONFIG = "tapo";

const ACTOR = "actor_rollout_ref.actor";
const ROLLOUT = "actor_rollout_ref.rollout";

/** Each term of the objective → verl 0.9.1 with the package verl-tapo. */
export const VERL_OBJECTIVE: Expressions<ObjectiveOptions> = {
  clipLow: same(`${ACTOR}.clip_ratio_low`),
  clipHigh: same(`${ACTOR}.clip_ratio_high`),
  clipDual: { to: `${ACTOR}.clip_ratio_c`, as: (value) => ({ [`${ACTOR}.clip_ratio_c`]: value ?? UNBOUNDED }) },
  gamma: same("tapo.gamma"),
  klEstimator: same("tapo.kl_estimator"),
  negativeGradient: {
    to: "cannot be expressed (false only)",
    as: (value) => (value ? cannot("log-probs under the negative are computed once, without gradient") : {}),
  },
  eta1: same("tapo.eta1"),
  eta2: same("tapo.eta2"),
  entropies: { to: "tapo.entropies", as: (value) => ({ "tapo.entropies": value ?? "lowered" }) },
  referenceKl: {
    to: `${ACTOR}.use_kl_loss, ${ACTOR}.kl_loss_coef, ${ACTOR}.kl_loss_type`,
    as: (value) => ({
      [`${ACTOR}.use_kl_loss`]: value > 0,
      [`${ACTOR}.kl_loss_coef`]: value,
      [`${ACTOR}.kl_loss_type`]: "low_var_kl",
    }),
  },
  tokenMean: {
    to: `${ACTOR}.loss_agg_mode (batch, sequence)`,
    as: (value) =>
      value === "microBatch"
        ? cannot("tokens are averaged over the batch or in each answer: batch or sequence")
        : { [`${ACTOR}.loss_agg_mode`]: value === "batch" ? "token-mean" : "seq-mean-token-mean" },
  },
  microBatch: inData("decides nothing: micro-batches do not change means"),
};

/** Each other option of stage 2 but the epochs. */
const VERL: Omit<Expressions<RlProfile>, "epochs"> = {
  objective: inData("see objective.*"),
  n1: { to: `${ROLLOUT}.n (n1 + n2), tapo.n1`, as: (n1, { n2 }) => ({ [`${ROLLOUT}.n`]: n1 + n2, "tapo.n1": n1 }) },
  n2: same("tapo.n2"),
  updateCondition: {
    to: "tapo.update_condition",
    as: (value) => ({ "tapo.update_condition": value === "anchor" ? "anchor" : "rollout_image" }),
  },
  rivals: {
    to: "cannot be expressed",
    as: (value) => (value === undefined ? {} : cannot("negatives are those of the data")),
  },
  dynamicSampling: {
    to: "algorithm.filter_groups.enable, algorithm.filter_groups.metric",
    as: (value) => ({ "algorithm.filter_groups.enable": value, "algorithm.filter_groups.metric": "acc" }),
  },
  groupFilter: {
    to: "cannot be expressed (paper; released where n1 + n2 < 100)",
    as: (value, { n1, n2 }) =>
      value === "released" && n1 + n2 >= 100 ? cannot("it leaves out groups whose answers are all alike: paper") : {},
  },
  maxResample: {
    to: "cannot be expressed",
    as: (_, { dynamicSampling }) => (dynamicSampling ? cannot("it draws until the batch is full, without end") : {}),
  },
  whenExhausted: {
    to: "cannot be expressed",
    as: (_, { dynamicSampling }) => (dynamicSampling ? cannot("it draws until the batch is full, without end") : {}),
  },
  formatWeight: same("reward.custom_reward_function.reward_kwargs.format_weight"),
  advantageEps: {
    to: "cannot be expressed (1e-6 only)",
    as: (value) => (value === 1e-6 ? {} : cannot("its advantages have 1e-6")),
  },
  temperature: same(`${ROLLOUT}.temperature`),
  topP: same(`${ROLLOUT}.top_p`),
  maxNewTokens: same("data.max_response_length"),
  promptsPerRollout: same("data.train_batch_size"),
  promptsPerUpdate: same(`${ACTOR}.ppo_mini_batch_size`),
  learningRate: same(`${ACTOR}.optim.lr`),
  weightDecay: same(`${ACTOR}.optim.weight_decay`),
  maxGradNorm: same(`${ACTOR}.optim.clip_grad`),
  nonFinite: {
    to: "cannot be expressed (skip only)",
    as: (value) => (value === "stop" ? cannot("it skips an update that is not finite") : {}),
  },
  stage2Options: inData("in the rows"),
  microBatchSize: same(`${ACTOR}.ppo_micro_batch_size_per_gpu`),
  train: {
    to: "cannot be expressed (all parts only)",
    as: (parts) =>
      Object.values(parts).every(Boolean)
        ? {}
        : cannot("it trains every part: nothing of verl 0.9.1 reads freeze_vision_tower"),
  },
};

/** Each other option of stage 2 → verl 0.9.1 with verl-tapo. @param rows of the data, of which epochs are made: it counts them otherwise */
export function verlKeys(rows: number): Expressions<RlProfile> {
  return {
    ...VERL,
    epochs: {
      to: "trainer.total_training_steps; trainer.total_epochs, enough for them",
      as: (value, { promptsPerRollout }) => {
        const steps = rolloutBatches(rows, { epochs: value, promptsPerRollout });
        return {
          "trainer.total_training_steps": steps,
          "trainer.total_epochs": wholeEpochs(steps, rows, promptsPerRollout),
        };
      },
    },
  };
}

/** What stage 2 needs of verl beside our options; lengths and pixels as in the release's `config_tapo.yaml`. */
const FIXED: Readonly<Record<string, Json>> = {
  "data.max_prompt_length": 4096,
  "data.shuffle": true,
  "data.filter_overlong_prompts": true,
  "data.custom_cls": { path: "pkg://verl_tapo.dataset", name: "TapoDataset" },
  "data.mm_processor_kwargs": { max_pixels: 1003520, min_pixels: 200704 },
  "algorithm.adv_estimator": "grpo",
  "algorithm.norm_adv_by_std_in_grpo": true,
  "algorithm.use_kl_in_reward": false,
  [`${ACTOR}.policy_loss.loss_mode`]: "tapo",
  [`${ACTOR}.entropy_coeff`]: 0,
  [`${ROLLOUT}.name`]: "vllm",
  [`${ROLLOUT}.tensor_model_parallel_size`]: 1,
  [`${ROLLOUT}.calculate_log_probs`]: false, // the rollout's own, under the picture that was shown: not those of the update
  [`${ROLLOUT}.log_prob_micro_batch_size_per_gpu`]: 16,
  [`${ROLLOUT}.agent.default_agent_loop`]: "tapo_agent",
  [`${ROLLOUT}.agent.agent_loop_manager_class`]: "verl_tapo.rollout.TapoAgentLoopManager",
  "actor_rollout_ref.ref.log_prob_micro_batch_size_per_gpu": 16,
  "reward.custom_reward_function.path": "pkg://verl_tapo.reward",
  "reward.custom_reward_function.name": "compute_score",
  "trainer.v1.trainer_mode": "tapo",
  "trainer.project_name": "fine-r1",
  "trainer.experiment_name": "tapo",
  "trainer.logger": ["console"],
  "trainer.nnodes": 1,
  "trainer.val_before_train": false,
  "trainer.test_freq": -1,
  "trainer.save_freq": 5,
  "trainer.max_actor_ckpt_to_keep": 2, // else all of them: weights and AdamW's means as float32, 45 GB each for 3B
};

/** verl's configuration, on top of its own `ppo_trainer`. @throws LabError naming the options that it cannot be told */
export function verlSettings(
  options: RlProfile,
  { model, gpus, seed, folder, rows, formatPrompt }: Stage2Run,
  left: readonly string[],
): Record<string, unknown> {
  const said = {
    ...saying("rl", options, verlKeys(rows)),
    ...saying("rl.objective", options.objective, VERL_OBJECTIVE),
  };
  const settings = nested({
    ...FIXED,
    "data.train_files": path.join(folder, ROWS),
    "data.val_files": path.join(folder, ROWS),
    "data.seed": seed,
    "actor_rollout_ref.model.path": model,
    [`${ACTOR}.data_loader_seed`]: seed,
    [`${ROLLOUT}.seed`]: seed,
    "data.format_prompt": formatPrompt ? path.join(folder, FORMAT_PROMPT) : null,
    "trainer.n_gpus_per_node": gpus,
    "trainer.default_local_dir": path.join(folder, "checkpoints"),
    ...express("verl", said, left),
  });
  return { hydra: { searchpath: ["pkg://verl.trainer.config"] }, defaults: ["ppo_trainer", "_self_"], ...settings };
}
