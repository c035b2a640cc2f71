import { qwen25vl3b, qwen2vl2b } from "./configSamples";

/**
 * The forms in which config.json of the published models is met: as their authors publish it, and as releases of transformers, and what
 * trains with them, write it again. All of a model's forms mean the same.
 */

type Config = Readonly<Record<string, unknown>>;

const { vision_config: tower, rope_scaling: rope, rope_theta: theta, ...rest3b } = qwen25vl3b;
const untyped = { mrope_section: rope.mrope_section };

/** What transformers 4.4x wrote: both names of the type, "default" in place of "mrope" (huggingface/transformers #33401). */
const renamed = { ...untyped, rope_type: "default", type: "default" };

/** The text model's keys, as they are nested from 4.52 on, among them some that have no value there. */
const nested = {
  ...Object.fromEntries(
    Object.entries({ ...rest3b, rope_theta: theta }).filter(
      ([key]) => !/^(vision_|image_|video_|model_type)/u.test(key),
    ),
  ),
  model_type: "qwen2_5_vl_text",
  image_token_id: null,
  video_token_id: null,
};
const shared = {
  architectures: qwen25vl3b.architectures,
  model_type: "qwen2_5_vl",
  image_token_id: 151655,
  video_token_id: 151656,
  vision_start_token_id: 151652,
  vision_end_token_id: 151653,
};
const writtenTower = {
  ...tower,
  in_channels: 3,
  initializer_range: 0.02,
  model_type: "qwen2_5_vl",
  torch_dtype: "bfloat16",
};

export const VARIANTS_3B: Readonly<Record<string, Config>> = {
  "as published": qwen25vl3b,
  "no sliding window": { ...qwen25vl3b, sliding_window: null },
  "rope_type alone": { ...qwen25vl3b, rope_scaling: { ...untyped, rope_type: "mrope" } },
  "transformers 4.49": {
    ...{ ...rest3b, rope_theta: theta, rope_scaling: renamed, vision_config: writtenTower },
    transformers_version: "4.49.0",
  },
  "transformers 4.52: flat and nested": {
    ...{
      ...rest3b,
      tie_word_embeddings: undefined,
      rope_theta: theta,
      rope_scaling: renamed,
      vision_config: writtenTower,
    },
    text_config: { ...nested, rope_scaling: renamed },
    transformers_version: "4.52.4",
  },
  "transformers 4.57: nested, dtype, layer_types": {
    ...{
      ...shared,
      dtype: "bfloat16",
      tie_word_embeddings: true,
      vision_config: { ...writtenTower, dtype: "bfloat16" },
    },
    text_config: {
      ...{ ...nested, torch_dtype: undefined, dtype: "bfloat16", sliding_window: null, rope_scaling: renamed },
      layer_types: Array.from({ length: 36 }, () => "full_attention"),
    },
    transformers_version: "4.57.1",
  },
  "transformers 5: rope_parameters": {
    ...{
      ...shared,
      dtype: "bfloat16",
      tie_word_embeddings: true,
      vision_config: { ...writtenTower, rope_parameters: null },
    },
    text_config: {
      ...{ ...nested, torch_dtype: undefined, rope_theta: undefined, sliding_window: null },
      rope_parameters: { ...renamed, rope_theta: theta },
    },
    transformers_version: "5.18.0",
  },
  "a tower without what is as in its class": {
    ...qwen25vl3b,
    vision_config: {
      ...{ hidden_size: 1280, out_hidden_size: 2048, in_chans: 3, spatial_patch_size: 14, tokens_per_second: 2 },
      model_type: "qwen2_5_vl",
    },
  },
  "without the special tokens": Object.fromEntries(
    Object.entries(qwen25vl3b).filter(([key]) => !/^(vision|image|video)_.*token_id$/u.test(key)),
  ),
};

/** Qwen2-VL-7B-Instruct, whose tower has nothing but the values of its class. */
const qwen2vl7b = {
  ...qwen2vl2b,
  ...{ hidden_size: 3584, intermediate_size: 18944, num_attention_heads: 28, num_key_value_heads: 4 },
  ...{ tie_word_embeddings: false, vocab_size: 152064 },
  vision_config: { ...qwen2vl2b.vision_config, hidden_size: 3584 },
};

export const VARIANTS_QWEN2_7B: Readonly<Record<string, Config>> = {
  "as published": qwen2vl7b,
  // modelscope/ms-swift #2340: merged after LoRA with transformers 4.46
  "merged by ms-swift": {
    ...qwen2vl7b,
    rope_scaling: renamed,
    torch_dtype: "float16",
    vision_config: { in_chans: 3, model_type: "qwen2_vl", spatial_patch_size: 14 },
  },
};

const unbounded = {
  ...{ patch_size: 14, temporal_patch_size: 2, merge_size: 2 },
  ...{ image_mean: [0.48145466, 0.4578275, 0.40821073], image_std: [0.26862954, 0.26130258, 0.27577711] },
};
const published = { ...unbounded, min_pixels: 3136, max_pixels: 12845056 };
const size = { longest_edge: 12845056, shortest_edge: 3136 };
const steps = {
  do_convert_rgb: true,
  do_normalize: true,
  do_rescale: true,
  do_resize: true,
  resample: 3,
  rescale_factor: 1 / 255,
};

/** Files of an image processor by their names: forms that mean the same. */
export const PROCESSOR_VARIANTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "as published": {
    "preprocessor_config.json": {
      ...published,
      image_processor_type: "Qwen2VLImageProcessor",
      processor_class: "Qwen2_5_VLProcessor",
    },
  },
  "the older name": {
    "preprocessor_config.json": {
      ...published,
      image_processor_type: "Qwen2_5_VLImageProcessor",
      processor_class: "Qwen2_5_VLProcessor",
    },
  },
  "bounds twice": {
    "preprocessor_config.json": { ...published, ...steps, size, image_processor_type: "Qwen2VLImageProcessor" },
  },
  "the fast one, with keys that have no value": {
    "preprocessor_config.json": {
      ...{
        ...unbounded,
        ...steps,
        size,
        image_processor_type: "Qwen2VLImageProcessorFast",
        min_pixels: null,
        max_pixels: null,
      },
      ...{
        crop_size: null,
        data_format: "channels_first",
        default_to_square: true,
        device: null,
        do_center_crop: null,
      },
      ...{ disable_grouping: null, do_pad: null, input_data_format: null, return_tensors: null, pad_size: null },
    },
  },
  "bounds in size under their own names": {
    "preprocessor_config.json": { ...unbounded, size: { min_pixels: 3136, max_pixels: 12845056 } },
  },
  "transformers 5: within the processor": {
    "processor_config.json": {
      image_processor: { ...unbounded, ...steps, size, image_processor_type: "Qwen2VLImageProcessor" },
      processor_class: "Qwen2_5_VLProcessor",
    },
  },
  "within the processor, beside older bounds": {
    "processor_config.json": { image_processor: { ...unbounded, size }, processor_class: "Qwen2_5_VLProcessor" },
    "preprocessor_config.json": { ...published, max_pixels: 1003520 },
  },
};
