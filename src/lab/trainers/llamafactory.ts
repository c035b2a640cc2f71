import * as path from "node:path";
import * as yaml from "yaml";
import { LabError } from "../../core/errors";
import { writeFileAtomic, writeJson } from "../../core/files";
import { asTask, check } from "../../core/progress";
import { quoted } from "../../core/shell";
import { IMAGE_MARKER } from "../../model/contract";
import type { SftExample } from "../../sft/train";
import type { SftOptions } from "../../sft/options";
import type { LabContext } from "../stage";
import { cannot, express, same, saying, type Expressions } from "./express";
import { PictureFolder } from "./pictures";

/** The name under which dataset_info.json has the chains. */
const LLAMAFACTORY_DATASET = "fine_r1_stage1";
const DATA = "stage1.json";
const SETTINGS = "sft.yaml";
const DEEPSPEED = "ds_z3_config.json";

/** What the options do not say. */
export interface LlamaFactoryRun {
  /** The base model: a folder or a name of the hub. */
  readonly model: string;
  /** GPUs that share a batch. */
  readonly gpus: number;
  /** Where the export will lie in the end: its files name each other by it. */
  readonly folder: string;
}

/** Each option of stage 1 → LLaMA-Factory 0.9.5. */
export function llamaFactoryKeys(gpus: number): Expressions<SftOptions> {
  return {
    epochs: same("num_train_epochs"),
    batchSize: {
      to: "per_device_train_batch_size × gradient_accumulation_steps × GPUs",
      as: (batch, { microBatchSize }) =>
        batch % (microBatchSize * gpus) === 0
          ? { gradient_accumulation_steps: batch / (microBatchSize * gpus) }
          : cannot(`${batch} is no multiple of microBatchSize ${microBatchSize} × ${gpus} GPUs: --gpus`),
    },
    microBatchSize: same("per_device_train_batch_size"),
    learningRate: same("learning_rate"),
    warmupSteps: same("warmup_steps"),
    weightDecay: same("weight_decay"),
    maxGradNorm: same("max_grad_norm"),
    nonFinite: {
      to: "cannot be expressed",
      as: (value) => (value === undefined ? {} : cannot("an update that is not finite is neither stopped nor skipped")),
    },
    train: {
      to: "freeze_vision_tower, freeze_multi_modal_projector, freeze_language_model",
      as: ({ tower, merger, language, embeddings }) =>
        language === embeddings
          ? {
              freeze_vision_tower: !tower,
              freeze_multi_modal_projector: !merger,
              freeze_language_model: !language,
            }
          : cannot("the embeddings are frozen or trained with the language model"),
    },
    seed: same("seed"),
  };
}

/** What the script sets beside our options. */
const FIXED = {
  stage: "sft",
  do_train: true,
  finetuning_type: "full",
  template: "qwen2_vl",
  cutoff_len: 4096,
  lr_scheduler_type: "cosine",
  bf16: true,
  flash_attn: "auto",
  ddp_timeout: 9000,
  logging_steps: 1,
  save_steps: 1000,
  report_to: "none",
} as const;

/** ZeRO-3 with everything left to the Trainer, as `examples/deepspeed/ds_z3_config.json` of LLaMA-Factory has it. */
const ZERO_3 = {
  train_batch_size: "auto",
  train_micro_batch_size_per_gpu: "auto",
  gradient_accumulation_steps: "auto",
  gradient_clipping: "auto",
  zero_allow_untested_optimizer: true,
  bf16: { enabled: "auto" },
  zero_optimization: {
    stage: 3,
    overlap_comm: true,
    contiguous_gradients: true,
    reduce_bucket_size: "auto",
    stage3_prefetch_bucket_size: "auto",
    stage3_param_persistence_threshold: "auto",
    stage3_gather_16bit_weights_on_model_save: true,
  },
} as const;

/** The settings file's keys. @throws LabError for options that LLaMA-Factory cannot be told */
export function llamaFactorySettings(
  options: SftOptions,
  { model, gpus, folder }: LlamaFactoryRun,
  left: readonly string[],
): Record<string, unknown> {
  return {
    model_name_or_path: model,
    ...FIXED,
    dataset_dir: folder,
    dataset: LLAMAFACTORY_DATASET,
    output_dir: path.join(folder, "model"),
    ...express("LLaMA-Factory", saying("sft", options, llamaFactoryKeys(gpus)), left),
    ...(gpus === 1 ? {} : { deepspeed: path.join(folder, DEEPSPEED) }),
  };
}

/**
 * Writes chains as LLaMA-Factory reads them: sharegpt records with `<image>` where the picture stands, the pictures, dataset_info.json, and
 * the settings of its run.
 * @param into the folder to fill
 * @returns how much there is
 */
export async function writeLlamaFactory(
  examples: readonly SftExample[],
  settings: Readonly<Record<string, unknown>>,
  run: LlamaFactoryRun,
  into: string,
  { progress, signal }: Pick<LabContext, "progress" | "signal">,
): Promise<{ examples: number; pictures: number }> {
  const pictures = new PictureFolder(into);
  const records: unknown[] = [];
  await asTask(progress, "writing examples", examples.length, async (task) => {
    for (const example of examples) {
      check(signal);
      if (example.completion.includes(IMAGE_MARKER))
        throw new LabError(`has a chain of thought with ${IMAGE_MARKER}, where the trainer would want a picture`, "Remove the mark from the chain.", { subject: example.id }); // prettier-ignore
      const { messages, images } = await example.prompt();
      const files = [];
      for (const [at, image] of images.entries()) files.push(await pictures.add(`${example.id}${at === 0 ? "" : ` ${at}`}`, image)); // prettier-ignore
      records.push({ messages: [...messages, { role: "assistant", content: example.completion }], images: files });
      task.update(records.length);
    }
  });
  writeJson(path.join(into, DATA), records);
  writeJson(path.join(into, "dataset_info.json"), { [LLAMAFACTORY_DATASET]: DATASET_INFO });
  if (run.gpus > 1) writeJson(path.join(into, DEEPSPEED), ZERO_3);
  writeFileAtomic(path.join(into, SETTINGS), yaml.stringify(settings));
  return { examples: records.length, pictures: pictures.count };
}

/** The line that starts it. Its launcher for several GPUs takes every one that it is not told of, and cuts its arguments at spaces. */
export function llamaFactoryLaunch({ gpus, folder }: LlamaFactoryRun): string {
  const onGpus = gpus === 1 ? "CUDA_VISIBLE_DEVICES=0" : `FORCE_TORCHRUN=1 NPROC_PER_NODE=${gpus}`;
  return `cd ${quoted(folder)} && ${onGpus} llamafactory-cli train ${SETTINGS}`;
}

const DATASET_INFO = {
  file_name: DATA,
  formatting: "sharegpt",
  columns: { messages: "messages", images: "images" },
  tags: {
    role_tag: "role",
    content_tag: "content",
    user_tag: "user",
    assistant_tag: "assistant",
    system_tag: "system",
  },
} as const;
