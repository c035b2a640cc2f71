import * as path from "node:path";
import { z } from "zod";
import { parserOf } from "../config/stored";
import { LabError } from "../core/errors";
import { namesIn, readUsableJsonl } from "../core/files";
import { classNameSchema } from "./folder/classes";
import type { Split } from "./types";

/** A question of the released benchmarks (`eval/data/*.jsonl` there). */
export interface ReleasedLine {
  /** Where the picture lies in the dataset as its authors ship it. */
  readonly imagePath: string;
  readonly question: string;
  /** As they stand there: the right one first. */
  readonly options: readonly string[];
  readonly groundTruth: string;
}

const text = z.string().min(1);
const lineSchema: z.ZodType<ReleasedLine> = z
  .strictObject({
    image_path: text,
    question: text,
    options: z.array(classNameSchema).min(2),
    ground_truth: classNameSchema,
  })
  .transform(({ image_path: imagePath, ground_truth: groundTruth, ...rest }) => ({ imagePath, groundTruth, ...rest }));
export const parseReleasedLine = parserOf(lineSchema);

/** One file of released lines: a set and a split, by its name. */
export interface ReleasedFile {
  readonly file: string;
  /** Such as "bird". */
  readonly set: string;
  /** `null` where the name does not end in `_seen` or `_unseen`. */
  readonly split: Split | null;
  readonly lines: readonly ReleasedLine[];
  /** Lines that are none, by their number from 1. */
  readonly malformed: readonly { readonly line: number; readonly reason: string }[];
}

/** Reads every jsonl file of a folder, in the order of their names; what is no released line is listed beside them. @throws LabError where there is no file */
export function readReleasedFolder(folder: string): ReleasedFile[] {
  const files = namesIn(folder).filter((name) => name.endsWith(".jsonl"));
  if (files.length > 0) return files.sort().map((name) => readReleasedFile(path.join(folder, name)));
  const remedy = "Give the folder with the release's lines, such as bird_seen.jsonl (eval/data of its repository).";
  throw new LabError("holds no .jsonl file", remedy, { subject: folder });
}

function readReleasedFile(file: string): ReleasedFile {
  const [, set = "", split] = /^(.*?)(?:_(seen|unseen))?\.jsonl$/u.exec(path.basename(file)) ?? [];
  const { usable: lines, malformed } = readUsableJsonl(file, parseReleasedLine);
  return { file, set, split: split === "seen" || split === "unseen" ? split : null, lines, malformed };
}
