import * as path from "node:path";
import { includesText } from "../core/answer";
import type { Dataset } from "../data/dataset";
import type { LabelledImage } from "../data/types";
import { faultsOf, type RejectionReason } from "./checks";
import { sameName } from "./names";
import { COT_RECORD_VERSION, type CotRecord } from "./records";
import { recoverStages, type ReleasedRecord } from "./released";
import type { CotStages } from "./stages";

/**
 * What may be found of a released chain: the reasons of our own curation, and what it cannot meet. `explain` says what each means for a chain
 * in prose, which was never held to the tags of Table 5.
 */
export const RELEASED_FINDINGS = {
  "empty stage": "a stage is not to be found in the prose",
  "no candidates": "no list of candidates is to be found, or its names cannot be told apart",
  "mixed language": "letters of another script",
  "too many candidates": "more than four",
  "repeated candidate": "one name twice",
  "wrong prediction": "the prediction is not the label and nothing else, as our curation wants it",
  "label not in prediction": "the prediction does not so much as hold the label",
  "label not among candidates": "no candidate is the label",
  "class has a chain already": "a second chain with the same answer",
  "no training picture": "the dataset has no such training picture",
  "another name": "the dataset calls the picture's class otherwise",
} as const satisfies Partial<Record<RejectionReason, string>> & Record<string, string>;
export type ReleasedFindingKind = keyof typeof RELEASED_FINDINGS;

/** Whom the records of released chains name as their teacher. */
export const RELEASE = "the release";

/** One finding about one record. */
export interface ReleasedFinding {
  /** The record's picture, as the file names it. */
  readonly image: string;
  readonly answer: string;
  readonly finding: ReleasedFindingKind;
  readonly detail: string;
}

/** The stages of a released chain, nothing where one could not be recovered. */
function stagesOf({ thinking }: ReleasedRecord): CotStages {
  return { analysis: "", candidates: [], comparison: "", prediction: "", ...recoverStages(thinking).stages };
}

/**
 * Runs the checks of our own curation (`faultsOf`) over released chains, all of them for each chain, with the answer as the label.
 * @param dataset where the chains' pictures are looked for, too; by their files' names, as the release keeps them in folders of its own
 */
export function releasedFindings(records: readonly ReleasedRecord[], dataset?: Dataset): ReleasedFinding[] {
  const images = dataset === undefined ? undefined : imagesByName(dataset);
  const answered = new Set<string>();
  return records.flatMap((record) => {
    const { answer, image } = record;
    const found = [...foundInText(record), ...(images === undefined ? [] : foundInData(record, images))];
    if (answered.has(answer)) found.push(["class has a chain already", answer]);
    answered.add(answer);
    return found.map(([finding, detail]) => ({ image, answer, finding, detail }));
  });
}

type Found = [ReleasedFindingKind, string];

function foundInText(record: ReleasedRecord): Found[] {
  const { answer, text } = record;
  const stages = stagesOf(record);
  const { missing } = recoverStages(record.thinking);
  const found: Found[] = missing.map((stage) => [stage === "candidates" ? "no candidates" : "empty stage", stage]);
  for (const { reason, detail } of faultsOf(stages, text, answer)) {
    if (!isFinding(reason)) continue;
    found.push([reason, detail]);
    if (reason === "wrong prediction" && !includesText(stages.prediction, answer)) found.push(["label not in prediction", detail]); // prettier-ignore
  }
  return found;
}

function foundInData({ image, answer }: ReleasedRecord, images: ReadonlyMap<string, LabelledImage>): Found[] {
  const own = images.get(path.posix.basename(image));
  if (own === undefined) return [["no training picture", image]];
  const { name } = own.subCategory;
  return sameName(name, answer) ? [] : [["another name", name]];
}

function isFinding(reason: string): reason is ReleasedFindingKind {
  return Object.hasOwn(RELEASED_FINDINGS, reason);
}

/** Training pictures by the names of their files, as far as these tell them apart. */
function imagesByName({ train }: Dataset): Map<string, LabelledImage> {
  const name = ({ id }: LabelledImage): string => path.posix.basename(id);
  const counts = new Map<string, number>();
  for (const image of train) counts.set(name(image), (counts.get(name(image)) ?? 0) + 1);
  return new Map(train.filter((image) => counts.get(name(image)) === 1).map((image) => [name(image), image]));
}

/**
 * Released chains as records that stage 1 trains on: those about a training picture of the dataset whose stages could all be recovered, their
 * texts as they were released.
 */
export function importReleased(records: readonly ReleasedRecord[], dataset: Dataset): CotRecord[] {
  const images = imagesByName(dataset);
  return records.flatMap((record): CotRecord[] => {
    const image = images.get(path.posix.basename(record.image));
    if (image === undefined || recoverStages(record.thinking).missing.length > 0) return [];
    const { question, answer: label, text } = record;
    const about = { imageId: image.id, question, label, superCategory: image.subCategory.superCategory };
    const provenance = { teacher: RELEASE, attempts: 1, seed: 0 };
    return [{ version: COT_RECORD_VERSION, ...about, concepts: [], stages: stagesOf(record), text, provenance }];
  });
}
