import { chainAnswers, chainErrorRows, type ChainErrorRow } from "../analysis/chainErrors";
import type { CurationReport } from "../cot/outcomes";
import { scoreOf, tableScores, type TableScores } from "../eval/aggregate";
import { seenNameShare } from "../eval/diagnostics";
import type { Score } from "../eval/intervals";
import type { EvaluationRecord } from "../eval/records";
import type { Lab } from "./lab";
import { DAPO, type TapoOptions } from "../tapo/options";
import { openEncoder } from "./encoder";
import { evaluateEncoderStage, evaluateStage, type Asking } from "./evaluation";
import {
  checkpointOf,
  cotExamples,
  cotRecords,
  cotStage,
  givenCheckpoint,
  labelExamples,
  rlStage,
  sftStage,
  tripletStage,
  type Checkpoint,
} from "./training";

/** The rows of the quickstart's table, in its order. */
export const QUICKSTART_ROWS = ["base", "base-think", "sft-labels", "cot-sft", "dapo", "tapo", "siglip"] as const;
export type QuickstartRowName = (typeof QUICKSTART_ROWS)[number];

/** One method of the table. */
export interface QuickstartRow {
  readonly name: QuickstartRowName;
  /** Accuracy in the closed world. */
  readonly closed: TableScores;
  /** Text inclusion and SS_relative in the open world; encoders have none. */
  readonly open: TableScores | null;
  readonly openSimilarity: TableScores | null;
  /** Share of open-world answers that keep the form. */
  readonly wellFormed: Score | null;
  /** Share of unseen images answered with a seen class's name, open world. */
  readonly seenNames: Score | null;
  /** The checkpoint's key; null for the encoder. */
  readonly checkpoint: string | null;
}

export interface QuickstartResult {
  readonly rows: readonly QuickstartRow[];
  readonly chainErrors: readonly ChainErrorRow[];
  readonly curation: CurationReport;
  /** Folders of the training stages, whose metrics.jsonl hold the curves. */
  readonly stages: Readonly<Partial<Record<QuickstartRowName, string>>>;
  /** Folders of the checkpoints, for whoever goes on from them. */
  readonly checkpoints: Readonly<Partial<Record<QuickstartRowName, string>>>;
}

/** What a method of the table is asked with. */
const THINKS: Readonly<Record<Exclude<QuickstartRowName, "siglip">, boolean>> = {
  base: false,
  "base-think": true,
  "sft-labels": false,
  "cot-sft": true,
  dapo: true,
  tapo: true,
};

/** DAPO, the baseline: the same number of rollouts, all of them of the anchor image (n₁ = 10, n₂ = 0), no extra terms. */
export function dapoOptions(options: TapoOptions): TapoOptions {
  const { gamma, eta1, eta2 } = DAPO;
  return { ...options, n1: options.n1 + options.n2, n2: 0, objective: { ...options.objective, gamma, eta1, eta2 } };
}

/**
 * The main job: CoT SFT → TAPO → evaluation, beside the base, SFT on the labels, DAPO and the SigLIP-style encoder.
 * @param rows which rows to train and evaluate in this run
 */
export async function quickstart(
  lab: Lab,
  rows: readonly QuickstartRowName[] = QUICKSTART_ROWS,
): Promise<QuickstartResult> {
  const { profile } = lab;
  const base = givenCheckpoint(profile.base);
  const encoder = await openEncoder(profile.dualEncoder);
  try {
    const checkpoints: Partial<Record<QuickstartRowName, Checkpoint>> = { base, "base-think": base };
    const stages: Partial<Record<QuickstartRowName, string>> = {};
    const cot = await cotStage(lab);
    const train = async (name: QuickstartRowName, body: () => ReturnType<typeof sftStage>): Promise<void> => {
      if (!rows.includes(name)) return;
      const stage = await body();
      checkpoints[name] = checkpointOf(stage);
      stages[name] = stage.folder;
    };
    await train("sft-labels", () => sftStage(lab, "sft-labels", base, labelExamples(lab), profile.sftLabels));
    const chains = cotExamples(lab, cotRecords(cot));
    const cotSft = await sftStage(lab, "cot-sft", base, chains, profile.sftCot);
    checkpoints["cot-sft"] = checkpointOf(cotSft);
    stages["cot-sft"] = cotSft.folder;
    const triplets = await tripletStage(lab, (images) => encoder.encodeImages(images), encoder.key);
    const { options } = profile.rl;
    await train("dapo", () => rlStage(lab, "dapo", checkpointOf(cotSft), triplets, dapoOptions(options)));
    await train("tapo", () => rlStage(lab, "tapo", checkpointOf(cotSft), triplets, options));

    const made: QuickstartRow[] = [];
    const chainErrors: ChainErrorRow[] = [];
    for (const name of QUICKSTART_ROWS) {
      if (!rows.includes(name)) continue;
      if (name === "siglip") {
        made.push(encoderRow(await evaluateEncoderStage(lab, encoder, encoder.key)));
        continue;
      }
      const checkpoint = checkpoints[name];
      if (checkpoint === undefined) continue;
      const ask = (world: Asking["world"]) =>
        evaluateStage(lab, name, checkpoint, { world, thinking: THINKS[name] }, encoder.similarity);
      const open = await ask("open");
      made.push(modelRow(lab, name, await ask("closed"), open, checkpoint));
      if (THINKS[name]) chainErrors.push(...chainErrorRows(lab.world, name, chainAnswers(lab.world, open)));
    }
    const folders = Object.fromEntries(Object.entries(checkpoints).map(([name, { folder }]) => [name, folder]));
    return { rows: made, chainErrors, curation: cot.result, stages, checkpoints: folders };
  } finally {
    encoder.dispose();
  }
}

function modelRow(
  lab: Lab,
  name: QuickstartRowName,
  closed: readonly EvaluationRecord[],
  open: readonly EvaluationRecord[],
  checkpoint: Checkpoint,
): QuickstartRow {
  return {
    name,
    closed: tableScores(closed, "accuracy"),
    open: tableScores(open, "accuracy"),
    openSimilarity: tableScores(open, "similarity"),
    wellFormed: scoreOf(open, "wellFormed"),
    seenNames: seenNameShare(open, lab.world.subCategories),
    checkpoint: checkpoint.key,
  };
}

function encoderRow(closed: readonly EvaluationRecord[]): QuickstartRow {
  return {
    name: "siglip",
    closed: tableScores(closed, "accuracy"),
    open: null,
    openSimilarity: null,
    wellFormed: null,
    seenNames: null,
    checkpoint: null,
  };
}
