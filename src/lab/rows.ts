import type { Method, Recipe } from "./experiment";
import { fineR1 } from "./recipe";
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

/** The encoders of Table 1, with one template: "We do not include prompt ensembling to fairly compare with MLLMs" (Appendix B). */
export function encoderRows({ encoder, models }: Recipe): Method[] {
  return [...row("clip", "CLIP-style encoder", models.clip), ...row("siglip", "SigLIP-style encoder", encoder)];
}

/** What Tables 1, 2 and 6 call the rows of `modelRows`, and the base that each Fine-R1 is trained from. */
export const PRINTED_MODELS = {
  qwen2: "Qwen2-VL-2B",
  base: "Qwen2.5-VL-3B",
  larger: "Qwen2.5-VL-7B",
  tapo: "Fine-R1-3B",
  "larger-tapo": "Fine-R1-7B",
};
export const OWN_BASES = { tapo: "base", "larger-tapo": "larger" };

/** The language models of Tables 1, 2 and 6: each base asked directly, and Fine-R1 at two sizes. */
export function modelRows(recipe: Recipe): Method[] {
  const { base, profile, models } = recipe;
  const { larger, qwen2 } = models;
  // Appendix C: "train 3B and 7B models for 10 and 5 epochs"
  const half = { epochs: profile.rl.epochs / 2 };
  const ours = { thinking: true };
  return [
    ...row("qwen2", "Qwen2-VL base, direct", qwen2),
    ...row("base", "Base, direct", base),
    ...row("larger", "Larger base, direct", larger),
    ...row("tapo", "Fine-R1 (CoT SFT + TAPO)", fineR1(recipe), { ...ours, short: "Fine-R1" }),
    ...row("larger-tapo", "Fine-R1 from the larger base", larger && fineR1(recipe, larger, "larger-", half), ours),
  ];
}
