import { LAST_LAYER, layerSetting } from "../analysis/separability";
import { nameSeparability } from "../lab/analyses";
import { defineExperiment, type FigureSpec } from "../lab/experiment";
import { separabilityStage } from "../lab/kinds/states";
import { trainingSteps } from "../lab/recipe";
import { layerLines, measuredLayers } from "../report/figures";
import type { MeasuredColumn } from "../report/pivot";
import { separabilityFigure } from "../report/steps";
import { claimsOf } from "./claims";

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
          ...scatterColumns(LAST_LAYER),
        ],
        notes: [
          "Of a test picture of every class, beside its name and beside that of a look-alike: the last token's state. Five-fold cross-validation over pictures; 50 % and 0 are chance. 95 % intervals over pairs.",
        ],
      }),
    },
    {
      name: "layers",
      layout: (_, measurements) => ({
        caption: "Separability after each layer",
        columns: measuredLayers(measurements).flatMap((layer) => {
          const [setting, group] = [layerSetting(layer), `Layer ${layer}`];
          const accuracy = { group, setting, metric: "separability", domain: "items", splits: ["all"], title: "accuracy" } as const; // prettier-ignore
          return [accuracy, ...scatterColumns(setting).map((column) => ({ ...column, group }))];
        }),
      }),
    },
  ],
  figures: [
    ...["base", "tapo"].map(plane),
    {
      name: "layers",
      draw: ({ methods, measurements, colours }) =>
        layerLines(measurements, {
          ...{ methods, colours, metric: "separability", percent: true },
          title: "Right and wrong names told apart, over layers",
          yTitle: "accuracy in %",
          intervals: "95 % intervals over pairs",
        }),
    },
  ],
});

function scatterColumns(setting: string): MeasuredColumn[] {
  return [
    { setting, metric: "fisher", title: "Fisher ratio" },
    { setting, metric: "silhouette", title: "silhouette" },
  ].map((column) => ({ ...column, domain: "items", splits: ["all"], show: "value", percent: false }));
}

/** Pairs in the plane of a method's first two components, where this run looked at it. */
function plane(name: string): FigureSpec {
  return {
    name: `plane-${name}`,
    draw: ({ methods, found }) => {
      const result = found?.get(name)?.get(nameSeparability.name);
      if (result === undefined) return undefined;
      const { pairs, ...separability } = separabilityStage.parse(result);
      return separabilityFigure(methods.find((method) => method.name === name)?.title ?? name, pairs, separability);
    },
  };
}
