import { checkChain, checkInWords } from "../../data/chains";
import type { MiniDataset } from "../../miniworld/types";
import type { CurationReport } from "../../cot/outcomes";
import type { CotRecord } from "../../cot/records";
import type { Contrast } from "../../lab/explore";
import type { Profile } from "../../lab/profile";
import type { Finished } from "../../store/stage";
import type { Trained } from "../../lab/training";
import { resultTable, type Column, type ResultTable } from "../table/table";

/** What a profile runs, in brief; its file in configs/profiles says everything. */
export function profileTable(profile: Profile): ResultTable {
  const { sftCot, rl, cot, name, description, world, seed } = profile;
  const { n1, n2, promptsPerUpdate, learningRate, objective } = rl.options;
  return pairTable(
    `Profile ${name}: ${description}`,
    ["Setting", "Value"],
    [
      ["world", world],
      ["seed", String(seed)],
      [
        "chains",
        `${cot.imagesPerClass} picture(s) of 1 in ${cot.everyNthClass} seen classes, ${cot.descriptions} descriptions each`,
      ],
      ["CoT SFT", `${sftCot.epochs} epochs, ${sftCot.batchSize} chains a step, rate ${sftCot.learningRate}`],
      ["TAPO", `${promptsPerUpdate} questions a step × (${n1} anchor + ${n2} positive answers), rate ${learningRate}`],
      ["TAPO's terms", `γ ${objective.gamma}, η₁ ${objective.eta1}, η₂ ${objective.eta2}`],
    ],
  );
}

/** "15 steps in 3 s", and whether this run took them. */
export function stageLine({ result, seconds, cached }: Finished<Trained>): string {
  return `${result.steps} steps in ${seconds.toFixed(0)} s${cached ? " (an earlier run)" : ""}`;
}

/** A chain of thought, stage by stage, with the concepts that the teacher was told. */
export function recordTable(record: CotRecord): ResultTable {
  const { stages } = record;
  return pairTable(
    `A chain of thought for ${record.imageId}`,
    ["Part", "Text"],
    [
      ["question", record.question],
      ["visual concepts", record.concepts.join(", ")],
      ["1 analysis", stages.analysis],
      ["2 candidates", stages.candidates.join(", ")],
      ["3 comparison", stages.comparison],
      ["4 prediction", stages.prediction],
      ["training text", record.text],
    ],
  );
}

/** How many chains the teacher wrote, and why some were turned down. */
export function curationTable(report: CurationReport): ResultTable {
  const turnedDown = Object.entries(report.rejections).filter(([, count]) => count > 0);
  return resultTable({
    caption: `Chains of thought by ${report.teacher}`,
    columns: [
      { key: "outcome", title: "Outcome", kind: "text" },
      { key: "chains", title: "Chains", kind: "number" },
      { key: "share", title: "% of all", kind: "number", percent: true },
    ],
    rows: [["accepted", report.accepted] as const, ...turnedDown].map(([outcome, chains]) => ({
      outcome: outcome === "accepted" ? outcome : `rejected: ${outcome}`,
      chains,
      share: report.attempts === 0 ? 0 : chains / report.attempts,
    })),
    notes: [`${report.images} pictures, ${report.exhausted.length} given up.`],
  });
}

/** One question, answered by two checkpoints: whether each answer is right, where its chain first goes wrong, and its text. */
export function contrastTable(world: MiniDataset, contrast: Contrast, names: readonly [string, string]): ResultTable {
  const { item, before, after } = contrast;
  return resultTable({
    caption: `${item.question} The truth: ${item.groundTruth}`,
    columns: [
      { key: "method", title: "Method", kind: "text" },
      { key: "check", title: "Answer and first wrong step", kind: "text" },
      { key: "output", title: "Text", kind: "text" },
    ],
    rows: [before, after].map(({ output }, i) => ({
      method: names[i] ?? "",
      check: checkInWords(checkChain(world.chains, output, item.image.subCategory)),
      output,
    })),
  });
}

function pairTable(
  caption: string,
  titles: readonly [string, string],
  rows: readonly (readonly [string, string])[],
): ResultTable {
  const columns = titles.map((title, i): Column => ({ key: i === 0 ? "key" : "value", title, kind: "text" }));
  return resultTable({ caption, columns, rows: rows.map(([key, value]) => ({ key, value })) });
}
