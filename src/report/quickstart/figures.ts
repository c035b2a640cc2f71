import * as path from "node:path";
import { readJsonl } from "../../core/files";
import { parseStepFigures } from "../../engine/train";
import type { QuickstartResult, QuickstartRowName } from "../../experiments/quickstart";
import { groupedBars } from "../figure/bars";
import { trainingCurves, type Panel } from "../figure/curves";
import type { PlotlyFigure } from "../figure/figure";
import type { ResultTable } from "../table/table";
import { ROW_TITLES } from "./tables";

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
    },
  );
}

/** What the curves are read from: the folders of the training stages. */
type Stages = Pick<QuickstartResult, "stages">;

/** The curves of fine-tuning: loss by step. */
export function sftFigure(result: Stages): PlotlyFigure {
  const curves = stageCurves(result, ["sft-labels", "cot-sft"], "loss");
  return trainingCurves([{ title: "loss a token", curves }], { title: "Supervised fine-tuning" });
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
      panel("length in tokens", "length"),
    ],
    { title: "Reinforcement learning", smoothing: 0.6 },
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
