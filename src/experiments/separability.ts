import { LAST_LAYER, layerSetting } from "../analysis/separability";
import { nameSeparability } from "../lab/analyses";
import { defineExperiment, type FigureSpec } from "../lab/experiment";
import { separabilityStage } from "../lab/kinds/states";
import { trainingSteps } from "../lab/rows";
import { layerLines, measuredLayers } from "../report/figures";
import type { MeasuredColumn } from "../report/pivot";
import { separabilityFigure } from "../report/steps";
import { claimsOf } from "./claims";

const SCATTER = [
  { metric: "fisher", title: "Fisher ratio" },
  { metric: "silhouette", title: "silhouette" },
] as const;

/** Fig. 4 (§5.4, H3): whether a model's states tell right names of a picture from wrong ones. */
export const separability = defineExperiment({
  id: "separability",
  title: "Right and wrong names",
  claim:
    "States of pictures with right and with wrong names are easier to separate linearly in Fine-R1 than in its base (H3, Fig. 4)",
  claims: claimsOf("separability"),
  methods: trainingSteps,
  ask: [],
  metrics: [],
  analyses: [nameSeparability],
  compare: [
    ["tapo", "cot-sft"],
    ["tapo", "dapo"],
    ["tapo", "base"],
  ],
  about: {
    ...{ setting: LAST_LAYER, metric: "separability", split: "all", domain: "items" },
    words: "of right and wrong names told apart after the last layer",
  },
  tables: [
    {
      name: "table",
      layout: () => ({
        caption: "Separability of right and wrong names after the last layer",
        columns: [
          {
            group: "Accuracy of a linear classifier",
            setting: LAST_LAYER,
            metric: "separability",
            splits: ["seen", "unseen", "all"],
            domain: "items",
            key: "accuracy",
          },
          ...SCATTER.map(({ metric, title }) => ({ ...scatter(LAST_LAYER, metric), title })),
        ],
        notes: [
          "Of a test picture of every class, beside its name and beside that of a look-alike: the last token's state. Classes lend each other their names in twos and threes, so that a name is as often right as wrong, and five-fold cross-validation keeps these together: 50 % where the states tell nothing. The Fisher ratio has no sign: where accuracy is not above 50 %, it says nothing. 95 % intervals over pairs, as if these were independent; those of one picture or one name are not.",
        ],
      }),
    },
    {
      name: "layers",
      layout: (_, measurements) => ({
        caption: "Right and wrong names told apart after each layer",
        columns: measuredLayers(measurements).map((layer) => {
          const where = { setting: layerSetting(layer), metric: "separability", domain: "items", splits: ["all"] } as const; // prettier-ignore
          return { ...where, group: "Accuracy after layer", title: String(layer) };
        }),
      }),
    },
    {
      name: "scatter",
      layout: (_, measurements) => ({
        caption: "How far right and wrong names lie apart after each layer",
        columns: SCATTER.flatMap(({ metric, title }) =>
          measuredLayers(measurements).map((layer) => {
            return { ...scatter(layerSetting(layer), metric), group: `${title} after layer`, title: String(layer) };
          }),
        ),
      }),
    },
  ],
  figures: [
    ...["base", "tapo"].map(plane),
    {
      name: "layers",
      draw: ({ methods, drawn, colours }) =>
        layerLines(drawn, {
          ...{ methods, colours, metric: "separability", percent: true },
          title: "Right and wrong names told apart, over layers",
          yTitle: "accuracy in %",
          over: "pairs",
        }),
    },
  ],
});

/** A column of a measure without an interval. */
function scatter(setting: string, metric: string): MeasuredColumn {
  return { setting, metric, domain: "items", splits: ["all"], show: "value", percent: false };
}

/** Pairs in the plane of a method's first two components, where this run looked at it. */
function plane(name: string): FigureSpec {
  return {
    name: `plane-${name}`,
    draw: ({ methods, found, curves, seed }) => {
      const result = found?.get(name)?.get(nameSeparability.name);
      if (result === undefined) return undefined;
      const { pairs, ...separability } = separabilityStage.parse(result);
      const title = methods.find((method) => method.name === name)?.title ?? name;
      return separabilityFigure(curves.has(name) ? `${title}, seed ${seed}` : title, pairs, separability);
    },
  };
}
