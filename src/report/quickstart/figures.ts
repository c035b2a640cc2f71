import * as path from "node:path";
import { readJsonl } from "../../core/files";
import { parseStepFigures } from "../../engine/train";
import { QUICKSTART_ROWS, type QuickstartResult, type QuickstartRowName } from "../../experiments/quickstart";
import { groupedBars } from "../figure/bars";
import { trainingCurves, type Panel } from "../figure/curves";
import type { PlotlyFigure } from "../figure/figure";
import { type Colours, PALETTE } from "../figure/style";
import type { ResultTable } from "../table/table";
import { ROW_TITLES } from "./tables";

const [BLUE, RED, GREEN, PINK, ORANGE, SKY, GREY] = PALETTE;

/** A method has its colour in every figure. */
const COLOURS: Readonly<Record<QuickstartRowName, string>> = {
  base: GREY,
  "base-think": ORANGE,
  "sft-labels": PINK,
  "cot-sft": GREEN,
  dapo: BLUE,
  tapo: RED,
  siglip: SKY,
};

/** The colours of the quickstart's methods, by title as in tables and by name as in the progress of a stage. */
export const METHOD_COLOURS: Colours = {
  ...COLOURS,
  ...Object.fromEntries(QUICKSTART_ROWS.map((name) => [ROW_TITLES[name], COLOURS[name]])),
};

/** A closed question has four options. */
const CLOSED_CHANCE = 0.25;

/** Accuracy of every method, seen beside unseen, in one world. */
export function accuracyFigure(table: ResultTable, world: "closed" | "open"): PlotlyFigure {
  const rows = table.rows.filter((row) => row[`${world}_seen`] !== null);
  return groupedBars(
    { ...table, rows },
    {
      title: `Accuracy in the ${world} world`,
      label: "method",
      values: [`${world}_seen`, `${world}_unseen`],
      yTitle: "accuracy in %",
      intervals: "95 % intervals over test items",
      colours: METHOD_COLOURS,
      ...(world === "closed" ? { chance: CLOSED_CHANCE } : {}),
    },
  );
}

/** What the curves are read from: the folders of the training stages. */
type Stages = Pick<QuickstartResult, "stages">;

/** The curves of fine-tuning: loss by step. */
export function sftFigure(result: Stages): PlotlyFigure {
  const curves = stageCurves(result, ["sft-labels", "cot-sft"], "loss");
  return trainingCurves([{ title: "loss per token", curves }], {
    title: "Supervised fine-tuning",
    colours: METHOD_COLOURS,
  });
}

/** The curves of stage 2. */
export function rlFigure(result: Stages): PlotlyFigure {
  const panel = (title: string, figure: string): Panel => ({
    title,
    curves: stageCurves(result, ["dapo", "tapo"], figure),
  });
  return trainingCurves(
    [
      panel("reward of the rollouts", "reward"),
      panel("share of right answers", "accuracy"),
      panel("entropy of the sampled tokens", "entropy"),
      panel("KL to the negative image", "klNegative"),
      panel("gradient norm", "gradNorm"),
      panel("answer length in tokens", "length"),
    ],
    { title: "Reinforcement learning", smoothing: 0.6, colours: METHOD_COLOURS },
  );
}

/** Terms that DAPO leaves out: their figures are zero by definition, not by measurement. */
const TAPO_ONLY: readonly string[] = ["klNegative", "entropyNegative"];

function stageCurves(result: Stages, names: readonly QuickstartRowName[], figure: string) {
  return names.flatMap((name) => {
    const folder = result.stages[name];
    if (folder === undefined || (name === "dapo" && TAPO_ONLY.includes(figure))) return [];
    const steps = readJsonl(path.join(folder, "metrics.jsonl"), parseStepFigures);
    return [{ name: ROW_TITLES[name], y: steps.map((step) => step[figure] ?? NaN) }];
  });
}
