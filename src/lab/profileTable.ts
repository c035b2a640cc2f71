import { pairTable } from "../report/steps";
import type { ResultTable } from "../report/table/table";
import type { Profile } from "./profile";

/** What a profile runs, in brief; its file in configs/profiles says everything. */
export function profileTable({ sft, rl, cot, name, description, dataset, seed }: Profile): ResultTable {
  const { n1, n2, promptsPerUpdate, learningRate, objective } = rl;
  const which = cot.everyNthClass === 1 ? "every seen class" : `one seen class in ${cot.everyNthClass}`;
  const pictures = `${cot.imagesPerClass === 1 ? "one picture" : `${cot.imagesPerClass} pictures`} of ${which}`;
  return pairTable(
    `Profile ${name}: ${description}`,
    ["Setting", "Value"],
    [
      ["dataset", dataset],
      ["seed", String(seed)],
      ["chains", `${pictures}, ${cot.descriptions} descriptions each`],
      ["CoT SFT", `${sft.epochs} epochs, ${sft.batchSize} chains per step, rate ${sft.learningRate}`],
      [
        "TAPO",
        `${promptsPerUpdate} questions per step × (${n1} anchor + ${n2} positive answers), rate ${learningRate}`,
      ],
      ["TAPO's terms", `γ ${objective.gamma}, η₁ ${objective.eta1}, η₂ ${objective.eta2}`],
    ],
  );
}
