import { hasStepByStep } from "../data/prompts";
import { defineExperiment, type Method } from "../lab/experiment";
import { baseRow, baseThinkingRow, fineR1Row, row } from "../lab/rows";
import { templatesOf } from "../lab/templates";
import type { Source } from "../lab/stage";
import { accuracyBars } from "../report/standard";
import { claimsOf } from "./claims";

/** Fig. 3b: what can be done for models when they are asked, without training them, beside Fine-R1. */
export const inference = defineExperiment({
  id: "inference",
  title: "Inference strategies",
  claim:
    "Asking the base to think changes little (74.7 → 74.8 %), demonstrations do not help it to what Fine-R1 reaches (17.9 points more), nor do encoders with an ensemble of templates (Fig. 3b)",
  models: ["clip"],
  claims: claimsOf("inference"),
  published: [
    {
      table: "figure3b",
      over: "base",
      rows: {
        base: "Zero-shot",
        "base-think": "CoT prompting",
        "base-step-by-step": "CoT prompting",
        "base-in-context": "In-context learning",
        siglip: "SigLIP-L",
        "siglip-ensemble": "SigLIP-L, 80 templates",
        tapo: "Fine-R1-3B",
      },
    },
  ],
  methods(recipe) {
    const { base, encoder, models, profile } = recipe;
    const { promptSet } = profile;
    const templates = templatesOf(profile);
    const stepByStep: Method = {
      name: "base-step-by-step",
      title: "Base, zero-shot CoT prompt",
      model: base,
      thinking: true,
      strategy: "stepByStep",
    };
    const encoderRows = (name: string, title: string, model: Source | undefined): readonly Method[] => [
      ...row(name, `${title}, one template`, model),
      ...row(`${name}-ensemble`, `${title}, ${templates.length} templates`, model, { strategy: { templates } }),
    ];
    return [
      baseRow(recipe),
      baseThinkingRow(recipe),
      ...(hasStepByStep(promptSet) ? [stepByStep] : []),
      { name: "base-in-context", title: "Base, in context", model: base, thinking: false, strategy: "inContext" },
      ...encoderRows("clip", "CLIP-style encoder", models.clip),
      ...encoderRows("siglip", "SigLIP-style encoder", encoder),
      fineR1Row(recipe),
    ];
  },
  ask: ["closed"],
  metrics: ["accuracy", "choice", "seenNames"],
  compare: [
    ["base-think", "base"],
    ["base-in-context", "base"],
    ["clip-ensemble", "clip"],
    ["siglip-ensemble", "siglip"],
    ["tapo", "base"],
    ["tapo", "base-in-context"],
    ["tapo", "siglip-ensemble"],
  ],
  tables: [
    {
      name: "table",
      layout: () => ({
        caption: "Inference strategies, closed world, accuracy in %",
        columns: [
          {
            group: "Accuracy",
            setting: "closed",
            metric: "accuracy",
            splits: ["seen", "unseen", "all"],
            key: "closed",
          },
          {
            group: "Unseen items",
            setting: "closed",
            metric: "seenNames",
            splits: ["unseen"],
            title: "a seen class named",
            key: "seen_names",
          },
        ],
        notes: [
          "Four options in shuffled order. Mean over the domains, one seed, 95 % intervals over test items; all: the mean of seen and unseen. In context: a training picture of each option that is a seen class comes first, with its name.",
        ],
      }),
    },
  ],
  figures: [{ name: "closed-world", draw: (results) => accuracyBars(results, "closed") }],
});
