import { chainAnswers, chainErrorRows, type ChainErrorRow } from "../analysis/chainErrors";
import type { CurationReport } from "../cot/outcomes";
import { choiceCheck, type ChoiceCheck } from "../eval/choice";
import { scoreOf, tableScores, type TableScores } from "../eval/aggregate";
import { seenNameShare } from "../eval/diagnostics";
import type { Score } from "../eval/intervals";
import type { EvaluationRecord } from "../eval/records";
import type { Lab } from "../lab/lab";
import { DAPO, type TapoOptions } from "../tapo/options";
import { openEncoder, type OpenedEncoder } from "../lab/encoder";
import { evaluateEncoderStage, evaluateStage, type Asking } from "../lab/evaluation";
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
  type Trained,
} from "../lab/training";
import type { Finished } from "../store/stage";

/** The rows of the quickstart's table, in its order. */
export const QUICKSTART_ROWS = ["base", "base-think", "sft-labels", "cot-sft", "dapo", "tapo", "siglip"] as const;
export type QuickstartRowName = (typeof QUICKSTART_ROWS)[number];

/** One method of the table. */
export interface QuickstartRow {
  readonly name: QuickstartRowName;
  /** Accuracy in the closed world. */
  readonly closed: TableScores;
  /** The closed world by the option chosen alone, mean over domains; absent in rows that an older version wrote. */
  readonly choice?: ChoiceCheck & { readonly seen: number | null; readonly unseen: number | null };
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

type Stages = Partial<Record<QuickstartRowName, Finished<Trained>>>;
type Checkpoints = Partial<Record<QuickstartRowName, Checkpoint>>;

/** Whether one of the rows is trained: the others are asked as they are, on any engine. */
export function needTraining(rows: readonly QuickstartRowName[]): boolean {
  return rows.some((row) => !["base", "base-think", "siglip"].includes(row));
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
  const encoder = await openEncoder(lab.profile.dualEncoder);
  try {
    const cot = await cotStage(lab);
    const base = givenCheckpoint(lab.profile.base);
    const stages = await trainRows(lab, rows, base, cot, encoder);
    const checkpoints: Checkpoints = { base, "base-think": base };
    for (const name of QUICKSTART_ROWS) {
      const stage = stages[name];
      if (stage !== undefined) checkpoints[name] = checkpointOf(stage);
    }
    return {
      ...(await evaluateRows(lab, rows, checkpoints, encoder)),
      curation: cot.result,
      stages: foldersOf(stages),
      checkpoints: foldersOf(checkpoints),
    };
  } finally {
    encoder.dispose();
  }
}

/** Trains the rows that are asked for, and CoT SFT, which the others of stage 2 start from. */
async function trainRows(
  lab: Lab,
  rows: readonly QuickstartRowName[],
  base: Checkpoint,
  cot: Finished<CurationReport>,
  encoder: OpenedEncoder,
): Promise<Stages> {
  const stages: Stages = {};
  if (!needTraining(rows)) return stages;
  const { profile } = lab;
  if (rows.includes("sft-labels")) {
    stages["sft-labels"] = await sftStage(lab, "sft-labels", base, labelExamples(lab), profile.sftLabels);
  }
  const cotSft = await sftStage(lab, "cot-sft", base, cotExamples(lab, cotRecords(cot)), profile.sftCot);
  stages["cot-sft"] = cotSft;
  const triplets = await tripletStage(lab, (images) => encoder.encodeImages(images), encoder.key);
  const { options } = profile.rl;
  const stage2 = { dapo: dapoOptions(options), tapo: options };
  for (const name of ["dapo", "tapo"] as const) {
    if (rows.includes(name)) stages[name] = await rlStage(lab, name, checkpointOf(cotSft), triplets, stage2[name]);
  }
  return stages;
}

/** Asks each method both kinds of questions, and looks for the first wrong step of its chains. */
async function evaluateRows(
  lab: Lab,
  rows: readonly QuickstartRowName[],
  checkpoints: Checkpoints,
  encoder: OpenedEncoder,
): Promise<Pick<QuickstartResult, "rows" | "chainErrors">> {
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
  return { rows: made, chainErrors };
}

function foldersOf(made: Readonly<Partial<Record<QuickstartRowName, { readonly folder: string }>>>) {
  return Object.fromEntries(Object.entries(made).map(([name, { folder }]) => [name, folder]));
}

function closedScores(closed: readonly EvaluationRecord[]): Pick<QuickstartRow, "closed" | "choice"> {
  const { seen, unseen } = tableScores(closed, "choice");
  const choice = { seen: seen?.average.value ?? null, unseen: unseen?.average.value ?? null };
  return { closed: tableScores(closed, "accuracy"), choice: { ...choiceCheck(closed), ...choice } };
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
    ...closedScores(closed),
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
    ...closedScores(closed),
    open: null,
    openSimilarity: null,
    wellFormed: null,
    seenNames: null,
    checkpoint: null,
  };
}
