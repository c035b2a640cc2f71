import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { parserOf } from "../config/stored";
import { LabError, messageOf } from "../core/errors";
import { parseJson, readText, unreadable } from "../core/files";
import type { Split } from "./types";

/** A question of the released benchmarks (`eval/data/*.jsonl` there), as it stands in its line. */
export interface ReleasedLine {
  /** Where the picture lies in the dataset as its authors ship it. */
  readonly imagePath: string;
  readonly question: string;
  /** The right one first. */
  readonly options: readonly string[];
  readonly groundTruth: string;
}

const text = z.string().min(1);
const lineSchema: z.ZodType<ReleasedLine> = z
  .strictObject({ image_path: text, question: text, options: z.array(text).min(2), ground_truth: text })
  .transform(({ image_path: imagePath, ground_truth: groundTruth, ...rest }) => ({ imagePath, groundTruth, ...rest }));

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

/** Reads every jsonl file of a folder, in the order of their names. @throws LabError where there is none */
export function readReleasedFolder(folder: string): ReleasedFile[] {
  const files = namesIn(folder).filter((name) => name.endsWith(".jsonl"));
  if (files.length > 0) return files.sort().map((name) => readReleasedFile(path.join(folder, name)));
  const remedy = "Give the folder with the release's lines, such as bird_seen.jsonl (eval/data of its repository).";
  throw new LabError("holds no .jsonl file", remedy, { subject: folder });
}

/** Reads a file of released lines; what is none is listed beside them. */
export function readReleasedFile(file: string): ReleasedFile {
  const [, set = "", split] = /^(.*?)(?:_(seen|unseen))?\.jsonl$/u.exec(path.basename(file)) ?? [];
  const parse = parserOf(lineSchema);
  const lines: ReleasedLine[] = [];
  const malformed: { line: number; reason: string }[] = [];
  readText(file)
    .split("\n")
    .forEach((line, index) => {
      if (line.trim() === "") return;
      try {
        lines.push(parse(parseJson(line)));
      } catch (error) {
        malformed.push({ line: index + 1, reason: messageOf(error) });
      }
    });
  return { file, set, split: split === "seen" || split === "unseen" ? split : null, lines, malformed };
}

function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch (error) {
    throw unreadable(folder, error);
  }
}
