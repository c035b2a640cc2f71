import * as path from "node:path";
import { z } from "zod";
import { parserOf } from "../config/stored";
import { LabError } from "../core/errors";
import { writeJson } from "../core/files";
import { check, silent, type Progress } from "../core/progress";
import { hashText } from "../core/random";
import type { LabelledImage } from "../data/types";
import { checkChainText, DEFAULT_CHECK_OPTIONS, type CheckOptions, type RejectionReason } from "./checks";
import {
  DEFAULT_CONCEPT_OPTIONS,
  extractConcepts,
  selectConcepts,
  type ConceptOptions,
  type DescribedImage,
} from "./concepts";
import { claimFolder, openJournal, type Journal } from "./journal";
import { parseOutcome, summariseOutcomes, type CurationOutcome, type CurationReport } from "./outcomes";
import { COT_RECORD_VERSION, RECORDS_FILE, writeCotRecords, type CotRecord } from "./records";
import { renderText, type CotForm } from "./stages";
import type { Teacher } from "../data/teacher";
import type { Usage } from "../model/contract";
import { sideBySide, type Task } from "../workers/job";
import { cotPrompt } from "./template";

/** An image to reason about, and what is asked of it. The paper takes one image per sub-category. */
export interface CotItem {
  readonly image: LabelledImage;
  readonly question: string;
}

/** What the result depends on. */
export interface CurationSettings {
  readonly seed: number;
  /** Descriptions of each image. */
  readonly descriptions: number;
  /** Candidates sampled a call. */
  readonly samples: number;
  /** Candidates looked at, at most, before an image is given up. */
  readonly maxAttempts: number;
  readonly form: CotForm;
  readonly concepts: ConceptOptions;
  readonly checks: CheckOptions;
}

export const DEFAULT_CURATION_SETTINGS: CurationSettings = {
  seed: 42,
  descriptions: 5,
  samples: 4,
  maxAttempts: 20,
  form: "released",
  concepts: DEFAULT_CONCEPT_OPTIONS,
  checks: DEFAULT_CHECK_OPTIONS,
};

/** Where it is kept and who watches; the result does not depend on these. */
export interface CurationContext {
  /** Gets `settings.json`, `descriptions.jsonl`, `outcomes.jsonl`, and at the end `records.jsonl` and `report.json`. */
  readonly folder?: string;
  /** What the teacher has cost so far; absent where it costs nothing but time. */
  readonly usage?: (() => Usage) | undefined;
  readonly progress?: Progress;
  readonly signal?: AbortSignal | undefined;
}

export interface Curation {
  /** The accepted chains, in the order of the items. */
  readonly records: readonly CotRecord[];
  readonly report: CurationReport;
}

interface Described {
  readonly imageId: string;
  readonly descriptions: readonly string[];
}

/**
 * Curates chains of thought (§4.2): describes every image several times, selects its visual concepts, and samples
 * structured chains until one passes every check. Each image has a random stream of its own, so a curation that was
 * cut short and begun again with the same folder ends with the same records and the same counts, and as many images as the teacher
 * has lanes are worked on at a time.
 * @throws LabError on repeated images, or a folder begun with other settings; the signal's reason when aborted
 */
export async function curate(
  items: readonly CotItem[],
  teacher: Teacher,
  settings: CurationSettings = DEFAULT_CURATION_SETTINGS,
  context: CurationContext = {},
): Promise<Curation> {
  validate(items, settings);
  const { folder } = context;
  if (folder !== undefined) claimFolder(folder, { teacher: teacher.name, ...settings, items: fingerprint(items) });
  const described = await describeAll(items, teacher, settings, context);
  const outcomes = await reasonAll(items, described, teacher, settings, context);
  const records = outcomes.flatMap(({ record }) => (record === null ? [] : [record]));
  const summary = summariseOutcomes(teacher.name, settings.seed, outcomes);
  const report = context.usage === undefined ? summary : { ...summary, cost: context.usage() };
  if (folder !== undefined) {
    writeCotRecords(path.join(folder, RECORDS_FILE), records);
    writeJson(path.join(folder, "report.json"), report);
  }
  return { records, report };
}

function validate(items: readonly CotItem[], settings: CurationSettings): void {
  const ids = items.map(({ image }) => image.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new LabError("is listed twice", "List each image once.", { subject: twice });
  for (const key of ["descriptions", "samples", "maxAttempts"] as const) {
    if (!Number.isInteger(settings[key]) || settings[key] < 1) {
      throw new LabError("must be a whole number of at least 1", "Correct the curation settings.", { subject: key });
    }
  }
}

function fingerprint(items: readonly CotItem[]): string {
  const text = items.map(({ image, question }) => JSON.stringify([image.id, image.subCategory.name, question]));
  return `${items.length}-${hashText(text.join("\n")).toString(16)}`;
}

async function describeAll(
  items: readonly CotItem[],
  teacher: Teacher,
  settings: CurationSettings,
  context: CurationContext,
): Promise<DescribedImage[]> {
  const journal = openJournal(context.folder, "descriptions.jsonl", parseDescribed);
  const task = (context.progress ?? silent).start("Describing images", items.length);
  try {
    const tasks = items.map(({ image }) => async (stop: AbortSignal) => {
      if (journal.entries.has(image.id)) return undefined;
      check(stop);
      const seed = hashText(`${settings.seed}/describe/${image.id}`);
      return { imageId: image.id, descriptions: await teacher.describe(image, settings.descriptions, seed) };
    });
    await keepInOrder(tasks, journal, teacher, context, (done) => {
      task.update(done, spent(context));
    });
  } finally {
    journal.close();
    task.finish();
  }
  return items.map(({ image }) => ({
    classId: image.subCategory.id,
    descriptions: (journal.entries.get(image.id)?.descriptions ?? []).map((text) =>
      extractConcepts(text, image.subCategory.name),
    ),
  }));
}

async function reasonAll(
  items: readonly CotItem[],
  described: readonly DescribedImage[],
  teacher: Teacher,
  settings: CurationSettings,
  context: CurationContext,
): Promise<CurationOutcome[]> {
  const journal = openJournal(context.folder, "outcomes.jsonl", parseOutcome);
  const task = (context.progress ?? silent).start("Writing chains of thought", items.length);
  try {
    const tasks = items.map((item, index) => async (stop: AbortSignal) => {
      const own = described[index];
      if (own === undefined || journal.entries.has(item.image.id)) return undefined;
      const concepts = selectConcepts(own, rivals(index, items, described), settings.concepts);
      const names = concepts.map(({ concept }) => concept);
      return reasonOne(item, names, teacher, settings, stop);
    });
    await keepInOrder(tasks, journal, teacher, context, (done) => {
      task.update(done, { accepted: acceptedCount(journal.entries.values()), ...spent(context) });
    });
  } finally {
    journal.close();
    task.finish();
  }
  return items.flatMap(({ image }) => journal.entries.get(image.id) ?? []);
}

/** Does tasks as the teacher has lanes for, and keeps what they give in their order; `undefined` was kept before. */
async function keepInOrder<T extends { readonly imageId: string }>(
  tasks: readonly Task<T | undefined>[],
  journal: Journal<T>,
  { lanes = 1 }: Teacher,
  { signal }: CurationContext,
  tell: (done: number) => void,
): Promise<void> {
  let done = 0;
  for await (const made of sideBySide(tasks, { signal, ahead: lanes })) {
    if (made !== undefined) journal.add(made);
    tell(++done);
  }
}

function spent({ usage }: CurationContext): Record<string, number> {
  if (usage === undefined) return {};
  const { promptTokens, answerTokens } = usage();
  return { tokens: promptTokens + answerTokens };
}

/** The described images of the same super-category, or all where that has one class only. */
function rivals(index: number, items: readonly CotItem[], described: readonly DescribedImage[]): DescribedImage[] {
  const superCategory = items[index]?.image.subCategory.superCategory;
  const near = described.filter((_, i) => items[i]?.image.subCategory.superCategory === superCategory);
  return new Set(near.map(({ classId }) => classId)).size > 1 ? near : [...described];
}

function acceptedCount(outcomes: Iterable<CurationOutcome>): number {
  return [...outcomes].filter(({ record }) => record !== null).length;
}

async function reasonOne(
  item: CotItem,
  concepts: readonly string[],
  teacher: Teacher,
  settings: CurationSettings,
  signal: AbortSignal,
): Promise<CurationOutcome> {
  const { image, question } = item;
  const { id: imageId, subCategory } = image;
  // every description was empty: there is nothing that a chain could start from
  if (concepts.length === 0) return { imageId, attempts: 0, rejections: {}, record: null };
  const label = subCategory.name;
  const prompt = cotPrompt({ label, concepts, question });
  const rejections: Partial<Record<RejectionReason, number>> = {};
  let attempts = 0;
  while (attempts < settings.maxAttempts) {
    check(signal);
    const count = Math.min(settings.samples, settings.maxAttempts - attempts);
    const seed = hashText(`${settings.seed}/reason/${imageId}/${attempts}`);
    const texts = await teacher.reason(image, prompt, count, seed);
    if (texts.length === 0) throw new LabError("the teacher gave no answer", "Check the model.", { subject: imageId });
    for (const text of texts) {
      attempts++;
      const verdict = checkChainText(text, label, settings.checks);
      if (verdict.accepted) {
        const provenance = { teacher: teacher.name, attempts, seed: settings.seed };
        const { stages } = verdict;
        const known = { imageId, question, label, superCategory: subCategory.superCategory, concepts, stages };
        const written = renderText(settings.form, stages, label);
        const record: CotRecord = { version: COT_RECORD_VERSION, ...known, text: written, provenance };
        return { imageId, attempts, rejections, record };
      }
      rejections[verdict.reason] = (rejections[verdict.reason] ?? 0) + 1;
    }
  }
  return { imageId, attempts, rejections, record: null };
}

const DESCRIBED: z.ZodType<Described> = z.strictObject({
  imageId: z.string().min(1),
  descriptions: z.array(z.string()),
});
const parseDescribed = parserOf(DESCRIBED);
