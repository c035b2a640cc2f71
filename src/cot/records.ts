import { z } from "zod";
import { parserOf } from "../config/stored";
import { readJsonl, writeFileAtomic } from "../core/files";
import type { CotStages } from "./stages";

/** The version of the format below; a reader refuses any other. */
export const COT_RECORD_VERSION = 1;

/** What a stage's chains are called in its folder. */
export const RECORDS_FILE = "records.jsonl";

/** One curated chain of thought: what CoT SFT trains on. One JSON object per line. */
export interface CotRecord {
  readonly version: typeof COT_RECORD_VERSION;
  /** `LabelledImage.id`. */
  readonly imageId: string;
  readonly question: string;
  /** The sub-category's name. */
  readonly label: string;
  readonly superCategory: string;
  /** The selected visual concepts, in the order of selection. */
  readonly concepts: readonly string[];
  readonly stages: CotStages;
  /** The training text: `<think>…</think> <answer>…</answer>`. */
  readonly text: string;
  readonly provenance: CotProvenance;
}

/** Where a chain comes from. */
export interface CotProvenance {
  readonly teacher: string;
  /** Candidates looked at for this image, the accepted one included. */
  readonly attempts: number;
  /** The seed of the curation. */
  readonly seed: number;
}

const WORDS = z.string().trim().min(1);
const RECORD: z.ZodType<CotRecord> = z.strictObject({
  version: z.literal(COT_RECORD_VERSION),
  imageId: WORDS,
  question: WORDS,
  label: WORDS,
  superCategory: WORDS,
  concepts: z.array(WORDS),
  stages: z.strictObject({ analysis: WORDS, candidates: z.array(WORDS).min(1), comparison: WORDS, prediction: WORDS }),
  text: WORDS,
  provenance: z.strictObject({ teacher: WORDS, attempts: z.int().min(1), seed: z.int() }),
});

/** Checks a value read from a file. @throws Error naming the keys that are wrong */
export const parseCotRecord = parserOf(RECORD);

/** Reads a JSONL file of records; an error names the file and the line. */
export function readCotRecords(file: string): CotRecord[] {
  return readJsonl(file, parseCotRecord);
}

/** Writes records as JSONL, the file whole or not at all. */
export function writeCotRecords(file: string, records: readonly CotRecord[]): void {
  writeFileAtomic(file, records.map((record) => `${JSON.stringify(parseCotRecord(record))}\n`).join(""));
}
