import { isUtf8 } from "node:buffer";
import * as fs from "node:fs";
import * as path from "node:path";
import { LabError, required } from "../../core/errors";
import type { RgbImage } from "../../core/image";
import { limit } from "../../core/limits";
import { asTask, silent } from "../../core/progress";
import { fieldBytes, fieldText, openFile, tsvRows, type TsvField, type TsvRow } from "../../core/tsv";
import { PictureCache } from "../folder/pictures";
import { decodeImage } from "../images";
import { CACHE_BYTES, type BenchmarkContext, type Unusable } from "./benchmark";

/** A question of a TSV file with options. */
export interface TsvQuestion {
  readonly index: number;
  readonly question: string;
  readonly hint: string;
  /** A, B, C, … as far as they go. */
  readonly options: readonly string[];
  readonly answer: string;
  readonly category: string;
  /** The coarser category, where there is one. */
  readonly ability: string;
  readonly load: () => Promise<RgbImage>;
}

export interface TsvContent {
  readonly questions: readonly TsvQuestion[];
  readonly skipped: readonly Unusable[];
  readonly pictures: number;
}

const LETTERS = ["A", "B", "C", "D", "E", "F"] as const;
const NEEDED = ["index", "image", "question", "A", "B", "answer"] as const;
/** VLMEvalKit: what is no longer than this in the column of pictures is the index of the row that has it. */
const LONGEST_INDEX = 64;
/** Bytes of a question, a hint or an option at most. */
const LONGEST_TEXT = 1 << 20;

/** One row before its picture is looked for. */
interface Parsed extends Omit<TsvQuestion, "load"> {
  readonly line: number;
  readonly image: TsvField;
}

/**
 * Reads questions with options from a TSV of OpenCompass (MMBench; SEED-Bench of VLMEvalKit): a heading, a row for each question, pictures in
 * base64 in the column `image`, or there the index of the row that has the picture. Files of gigabytes are read once from end to end without
 * their pictures, which are read again, one at a time, when they are asked for.
 * @throws LabError for a file of another form, or one without answers
 */
export async function readChoiceTsv(
  file: string,
  { progress = silent, signal }: BenchmarkContext,
): Promise<TsvContent> {
  const name = path.basename(file);
  const skipped: Unusable[] = [];
  const rows: Parsed[] = [];
  const handle = openFile(file);
  try {
    let columns: ReadonlyMap<string, number> | undefined;
    await asTask(progress, `reading ${name}`, fs.fstatSync(handle).size, async (task) => {
      for await (const row of tsvRows(file, signal)) {
        task.update(row.read);
        if (columns === undefined) columns = headingOf(row, handle, file);
        else {
          const parsed = parseRow(row, columns, handle);
          if (typeof parsed === "string") skipped.push({ file: `${name}, line ${row.line}`, reason: parsed });
          else rows.push(parsed);
        }
      }
    });
    if (columns === undefined) throw new LabError("is empty", "Get it again.", { subject: file });
    return { ...withPictures(rows, handle, file, skipped), skipped };
  } finally {
    fs.closeSync(handle);
  }
}

function headingOf({ fields }: TsvRow, handle: number, file: string): ReadonlyMap<string, number> {
  const columns = new Map(
    fields.map((field, i) => [
      fieldText(handle, field)
        .replace(/^\ufeff/u, "")
        .trim(),
      i,
    ]),
  );
  const missing = NEEDED.filter((column) => !columns.has(column));
  if (missing.length === 0) return columns;
  if (missing.join() === "answer") {
    throw new LabError(
      "has no column answer: its questions are scored by the benchmark's server alone",
      "Take the file with answers, such as MMBench_DEV_EN.tsv.",
      { subject: file },
    );
  }
  const remedy = "Give a TSV of OpenCompass, such as MMBench_DEV_EN.tsv; docs/benchmarks.md has its columns.";
  throw new LabError(`has no column ${missing.join(", ")}`, remedy, { subject: file });
}

/** A row, or why it cannot be used. */
function parseRow(row: TsvRow, columns: ReadonlyMap<string, number>, handle: number): Parsed | string {
  const { line, fields } = row;
  const broken = brokenField(row, columns, handle);
  if (broken !== undefined) return broken;
  const field = (column: string): TsvField | undefined => fields[columns.get(column) ?? -1];
  const text = (column: string): string => {
    const found = field(column);
    return found === undefined ? "" : fieldText(handle, found).trim();
  };
  const index = text("index");
  if (!/^\d{1,15}$/u.test(index)) return "its index is no number";
  const given = LETTERS.map(text);
  const gap = given.findIndex((option) => option === "");
  const options = gap < 0 ? given : given.slice(0, gap);
  if (given.filter((option) => option !== "").length > options.length) return `has an option behind its empty option ${LETTERS[gap] ?? ""}`; // prettier-ignore
  const answer = text("answer");
  const question = text("question");
  const image = required(field("image"), () => new RangeError("parseRow: no column image"));
  if (question === "") return "has no question";
  if (options.length < 2) return "has fewer than two options";
  if (!LETTERS.slice(0, options.length).some((letter) => letter === answer)) {
    return answer === "" ? "has no answer" : `its answer "${answer.slice(0, 20)}" is the letter of no option`;
  }
  if (image.end === image.start) return "has no picture";
  const category = text("category");
  const about = { category, ability: text("l2-category"), hint: text("hint") };
  return { line, index: Number(index), question, options, answer, image, ...about };
}

/**
 * Why a row is none, or more than one. A text that begins with a lone quote takes in all up to the next quote. Where what is left has as many
 * fields as the heading all the same, other rows are among it by their tabs: the first line of that text has those of the fields behind it, its
 * last line those of the fields before it. Hints of several lines have none.
 */
function brokenField(
  { line, last, fields }: TsvRow,
  columns: ReadonlyMap<string, number>,
  handle: number,
): string | undefined {
  const lost = `a quote that nothing closes: lines ${line} to ${last} cannot be used`;
  const torn = fields.findIndex((field) => field.torn);
  if (torn >= 0) return last > line ? `has ${lost}` : "has a quote that ends before its field does";
  if (fields.length !== columns.size) return `has ${fields.length} fields where the heading has ${columns.size}`;
  const tabs = (text = ""): number => text.split("\t").length - 1;
  for (const [column, place] of columns) {
    const field = fields[place];
    if (field === undefined || (column === "image" && !field.quoted)) continue;
    const [length, most] = [field.end - field.start, column === "image" ? limit("FINE_R1_MAX_PICTURE_BYTES") * 2 : LONGEST_TEXT]; // prettier-ignore
    if (length > most) return `its ${column} has ${length} bytes: a quote may have nothing that closes it`;
    const bytes = fieldBytes(handle, field);
    if (!isUtf8(bytes)) return `its ${column} is not in UTF-8`;
    const lines = field.quoted && bytes.includes("\n") ? bytes.toString("utf8").split("\n") : [];
    const swallowed = tabs(lines[0]) === fields.length - 1 - place && tabs(lines.at(-1)) === place;
    if (lines.length > 1 && swallowed) return `its ${column} has ${lost}`;
  }
  return undefined;
}

/** Looks up each row's picture: its own, or that of the row which it names. */
function withPictures(
  rows: readonly Parsed[],
  handle: number,
  file: string,
  skipped: Unusable[],
): Pick<TsvContent, "questions" | "pictures"> {
  const cache = new PictureCache(CACHE_BYTES);
  const loads = new Map<number, () => Promise<RgbImage>>();
  for (const { index, line, image } of rows) {
    if (image.end - image.start <= LONGEST_INDEX || loads.has(index)) continue;
    loads.set(index, () => cache.get(String(index), () => readPicture(file, line, image)));
  }
  const seen = new Set<number>();
  const questions = rows.flatMap(({ image, line, ...row }): TsvQuestion[] => {
    const given = image.end - image.start <= LONGEST_INDEX ? fieldText(handle, image).trim() : String(row.index);
    const load = /^\d{1,15}$/u.test(given) ? loads.get(Number(given)) : undefined;
    const reason = load === undefined ? "its picture stands in no row" : seen.has(row.index) ? `another row has the index ${row.index}` : undefined; // prettier-ignore
    seen.add(row.index);
    if (load !== undefined && reason === undefined) return [{ ...row, load }];
    skipped.push({ file: `${path.basename(file)}, line ${line}`, reason: reason ?? "" });
    return [];
  });
  return { questions, pictures: loads.size };
}

async function readPicture(file: string, line: number, field: TsvField): Promise<RgbImage> {
  const subject = `${file}, line ${line}`;
  const length = field.end - field.start;
  if ((length * 3) / 4 > limit("FINE_R1_MAX_PICTURE_BYTES")) {
    const remedy = "If that is meant, set the environment variable FINE_R1_MAX_PICTURE_BYTES higher.";
    throw new LabError(`its picture has ${length} characters of base64`, remedy, { subject });
  }
  const handle = openFile(file);
  try {
    return await decodeImage(Buffer.from(fieldText(handle, field), "base64"), subject);
  } finally {
    fs.closeSync(handle);
  }
}
