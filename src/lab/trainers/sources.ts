import * as path from "node:path";
import { LabError } from "../../core/errors";
import type { CurationReport } from "../../cot/outcomes";
import { RECORDS_FILE } from "../../cot/records";
import type { Dataset } from "../../data/dataset";
import type { Triplet } from "../../data/types";
import { takeChecked } from "../../store/store";
import { openDataset } from "../datasets";
import { expectModels, givenCheckpoint, givenMiner, meetModels, modelsOf } from "../given";
import { readTriplets } from "../kinds/data";
import { cotExamples } from "../kinds/training";
import { make } from "../make";
import type { Profile } from "../profile";
import { chains, triplets } from "../recipe";
import { workOf, type Given, type LabContext, type Stage } from "../stage";
import type { SftExample } from "../../sft/train";

/** What an export is made from. */
export interface TrainerSource {
  readonly profile: Profile;
  readonly seed: number;
  readonly context: LabContext;
  /** Make the stage where the store does not have it. */
  readonly make: boolean;
  /** The profile as a command names it, such as "-p smoke". */
  readonly words: string;
}

/** Stage 1's examples, and what came of the teacher who wrote them. */
export interface Chains {
  readonly examples: SftExample[];
  readonly curation?: CurationReport;
}

/** The chains that a `cot` stage wrote, or those of a file of records. @param records such a file */
export async function chainsFor(source: TrainerSource, records?: string): Promise<Chains> {
  const { profile, seed, context } = source;
  const { data, dataset } = await datasetOf(source);
  if (records !== undefined) return { examples: cotExamples(data, profile.promptSet, records) };
  const { teacher } = profile.cot;
  expectModels(modelsOf(profile));
  if (teacher !== undefined) await meetModels([teacher], context.store);
  const own = teacher === undefined ? {} : { teacher: givenCheckpoint(teacher) };
  const stage = chains({ dataset, ...own, profile, seed });
  const { folder, result } = await madeFor(source, stage, "cot-sft");
  const examples = cotExamples(data, profile.promptSet, path.join(folder, RECORDS_FILE));
  return { examples, curation: stage.kind.parse(result) };
}

/** Stage 2's triplets, and the dataset that they are of. */
export async function tripletsFor(source: TrainerSource): Promise<{ data: Dataset; drawn: Triplet[] }> {
  const { profile, seed } = source;
  const { data, dataset } = await datasetOf(source);
  const stage = triplets({ dataset, encoder: givenMiner(profile.mining ?? profile.encoder), seed });
  return { data, drawn: readTriplets(data, (await madeFor(source, stage, "tapo")).folder) };
}

async function datasetOf({ profile, context }: TrainerSource): Promise<{ data: Dataset; dataset: Given }> {
  const { progress, signal } = context;
  const data = await openDataset(profile.dataset, { progress, ...(signal === undefined ? {} : { signal }) });
  return { data, dataset: { given: "dataset", fingerprint: data.fingerprint, at: profile.dataset } };
}

/** @param method of the experiment "quickstart", which needs the stage */
async function madeFor({ context, words, seed, make: may }: TrainerSource, stage: Stage, method: string) {
  if (may) return make(context, stage);
  const record = await takeChecked(context, workOf(stage));
  if (record !== undefined) return record;
  const run = ["npx fine-r1 run quickstart", words, `--seeds ${seed} --only ${method}`].filter((part) => part !== "");
  throw new LabError(
    `holds no stage "${stage.label}" of this profile and seed ${seed}`,
    `Make it: the same command with --make, or \`${run.join(" ")}\`, which trains with it here, too.`,
    { subject: context.store },
  );
}
