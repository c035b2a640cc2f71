import type { Dataset } from "../data/dataset";
import { BASE, FINE_R1 } from "../report/published/printed";
import type { Method, Recipe } from "./experiment";
import { givenRow } from "./given";
import { isEncoderRow, loadModelConfig, styleOf, type ModelConfig } from "./modelConfig";
import { cotSft, dapo, fineR1, labelSft, rl } from "./recipe";
import type { Source } from "./stage";

/** Rows that several experiments have. A further model that the profile does not name has none. */

/** A row, or none where there is no model for it. */
export function row(
  name: string,
  title: string,
  model: Source | undefined,
  more: Partial<Method> = {},
): readonly Method[] {
  return model === undefined ? [] : [{ name, title, model, thinking: false, ...more }];
}

/** For rows that look at the class most easily taken for a picture's own, as the dataset itself knows it (`Method.lacks`). */
export function noLookalikes({ lookalikes }: Pick<Dataset, "lookalikes">): string | undefined {
  return lookalikes === undefined ? "look-alikes of its classes" : undefined;
}

/** The base as it is, asked to answer at once. */
export function baseRow({ base }: Pick<Recipe, "base">, title = "Base, direct"): Method {
  return { name: "base", title, model: base, thinking: false };
}

/** The same, asked to reason first. */
export function baseThinkingRow({ base }: Pick<Recipe, "base">): Method {
  return { name: "base-think", title: "Base, thinking", model: base, thinking: true };
}

/** The baseline that is trained on names alone. */
export function labelSftRow(recipe: Recipe): Method {
  return { name: "sft-labels", title: "SFT on labels", model: labelSft(recipe), thinking: false };
}

/** Stage 1 alone. */
export function cotSftRow(recipe: Recipe): Method {
  return { name: "cot-sft", title: "CoT SFT", model: cotSft(recipe), thinking: true };
}

/** Stage 2 by the paper's baseline. */
export function dapoRow(recipe: Recipe): Method {
  const model = rl(recipe, cotSft(recipe), dapo(recipe.profile.rl), "dapo");
  return { name: "dapo", title: "CoT SFT + DAPO", short: "DAPO", model, thinking: true };
}

/** Both stages of the paper, as a way of training. */
export function tapoRow(recipe: Recipe): Method {
  return { name: "tapo", title: "CoT SFT + TAPO", short: "TAPO", model: fineR1(recipe), thinking: true };
}

/** The same as a model. */
export function fineR1Row(recipe: Recipe): Method {
  return { ...tapoRow(recipe), title: "Fine-R1 (CoT SFT + TAPO)", short: "Fine-R1" };
}

/** The models between the base and Fine-R1, which analyses hold beside each other (§5.4). */
export function trainingSteps(recipe: Recipe): Method[] {
  return [baseRow(recipe, "Base"), cotSftRow(recipe), dapoRow(recipe), fineR1Row(recipe)];
}

/** The encoders of Table 1, with one template: "We do not include prompt ensembling to fairly compare with MLLMs" (Appendix B). */
export function encoderRows({ encoder, models }: Recipe): Method[] {
  return [...row("clip", "CLIP-style encoder", models.clip), ...row("siglip", "SigLIP-style encoder", encoder)];
}

/** What Tables 1, 2 and 6 call the rows of `modelRows`, and the base that each Fine-R1 is trained from. */
export const PRINTED_MODELS = {
  qwen2: "Qwen2-VL-2B",
  base: BASE,
  larger: "Qwen2.5-VL-7B",
  tapo: FINE_R1,
  "larger-tapo": "Fine-R1-7B",
};
export const OWN_BASES = {
  tapo: "base",
  "larger-tapo": "larger",
  "fine-r1-3b": "qwen2.5-vl-3b",
  "fine-r1-7b": "qwen2.5-vl-7b",
};

/** What Tables 1, 2 and 6 call the rows of `furtherRows`: the titles in configs/models. */
export const PRINTED_ENCODER_ROWS = {
  "clip-l": "CLIP-L",
  "eva-g": "EVA-G",
  "siglip-l": "SigLIP-L",
  "siglip2-l": "SigLIP2-L",
};
export const PRINTED_ROWS = {
  "idefics2-8b": "Idefics2-8B",
  "idefics3-8b": "Idefics3-LLaMA3-8B",
  "llava-1.6-mistral-7b": "LLaVA-v1.6-mistral-7B",
  "llava-onevision-7b": "LLaVA-Onevision-7B",
  "internvl2.5-2b": "InternVL2.5-2B",
  "internvl2.5-4b": "InternVL2.5-4B",
  "internvl2.5-8b": "InternVL2.5-8B",
  "qwen2-vl-2b": "Qwen2-VL-2B",
  "qwen2-vl-7b": "Qwen2-VL-7B",
  "qwen2.5-vl-3b": BASE,
  "qwen2.5-vl-7b": "Qwen2.5-VL-7B",
  "deepperception-7b": "DeepPerception-7B",
  "fine-r1-3b": FINE_R1,
  "fine-r1-7b": "Fine-R1-7B",
};

/** The rows that the profile names (configs/models): models that are asked as they are, each in its own style. Encoders only choose. */
export function furtherRows({ profile, rowModel }: Recipe, { encoders = false } = {}): Method[] {
  const modelOf = rowModel ?? ((config: ModelConfig) => givenRow(config, profile.servers));
  const configs = [...new Set(profile.rows)].map(loadModelConfig);
  return configs.filter((config) => encoders || !isEncoderRow(config)).map((config) => rowOf(config, modelOf(config)));
}

function rowOf(config: ModelConfig, model: Source): Method {
  const { name, title, prompt } = config;
  const style = styleOf(config);
  return {
    ...{ name, title, model, thinking: prompt.thinking },
    ...(prompt.wording === undefined ? {} : { asking: { promptSet: prompt.wording } }),
    ...(style === undefined ? {} : { style }),
  };
}

/** The language models of Tables 1, 2 and 6: each base asked directly, and Fine-R1 at two sizes. */
export function modelRows(recipe: Recipe): Method[] {
  const { profile, models } = recipe;
  const { larger, qwen2 } = models;
  // Appendix C: "train 3B and 7B models for 10 and 5 epochs"
  const half = { epochs: profile.rl.epochs / 2 };
  return [
    ...row("qwen2", "Qwen2-VL base, direct", qwen2),
    baseRow(recipe),
    ...row("larger", "Larger base, direct", larger),
    fineR1Row(recipe),
    ...row("larger-tapo", "Fine-R1 from the larger base", larger && fineR1(recipe, larger, "larger-", half), {
      thinking: true,
    }),
  ];
}
