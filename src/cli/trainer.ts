import * as fs from "node:fs";
import * as path from "node:path";
import { Option, type Command } from "commander";
import { placeOf, storeFolder } from "../config/places";
import { loadBackend } from "../core/backend";
import { LabError } from "../core/errors";
import { LARGEST_SEED } from "../core/random";
import { quoted } from "../core/shell";
import { loadProfile, type Profile } from "../lab/profile";
import { baseModel, namedModel, type TrainedModel } from "../lab/trainers/model";
import { presetOf, VALUES, type TrainerStage, type Values } from "../lab/trainers/values";
import { exportLlamaFactory, exportStage2, type Exported, type TrainerExport } from "../lab/trainers/write";
import { curationTable } from "../report/steps";
import { toText } from "../report/table/text";
import { addProfileOptions, overrides, profileWords, readNames, wholeFrom, type ProfileArguments } from "./options";
import { stoppable } from "./stop";

interface TrainerArguments extends ProfileArguments {
  readonly out: string;
  readonly values: Values;
  readonly leave: readonly string[];
  readonly model?: string;
  readonly gpus: number;
  readonly seed?: number;
  readonly make?: true;
  readonly records?: string;
}

/** The command that trains stands on a line of its own, behind what it needs. */
interface Trainer {
  readonly name: string;
  readonly stage: TrainerStage;
  readonly description: string;
  /** What is done before the launch line. */
  readonly before: string;
  readonly write: (given: TrainerExport, records: string | undefined) => Promise<Exported>;
}

/** Stands in the settings where nobody has said which checkpoint stage 2 begins with. */
const STAGE_1 = "<checkpoint of stage 1>";

const TRAINERS: readonly Trainer[] = [
  {
    name: "llamafactory",
    stage: "sft",
    description: "stage 1 (CoT SFT) for LLaMA-Factory 0.9.5: chains, pictures, dataset_info.json, sft.yaml",
    before: "pip install llamafactory==0.9.5 deepspeed",
    write: exportLlamaFactory,
  },
  {
    name: "released",
    stage: "rl",
    description: "stage 2 (TAPO) for the trainer that the authors released: triplets as parquet, config_tapo.yaml",
    before: "cd FineR1_ICLR2026/TAPO",
    write: (given) => exportStage2("released", given),
  },
  {
    name: "verl",
    stage: "rl",
    description: "stage 2 (TAPO) for verl 0.9.1 with engines/verl-tapo: triplets as parquet, tapo.yaml",
    before: "pip install 'verl[vllm]==0.9.1' ./engines/verl-tapo",
    write: (given) => exportStage2("verl", given),
  },
];

/** `fine-r1 trainer`. */
export function addTrainerCommand(program: Command): void {
  const trainer = program
    .command("trainer")
    .description("write a stage's data and settings for a trainer of others, and say how to start it")
    .addHelpText(
      "after",
      `
  $ npx fine-r1 trainer llamafactory -p smoke --values release --make -o exports/stage1
  $ npx fine-r1 trainer released -p smoke --values release --set rl.promptsPerRollout=32 --set rl.promptsPerUpdate=16 --make -o exports/stage2
  $ npx fine-r1 trainer verl -p smoke --values paper --set rl.promptsPerRollout=32 --set rl.promptsPerUpdate=16 --leave rl.maxResample,rl.whenExhausted --make -o exports/verl

What a trainer cannot be told is refused by name; docs/trainers.md has the table of all options.`,
    );
  for (const one of TRAINERS) addTrainer(trainer, one);
}

function addTrainer(parent: Command, trainer: Trainer): void {
  const command = parent.command(trainer.name).description(trainer.description);
  addProfileOptions(command)
    .requiredOption("-o, --out <folder>", "a new folder")
    .addOption(
      new Option(
        "--values <which>",
        "training values: the profile's, the paper's, the released script's; --set goes before",
      )
        .choices(VALUES)
        .default("profile"),
    )
    .option("--leave <options>", "options that the trainer may decide itself, such as rl.maxResample", readNames, [])
    .option("--model <model>", `the model to train: a folder or a name of the hub; default: ${usualModel(trainer)}`)
    .option("--gpus <count>", "GPUs that share the work", wholeFrom(1), 4)
    .option(
      "--seed <seed>",
      "whose chains or triplets, and the trainer's seed; default: the profile's",
      wholeFrom(0, LARGEST_SEED),
    )
    .option("--make", "make the chains or triplets where the store lacks them");
  if (trainer.stage === "sft")
    command.option("--records <file>", "chains of your own (records.jsonl of a stage's form)");
  command.action((given: TrainerArguments) => write(trainer, given));
}

function usualModel({ stage }: Trainer): string {
  return stage === "sft" ? "the profile's base" : STAGE_1;
}

async function write(trainer: Trainer, given: TrainerArguments): Promise<void> {
  const { records, gpus, make = false } = given;
  const preset = presetOf(trainer.stage, given.values);
  const profile = loadProfile(given.profile, { ...preset.set, ...overrides(given.set) });
  const folder = path.resolve(given.out);
  const leave = [...new Set([...preset.leave, ...given.leave])];
  const trained = modelOf(trainer, given.model, profile);
  if (records !== undefined && !fs.existsSync(records)) {
    throw new LabError("is not there", "Give a file of chains, such as records.jsonl of a stage cot.", {
      subject: records,
    });
  }
  if (make) await loadBackend();
  const context = { store: storeFolder(), ...stoppable() };
  const words = profileWords(given).map(quoted).join(" ");
  const source = { profile, seed: given.seed ?? profile.seed, context, make, words };
  const { what, launch, curation } = await trainer.write(
    { ...source, folder, model: trained?.model ?? STAGE_1, gpus, leave },
    records,
  );
  if (curation !== undefined) console.log(`\n${toText(curationTable(curation))}\n`);
  console.log(`${what}, in ${placeOf(folder)}:\n${listing(folder)}\nTo train:\n  ${trainer.before}\n  ${launch}`);
  if (leave.length > 0) console.log(`Left to the trainer's own way: ${leave.join(", ")}.`);
  console.log(sayModel(trained));
}

/** `undefined` where nobody has said what stage 2 begins with. */
function modelOf({ stage }: Trainer, named: string | undefined, profile: Profile): TrainedModel | undefined {
  if (named !== undefined) return namedModel(named);
  return stage === "sft" ? baseModel(profile) : undefined;
}

function sayModel(trained: TrainedModel | undefined): string {
  if (trained === undefined)
    return "Give the checkpoint of stage 1 with --model, or put its path in the configuration.";
  const { model, from } = trained;
  return from === "folder" ? `Model: ${placeOf(model)}` : `Model: ${model}, which the trainer takes from the hub: no such folder is here.`; // prettier-ignore
}

/** The files of a folder with their sizes; of a folder of pictures, how many there are. */
function listing(folder: string): string {
  const entries = fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries
    .map((entry) => {
      const inside = path.join(folder, entry.name);
      if (!entry.isDirectory()) return `  ${entry.name}  ${sizeOf(fs.statSync(inside).size)}`;
      const files = fs.readdirSync(inside).map((file) => fs.statSync(path.join(inside, file)).size);
      return `  ${entry.name}/  ${files.length} files, ${sizeOf(files.reduce((sum, size) => sum + size, 0))}`;
    })
    .join("\n");
}

function sizeOf(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
