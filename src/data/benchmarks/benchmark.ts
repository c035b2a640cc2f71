import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { LabError } from "../../core/errors";
import { statOf } from "../../core/folders";
import { hashKnown } from "../../core/hash";
import type { RgbImage } from "../../core/image";
import { briefly } from "../../core/printable";
import type { Progress } from "../../core/progress";
import type { Dataset } from "../dataset";
import { PictureCache } from "../folder/pictures";
import { readImage } from "../images";
import { optionLetters, type GeneralQuestion, type QuestionKind } from "../questions";

/** The general benchmarks of Table 7, as their authors publish them. */
export const BENCHMARKS = ["imagewikiqa", "mme", "mmbench", "seedbench"] as const;
export type BenchmarkName = (typeof BENCHMARKS)[number];

export interface BenchmarkContext {
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** How one is read, by its file or folder. */
export interface BenchmarkReader {
  /** Its specs, in words. */
  readonly form: string;
  /** Tells its contents from any others. @throws LabError where it is not there */
  readonly fingerprint: (where: string) => string;
  readonly open: (where: string, context: BenchmarkContext) => Promise<Dataset>;
}

/** A line or a file that cannot be used, by its place in the benchmark. */
export interface Unusable {
  readonly file: string;
  readonly reason: string;
}

/** What was read of a benchmark. */
export interface BenchmarkContent {
  readonly name: BenchmarkName;
  readonly where: string;
  readonly fingerprint: string;
  readonly kinds: readonly QuestionKind[];
  readonly questions: readonly GeneralQuestion[];
  readonly pictures: number;
  readonly skipped: readonly Unusable[];
  readonly notes?: readonly string[];
}

/** A benchmark as a dataset that has no classes: all that it has is questions. @throws LabError where none can be used */
export function benchmarkDataset(content: BenchmarkContent): Dataset {
  const { name, where, fingerprint, kinds, questions, pictures, skipped, notes = [] } = content;
  if (questions.length === 0) {
    const [first] = skipped;
    const why = first === undefined ? (notes[0] ?? "it is empty") : `${first.file}: ${briefly(first.reason)}`;
    throw new LabError(`has no question that can be used (${why})`, "See docs/benchmarks.md for its form.", {
      subject: where,
    });
  }
  const used = new Set(questions.map(({ kind }) => kind));
  return {
    ...{ name: `${name}/${path.basename(where)}`, fingerprint, subCategories: [], train: [], validation: [] },
    test: () => [],
    question: () => "",
    optionsFor: () => [],
    wording: "released",
    questions: { kinds: kinds.filter((kind) => used.has(kind.name)), draw: () => questions },
    report: { folder: where, pictures, skipped, leftOut: [], notes },
  };
}

/**
 * A fingerprint of files that hold questions, by their contents, and of pictures, by their paths and sizes: of some gigabytes, published once
 * and never changed, not each byte is read before each run. `fine-r1 data check` reads them all.
 * @param places what each file stands for, in the files' order, where their names alone do not tell
 */
export function fingerprintOf(
  name: BenchmarkName,
  texts: readonly string[],
  pictures: readonly string[] = [],
  places: readonly unknown[] = [],
): string {
  const hash = createHash("sha256").update(JSON.stringify([name, 1, ...places]));
  for (const file of texts) hash.update(JSON.stringify([path.basename(file), hashKnown(file)]));
  for (const file of pictures) {
    const size = statOf(file)?.size ?? null;
    hash.update(JSON.stringify([path.basename(path.dirname(file)), path.basename(file), size]));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Reads picture files by need, and keeps the last ones: several questions are about one. */
export function fileReader(): (file: string) => () => Promise<RgbImage> {
  const cache = new PictureCache(CACHE_BYTES);
  return (file) => () => cache.get(file, () => readImage(file));
}

/** The first of some picture files that is there, in the folder that it is looked for in: a line may name any place. */
export function pictureIn(folders: readonly string[], names: readonly string[]): string {
  const inside = folders.flatMap((folder) => names.filter((name) => !path.normalize(name).startsWith("..")).map((name) => path.join(folder, name))); // prettier-ignore
  const found = inside.find((file) => statOf(file)?.isFile() === true);
  if (found === undefined) throw new Error(`its picture ${briefly(names[0] ?? "")} is not there`);
  return found;
}

/** Memory for decoded pictures. */
export const CACHE_BYTES = 64 * 2 ** 20;

/** The first of some files that is there. @throws LabError that names them all, and where they are published */
export function firstThere(where: string, files: readonly string[], published: string): string {
  const found = files.find((file) => fs.existsSync(file));
  if (found !== undefined) return found;
  const names = files.map((file) => path.relative(where, file) || path.basename(file));
  throw new LabError(`${names.join(" or ")} is not there`, published, { subject: where });
}

/** A question with options, in the words in which VLMEvalKit puts those of MMBench and SEED-Bench. */
export function choiceText({ question, options, hint = "" }: ChoiceParts): string {
  return [
    ...(hint === "" ? [] : [`Hint: ${hint}`]),
    `Question: ${question}`,
    "Options:",
    ...optionLetters(options).map((letter, i) => `${letter}. ${options[i] ?? ""}`),
    "Please select the correct answer from the options above.",
  ].join("\n");
}

export interface ChoiceParts {
  readonly question: string;
  readonly options: readonly string[];
  readonly hint?: string;
}
