import * as path from "node:path";
import { LabError } from "../core/errors";
import { isFolder } from "../core/folders";
import { silent } from "../core/progress";
import { didYouMean } from "../core/similar";
import { promptText } from "../data/prompts";
import { select, type Measurement } from "../eval/measurements";
import { experimentNamed, EXPERIMENTS } from "../experiments";
import { trainedMethods } from "../lab/finished";
import { keptFolder, readKept } from "../lab/kept";
import { labOf } from "../lab/lab";
import { modelCard, stagesBehind, taughtToThink } from "../lab/modelCard";
import { keysOf } from "../lab/run";
import { speaksMini } from "../lab/vocabulary";
import { checkCheckpoint } from "../model/qwen/checkpoint";
import { writeHubFolder } from "../model/qwen/hub";
import { QwenTokenizer } from "../model/qwen/tokenizer";
import type { StageRecord } from "../store/record";
import { DEFAULT_DOMAIN } from "./askQuestion";
import { commandLine } from "./again";
import { profileWords, readProfile, refuseChoice, type ProfileArguments } from "./options";

interface ExportArguments extends ProfileArguments {
  readonly method?: string;
}

/** A checkpoint to be exported, and what is known of it. */
interface Exported {
  readonly checkpoint: string;
  /** Those that trained it, the first one first. */
  readonly stages: readonly StageRecord[];
  readonly thinking: boolean;
  readonly measurements: readonly Measurement[];
}

/** Writes a checkpoint in the hub's layout. @param what an experiment whose method is meant, a stage's folder or a checkpoint's */
export async function exportModel(what: string, out: string, options: ExportArguments): Promise<void> {
  const isExperiment = EXPERIMENTS.some(({ id }) => id === what); // before a folder of that name, as in `metrics`
  const { checkpoint, stages, thinking, measurements } =
    isExperiment || !isFolder(what) ? await ofMethod(what, options) : inFolder(what, options);
  const mini = speaksMini(QwenTokenizer.load(checkpoint));
  const superCategory = DEFAULT_DOMAIN;
  const question = mini
    ? promptText("mini", { question: `${superCategory} ?`, superCategory, thinking })
    : promptText("paper", { question: "What is shown in this picture?", superCategory, thinking });
  const config = checkCheckpoint(checkpoint);
  const name = path.basename(path.resolve(out));
  const facts = { name, config, question, mini, stages, measurements };
  await writeHubFolder(checkpoint, out, modelCard(facts));
  console.log(
    `${out}: config, weights, tokenizer, image settings and README.md. Fill in the card's first line, the licence.`,
  );
}

function inFolder(folder: string, options: ExportArguments): Exported {
  refuseChoice(options, { "--method": options.method });
  const stages = stagesBehind(path.basename(folder) === "model" ? path.dirname(folder) : folder);
  const within = path.join(folder, "model");
  return { checkpoint: isFolder(within) ? within : folder, stages, thinking: taughtToThink(stages), measurements: [] };
}

/** A trained method, with its measurements where those that are kept are this very checkpoint's. */
async function ofMethod(id: string, options: ExportArguments): Promise<Exported> {
  const experiment = experimentNamed(id);
  const profile = readProfile(options);
  const lab = await labOf(profile, { progress: silent, models: "recalled" });
  const trained = trainedMethods(lab, experiment);
  const names = trained.map(({ method }) => method.name);
  const found = trained.find(({ method }) => method.name === options.method);
  if (found === undefined) {
    const run = commandLine("run", id, ...profileWords(options));
    const remedy = names.length === 0 ? `Train them: ${run}` : `Give --method, one of ${names.join(", ")}.`;
    const reason = options.method === undefined ? "needs --method" : `has no trained method "${options.method}"`;
    throw new LabError(names.length === 0 ? "has no trained method" : reason, `${didYouMean(options.method ?? "", names)}${remedy}`, { subject: id }); // prettier-ignore
  }
  const { method, seed, record } = found;
  const keys = keysOf(found);
  const kept = (["report", "record"] as const)
    .map((destination) => readKept(keptFolder(id, profile.name, destination)))
    .find((one) => one?.made.some((made) => made.method === method.name && made.seed === seed && made.keys.every((key) => keys.includes(key)))); // prettier-ignore
  const measurements = kept === undefined ? [] : select(kept.measurements, { method: method.name, seed });
  return {
    checkpoint: path.join(record.folder, "model"),
    stages: stagesBehind(record.folder),
    thinking: method.thinking,
    measurements,
  };
}
