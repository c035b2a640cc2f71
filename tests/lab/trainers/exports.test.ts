import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as yaml from "yaml";
import { LabError } from "../../../src/core/errors";
import { readJson } from "../../../src/core/files";
import { silent } from "../../../src/core/progress";
import { decodeImage, readImage } from "../../../src/data/images";
import { STAGE2_SUFFIX } from "../../../src/data/prompts";
import { openDataset } from "../../../src/lab/datasets";
import { loadProfile } from "../../../src/lab/profile";
import { releasedSettings } from "../../../src/lab/trainers/released";
import { presetOf, type Values } from "../../../src/lab/trainers/values";
import { exportLlamaFactory, exportStage2, type TrainerExport } from "../../../src/lab/trainers/write";

/** Exports of the profile smoke, its chains and triplets made once in a store of their own. */
const home = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-trainers-"));
const context = { store: path.join(home, "store"), progress: silent };

afterAll(() => {
  fs.rmSync(home, { recursive: true, force: true });
});

function given(
  stage: "sft" | "rl",
  name: string,
  set: Record<string, unknown> = {},
  values: Values = "release",
): TrainerExport {
  const preset = presetOf(stage, values);
  const profile = loadProfile("smoke", { ...preset.set, ...set });
  const { leave } = preset;
  return {
    profile,
    seed: 1,
    context,
    make: true,
    words: "-p smoke",
    folder: path.join(home, name),
    model: "BASE",
    gpus: 4,
    leave,
  };
}

interface Record4 {
  messages: { role: string; content: string }[];
  images: string[];
}

describe("stage 1 for LLaMA-Factory", () => {
  const folder = path.join(home, "stage1");
  let records: Record4[] = [];

  beforeAll(async () => {
    const { what, launch, curation } = await exportLlamaFactory(given("sft", "stage1"));
    expect([curation?.images, curation?.accepted]).toEqual([20, 20]); // every picture: the world's own teacher tries again until it is right
    // smoke: chains for every seen class (5 in each of two domains), two pictures each
    expect(what).toBe("20 chains of thought, 20 pictures");
    expect(launch).toBe(`cd ${folder} && FORCE_TORCHRUN=1 NPROC_PER_NODE=4 llamafactory-cli train sft.yaml`);
    records = readJson(path.join(folder, "stage1.json")) as Record4[];
  });

  it("has a record for each chain, in turns, with a picture for each mark", () => {
    expect(records).toHaveLength(20);
    for (const { messages, images } of records) {
      expect(messages.map(({ role }) => role)).toEqual(["user", "assistant"]); // the mini wording has no system turn
      const marks = messages.flatMap(({ content }) => content.split("<image>").slice(1));
      expect(marks).toHaveLength(images.length);
      expect(messages[1]?.content).toMatch(/<think>.*<\/answer>/u);
    }
  });

  it("has the dataset's pictures, pixel for pixel", async () => {
    const { train } = await openDataset("miniworld:smoke");
    const first = await readImage(path.join(folder, records[0]?.images[0] ?? ""));
    const all = await Promise.all(train.map((image) => image.load()));
    expect(all.filter(({ data }) => Buffer.compare(data, first.data) === 0)).toHaveLength(1);
  });

  it("names its columns and turns in dataset_info.json", () => {
    expect(readJson(path.join(folder, "dataset_info.json"))).toEqual({
      fine_r1_stage1: {
        file_name: "stage1.json",
        formatting: "sharegpt",
        columns: { messages: "messages", images: "images" },
        tags: {
          role_tag: "role",
          content_tag: "content",
          user_tag: "user",
          assistant_tag: "assistant",
          system_tag: "system",
        },
      },
    });
  });

  it("has the values of the released script", () => {
    // the flags of LLaMA-Factory/cot_sft_3b.sh (FineR1_ICLR2026), and LLaMA-Factory's own choice of what is frozen
    expect(yaml.parse(fs.readFileSync(path.join(folder, "sft.yaml"), "utf8"))).toMatchObject({
      ...{ stage: "sft", do_train: true, finetuning_type: "full", template: "qwen2_vl", flash_attn: "auto" },
      ...{ warmup_steps: 6, weight_decay: 0.1, learning_rate: 5e-6, lr_scheduler_type: "cosine" },
      ...{ per_device_train_batch_size: 4, gradient_accumulation_steps: 4, num_train_epochs: 10 },
      ...{ cutoff_len: 4096, bf16: true, logging_steps: 1, save_steps: 1000, ddp_timeout: 9000 },
      ...{ freeze_vision_tower: true, freeze_multi_modal_projector: true, freeze_language_model: false },
      ...{ deepspeed: `${folder}/ds_z3_config.json`, model_name_or_path: "BASE", dataset_dir: folder },
    });
  });

  it("trains every part with the paper's values, and what --set says goes before", async () => {
    const paper = given("sft", "paper", { "sft.epochs": 3 }, "paper");
    const { launch } = await exportLlamaFactory({ ...paper, gpus: 1 });
    expect(launch).toBe(`cd ${home}/paper && CUDA_VISIBLE_DEVICES=0 llamafactory-cli train sft.yaml`);
    const settings = yaml.parse(fs.readFileSync(path.join(home, "paper", "sft.yaml"), "utf8")) as object;
    const trained = { freeze_vision_tower: false, freeze_multi_modal_projector: false, freeze_language_model: false };
    expect(settings).toMatchObject({ ...trained, num_train_epochs: 3, gradient_accumulation_steps: 16 });
    expect(settings).not.toHaveProperty("deepspeed");
  });

  it("takes chains of a file", async () => {
    const [cot] = fs.readdirSync(context.store).filter((name) => name.startsWith("cot-"));
    const lines = fs.readFileSync(path.join(context.store, cot ?? "", "records.jsonl"), "utf8").split("\n");
    const file = path.join(home, "two.jsonl");
    fs.writeFileSync(file, lines.slice(0, 2).join("\n"));
    const { what } = await exportLlamaFactory({ ...given("sft", "two"), make: false }, file);
    expect(what).toBe("2 chains of thought, 2 pictures");
  });

  it("takes the chains of the profile's own teacher, and goes no further without one", async () => {
    const script = path.join(home, "teacher.json");
    fs.writeFileSync(script, JSON.stringify({ rules: [], otherwise: [{ text: "white wings" }] })); // no chain: nothing is accepted
    const set = { "cot.teacher": `scripted:${script}`, "cot.maxAttempts": 1 };
    const without = exportLlamaFactory(given("sft", "taught", set));
    await expect(without).rejects.toThrow(/records\.jsonl: holds no chain of thought to learn from\. .*report\.json/u);
    expect(fs.existsSync(path.join(home, "taught"))).toBe(false);
  });

  it("writes over nothing, and says which command makes missing chains", async () => {
    await expect(exportLlamaFactory(given("sft", "stage1"))).rejects.toThrow(/stage1: is not empty/u);
    const other = { ...given("sft", "none"), seed: 7, make: false };
    await expect(exportLlamaFactory(other)).rejects.toThrow(/with --make, or `npx fine-r1 run quickstart -p smoke --seeds 7 --only cot-sft`/u); // prettier-ignore
    expect(fs.existsSync(path.join(home, "none"))).toBe(false);
  });

  it("refuses by name what it cannot be told", async () => {
    const train = { tower: false, merger: false, language: true, embeddings: false };
    const refused = given("sft", "no", { "sft.batchSize": 60, "sft.train": train, "sft.nonFinite": "skip" });
    const error = await exportLlamaFactory(refused).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LabError);
    const message = String(error);
    expect(message).toContain("sft.batchSize (60 is no multiple of microBatchSize 4 × 4 GPUs: --gpus); ");
    expect(message).toContain("sft.train (the embeddings are frozen or trained with the language model)");
    expect(message).toContain("--leave sft.batchSize,sft.nonFinite,sft.train;");
    const wrong = { ...refused, leave: ["sft.trian"] };
    await expect(exportLlamaFactory(wrong)).rejects.toThrow(/Did you mean sft\.train\?/u);
  });
});

describe("stage 2", () => {
  /** Batches that the forty questions of smoke fill. */
  const FEW = { "rl.promptsPerRollout": 32, "rl.promptsPerUpdate": 16 };
  /** Every picture column has one picture a row, as `datasets` stores it. */
  interface Row {
    images: [{ bytes: Uint8Array; path: string }];
    image_noisy: Row["images"];
    image_aug: Row["images"];
    problem: string;
    answer: string;
  }
  async function rowsOf(folder: string): Promise<Row[]> {
    const bytes = fs.readFileSync(path.join(folder, "data", "train-00000.parquet"));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    expect(parquetMetadata(file).key_value_metadata?.map(({ key }) => key)).toContain("huggingface");
    return (await parquetReadObjects({ file, utf8: false })) as unknown as Row[];
  }

  it("writes triplets as the released trainer reads them, all pictures of the anchor's size", async () => {
    const { what, launch } = await exportStage2("released", given("rl", "released", { ...FEW, promptSet: "released" }));
    const folder = path.join(home, "released");
    // smoke: four training pictures of each of ten seen classes, each the anchor of one triplet
    expect(what).toBe("40 triplets in 1 parquet file");
    expect(launch).toBe(`python3 -m verl.trainer.main config=${folder}/config_tapo.yaml`);
    const rows = await rowsOf(folder);
    expect(rows).toHaveLength(40);
    for (const row of rows) {
      const pictures = [...row.images, ...row.image_noisy, ...row.image_aug];
      expect(pictures).toHaveLength(3);
      const sizes = await Promise.all(pictures.map(async ({ bytes, path: name }) => {
          const { width, height } = await decodeImage(bytes, name);
          return `${width}×${height}`;
        }),
      ); // prettier-ignore
      expect(new Set(sizes).size).toBe(1);
      expect(row.problem).toMatch(/^<image>(bird|car) \?$/u); // the mini-world asks so in any wording
      expect(row.answer).not.toBe("");
    }
    expect(fs.readFileSync(path.join(folder, "format_prompt.jinja"), "utf8")).toBe(`{{ content | trim }}\n\n${STAGE2_SUFFIX}`); // prettier-ignore
  });

  it("has the values of the released script, key by key", () => {
    const { profile, leave, model, gpus, seed, folder } = given("rl", "whole");
    const run = { model, gpus, seed, folder, rows: 1812, formatPrompt: true };
    // config_tapo.yaml with what tapo_3b.sh sets on top (FineR1_ICLR2026)
    expect(releasedSettings(profile.rl, run, leave)).toMatchObject({
      data: {
        ...{ train_files: `${folder}/data`, prompt_key: "problem", answer_key: "answer", image_key: "images" },
        ...{
          max_prompt_length: 4096,
          max_response_length: 2048,
          rollout_batch_size: 384,
          mini_rollout_batch_size: 128,
        },
        ...{ shuffle: true, seed: 1, max_pixels: 1003520, min_pixels: 200704, filter_overlong_prompts: true },
        format_prompt: `${folder}/format_prompt.jinja`,
      },
      algorithm: {
        ...{ adv_estimator: "dapo", disable_kl: true, use_kl_loss: true, kl_penalty: "low_var_kl" },
        ...{ online_filtering: true, filter_key: "accuracy", filter_low: 0.01, filter_high: 0.99 },
        ...{ use_kl_prcp: true, contrastive_type: "augmented", kl_prcp_penalty: "low_var_kl", kl_prcp_coef: 0.01 },
        ...{ use_aug_entropy_loss: true, aug_entropy_loss_coef: 0.03 },
        ...{ use_ori_entropy_loss: true, ori_entropy_loss_coef: 0.03, kl_prcp_apply_mode: "all" },
      },
      worker: {
        actor: {
          ...{ global_batch_size: 128, micro_batch_size_per_device_for_update: 4, max_grad_norm: 1, is_noisy: true },
          ...{ clip_ratio_low: 0.2, clip_ratio_high: 0.28, padding_free: true },
          model: { model_path: "BASE", freeze_vision_tower: false, enable_gradient_checkpointing: true },
          optim: { lr: 1e-6, weight_decay: 0.01, strategy: "adamw_bf16", lr_warmup_ratio: 0 },
        },
        rollout: { n: 5, temperature: 1, top_p: 0.99, gpu_memory_utilization: 0.6, tensor_parallel_size: 1 },
        reward: { reward_function: "examples/reward_function/cls_thinking.py:compute_score" },
      },
      trainer: { total_epochs: 10, max_try_make_batch: -1, n_gpus_per_node: 4, save_freq: 5, save_limit: 3 },
    });
    // what the script leaves to the trainer, which would make 1,792 // 384 = 4 batches of an epoch: 40 in all
    expect(releasedSettings(profile.rl, run, leave)).toMatchObject({ trainer: { max_steps: 47 } });
  });

  it("takes the triplets that the profile mines: by another program's vectors, where it names them", async () => {
    const { train } = await openDataset("miniworld:smoke");
    const vectors = path.join(home, "vectors.jsonl");
    // classes in the order of their training pictures, each most like the one that it shares a number with: the next or the one before
    const place = new Map([...new Set(train.map(({ subCategory }) => subCategory.id))].map((id, i) => [id, i]));
    const vectorOf = (id: string): number[] => Array.from({ length: 5 }, (_, i) => Number(i === (place.get(id) ?? 0) >> 1)); // prettier-ignore
    fs.writeFileSync(vectors, train.map(({ id, subCategory }) => `${JSON.stringify({ id, vector: vectorOf(subCategory.id) })}\n`).join("")); // prettier-ignore
    await exportStage2("released", given("rl", "mined", { ...FEW, mining: `embeddings:${vectors}` }));
    const stages = fs.readdirSync(context.store).filter((name) => name.startsWith("triplets-")).map((name) => fs.readFileSync(path.join(context.store, name, "stage.json"), "utf8")); // prettier-ignore
    expect(stages.filter((text) => text.includes(`embeddings:${vectors}`))).toHaveLength(1);
  });

  it("refuses the paper's update for the released trainer, and a ratio that it has not", async () => {
    const error = await exportStage2("released", given("rl", "no", { "rl.n1": 6, "rl.n2": 4 }, "paper")).catch(String);
    expect(error).toContain("the released trainer: cannot be told 4 options of this profile:");
    expect(error).toContain("rl.n1 (as many answers are drawn for the positive as for the anchor: n1 = n2, not 6:4)");
    expect(error).toContain(
      "rl.updateCondition (answers about the positive are scored and updated under the positive: ",
    );
    expect(error).toContain("--leave rl.n1,rl.updateCondition,rl.whenExhausted,rl.objective.tokenMean;");
  });

  it("writes the same rows for verl, with its own keys", async () => {
    const left = ["rl.maxResample", "rl.whenExhausted"];
    const set = { "rl.n1": 6, "rl.n2": 4, "rl.epochs": 0.5, "rl.promptsPerRollout": 8, "rl.promptsPerUpdate": 4 };
    const { launch } = await exportStage2("verl", { ...given("rl", "verl", set, "paper"), leave: left });
    const folder = path.join(home, "verl");
    expect(launch).toBe(`python3 -m verl.trainer.main_ppo --config-path ${folder} --config-name tapo`);
    const rows = await rowsOf(folder);
    expect(rows[0]?.problem).toMatch(/^<image> (bird|car) \? think$/u); // the mini wording is whole
    const settings: unknown = yaml.parse(fs.readFileSync(path.join(folder, "tapo.yaml"), "utf8"));
    expect(settings).toMatchObject({
      defaults: ["ppo_trainer", "_self_"],
      tapo: { n1: 6, n2: 4, update_condition: "anchor", gamma: 0.01, eta1: 0.03, kl_estimator: "released" },
      data: { train_files: `${folder}/data`, format_prompt: null, train_batch_size: 8 },
      actor_rollout_ref: {
        actor: { clip_ratio_high: 0.28, loss_agg_mode: "token-mean", ppo_mini_batch_size: 4 },
        rollout: { n: 10 },
      },
      // 0.5 epochs of 40 triplets in batches of 8: 2.5, which our training rounds to 3 batches
      trainer: { total_epochs: 1, total_training_steps: 3, max_actor_ckpt_to_keep: 2, v1: { trainer_mode: "tapo" } },
    });
    await expect(exportStage2("verl", given("rl", "verl-no", {}, "profile"))).rejects.toThrow(/rl\.train \(it trains every part/u); // prettier-ignore
  });

  it.each([["released", "release"], ["verl", "paper"]] as const)("refuses for %s a batch that the questions do not fill", async (trainer, values) => {
    const one = given("rl", "unfilled", {}, values);
    const left = { ...one, leave: ["rl.maxResample", "rl.whenExhausted"] };
    await expect(exportStage2(trainer, left)).rejects.toThrow("rl.promptsPerRollout: is 384, and the data have 40 questions: ");
    expect(fs.existsSync(one.folder)).toBe(false);
  }); // prettier-ignore
});
