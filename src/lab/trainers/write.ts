import * as path from "node:path";
import * as yaml from "yaml";
import type { CurationReport } from "../../cot/outcomes";
import { requireEmpty, writeFileAtomic, writeNewFolder } from "../../core/files";
import { quoted } from "../../core/shell";
import { requireFullBatch } from "./batches";
import { llamaFactoryLaunch, llamaFactorySettings, writeLlamaFactory } from "./llamafactory";
import { releasedSettings, type Stage2Run } from "./released";
import { chainsFor, type TrainerSource } from "./sources";
import { hasSuffix, questionsFor, writeTriplets } from "./triplets";
import { VERL_CONFIG, verlSettings } from "./verl";

/** What an export takes beside the profile. */
export interface TrainerExport extends TrainerSource {
  /** A new folder, as a whole path. */
  readonly folder: string;
  /** The model that is trained: a folder or a name of the hub. */
  readonly model: string;
  readonly gpus: number;
  /** Options that the trainer may decide itself. */
  readonly leave: readonly string[];
}

/** What was written. */
export interface Exported {
  /** In words: "404 examples, 404 pictures". */
  readonly what: string;
  /** The command that trains, as a shell takes it. */
  readonly launch: string;
  /** What came of the teacher who wrote the chains. */
  readonly curation?: CurationReport;
}

/**
 * Stage 1 for LLaMA-Factory. @param records a file of chains in place of the store's
 * @throws LabError for a folder that is not empty, chains that were not made, options that it cannot be told
 */
export async function exportLlamaFactory(given: TrainerExport, records?: string): Promise<Exported> {
  const { folder, model, gpus, leave, profile, seed, context } = given;
  requireEmpty(folder);
  const run = { model, gpus, folder };
  const settings = llamaFactorySettings({ ...profile.sft, seed }, run, leave);
  const { examples: chains, ...written } = await chainsFor(given, records);
  let what = "";
  await writeNewFolder(folder, async (into) => {
    const { examples, pictures } = await writeLlamaFactory(chains, settings, run, into, context);
    what = `${examples} chains of thought, ${pictures} pictures`;
  });
  return { what, launch: llamaFactoryLaunch(run), ...written };
}

/** The trainers of stage 2: their configuration's file, and the line that starts them. */
const STAGE_2 = {
  released: {
    settings: releasedSettings,
    config: "config_tapo.yaml",
    launch: (folder: string) => ["-m", "verl.trainer.main", `config=${path.join(folder, "config_tapo.yaml")}`],
  },
  verl: {
    settings: verlSettings,
    config: `${VERL_CONFIG}.yaml`,
    launch: (folder: string) => ["-m", "verl.trainer.main_ppo", "--config-path", folder, "--config-name", VERL_CONFIG],
  },
} as const;

/**
 * Stage 2 for a trainer of TAPO: triplets as parquet, and its configuration.
 * @throws LabError for a folder that is not empty, triplets that were not drawn or do not fill a batch, options that it cannot be told
 */
export async function exportStage2(trainer: keyof typeof STAGE_2, given: TrainerExport): Promise<Exported> {
  const { folder, model, gpus, leave, profile, seed, context } = given;
  const { settings: settingsOf, config, launch } = STAGE_2[trainer];
  requireEmpty(folder);
  const without = { model, gpus, seed, folder, rows: profile.rl.promptsPerRollout, formatPrompt: false };
  settingsOf(profile.rl, without, leave); // refuses before pictures are read
  const questions = await questionsFor(given);
  requireFullBatch(questions.length, profile.rl);
  const run: Stage2Run = { ...without, rows: questions.length, formatPrompt: await hasSuffix(questions) };
  let files = 0;
  await writeNewFolder(folder, async (into) => {
    files = await writeTriplets(questions, into, context);
    writeFileAtomic(path.join(into, config), yaml.stringify(settingsOf(profile.rl, run, leave)));
  });
  return {
    what: `${questions.length} triplets in ${files} parquet file${files === 1 ? "" : "s"}`,
    launch: ["python3", ...launch(folder)].map(quoted).join(" "),
  };
}
