import { z } from "zod";
import { parserOf } from "../config/stored";
import type { Usage } from "../model/contract";
import { REJECTION_REASONS, type RejectionReason } from "./checks";
import { parseCotRecord, type CotRecord } from "./records";

/** What became of one image. One JSON object per line in `outcomes.jsonl`. */
export interface CurationOutcome {
  readonly imageId: string;
  /** Candidates looked at. */
  readonly attempts: number;
  /** The candidates turned down, by reason; reasons that did not occur are left out. */
  readonly rejections: Readonly<Partial<Record<RejectionReason, number>>>;
  /** Null when no candidate was accepted. */
  readonly record: CotRecord | null;
}

/** The figures of a whole curation. */
export interface CurationReport {
  readonly teacher: string;
  readonly seed: number;
  readonly images: number;
  /** Images with an accepted chain. */
  readonly accepted: number;
  /** Images given up after the last attempt. */
  readonly exhausted: readonly string[];
  /** Candidates looked at; attempts = accepted + Σ rejections. */
  readonly attempts: number;
  /** accepted / attempts, or 0 without attempts. */
  readonly acceptanceRate: number;
  /** Every reason, also those that did not occur. */
  readonly rejections: Readonly<Record<RejectionReason, number>>;
  /** What the teacher cost; absent where it costs nothing but time. */
  readonly cost?: Usage | undefined;
}

const OUTCOME = z.strictObject({
  imageId: z.string().min(1),
  attempts: z.int().min(0),
  rejections: z.partialRecord(z.enum(REJECTION_REASONS), z.int().min(1)),
  record: z.unknown(),
});

const parseLine = parserOf(OUTCOME);

/** Checks a line of `outcomes.jsonl`. */
export function parseOutcome(value: unknown): CurationOutcome {
  const { imageId, attempts, rejections, record } = parseLine(value);
  return { imageId, attempts, rejections, record: record === null ? null : parseCotRecord(record) };
}

const COUNT = z.int().min(0);
export const curationReportSchema: z.ZodType<CurationReport> = z.strictObject({
  teacher: z.string(),
  seed: z.int(),
  images: COUNT,
  accepted: COUNT,
  exhausted: z.array(z.string()),
  attempts: COUNT,
  acceptanceRate: z.number().min(0).max(1),
  rejections: z.partialRecord(z.enum(REJECTION_REASONS), COUNT).transform(everyReason), // older reports know fewer
  cost: z
    .strictObject({
      requests: COUNT,
      retries: COUNT,
      promptTokens: COUNT,
      answerTokens: COUNT,
      withheld: COUNT.optional(),
      seconds: z.number().min(0),
    })
    .optional(),
});

function everyReason(counts: Partial<Record<RejectionReason, number>>): Record<RejectionReason, number> {
  const all = REJECTION_REASONS.map((reason) => [reason, counts[reason] ?? 0]);
  return Object.fromEntries(all) as Record<RejectionReason, number>;
}

/** Adds up the outcomes of all images. */
export function summariseOutcomes(teacher: string, seed: number, outcomes: readonly CurationOutcome[]): CurationReport {
  const attempts = outcomes.reduce((sum, outcome) => sum + outcome.attempts, 0);
  const exhausted = outcomes.filter(({ record }) => record === null).map(({ imageId }) => imageId);
  const accepted = outcomes.length - exhausted.length;
  const count = (reason: RejectionReason): number =>
    outcomes.reduce((sum, { rejections }) => sum + (rejections[reason] ?? 0), 0);
  return {
    teacher,
    seed,
    images: outcomes.length,
    accepted,
    exhausted,
    attempts,
    acceptanceRate: attempts === 0 ? 0 : accepted / attempts,
    rejections: everyReason(Object.fromEntries(REJECTION_REASONS.map((reason) => [reason, count(reason)]))),
  };
}
