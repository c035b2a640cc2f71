import { z } from "zod";
import { parserOf } from "../config/stored";
import { LabError, messageOf } from "../core/errors";
import { readJson } from "../core/files";
import { readNameList } from "./lists";
import type { CotStages } from "./stages";

/** One record of the released stage-1 data, as it stands in the file. */
export interface ReleasedRecord {
  readonly image: string;
  readonly system: string;
  /** The question, without the `<image>` mark in front. */
  readonly question: string;
  /** The assistant's whole text. */
  readonly text: string;
  /** What stands inside `<think>` and `<answer>`. */
  readonly thinking: string;
  readonly answer: string;
}

/** What could be read out of a prose chain; `missing` names the stages that could not. */
export interface RecoveredStages {
  readonly stages: Partial<CotStages>;
  readonly missing: readonly (keyof CotStages)[];
}

const MESSAGE = (role: string): z.ZodType<{ role: string; content: string }> =>
  z.strictObject({ role: z.literal(role), content: z.string().min(1) });
const RECORD = z.strictObject({
  messages: z.tuple([MESSAGE("system"), MESSAGE("user"), MESSAGE("assistant")]),
  images: z.tuple([z.string().min(1)]),
});

const CANDIDATES_MARK = "The analysis of candidate subcategories:";
const CANDIDATES_HEADING = /^[ \t#*]*Candidate Subcategories[ \t:*]*$/gimu;
const PREDICTION_MARK = "The prediction is:";

/**
 * Reads the released stage-1 file (404 records of system, user, assistant and one image).
 * @throws LabError naming the record that has another form
 */
export function readReleased(file: string): ReleasedRecord[] {
  const records = readJson(file);
  if (!Array.isArray(records)) throw foreign(file, "is not a list of records");
  return records.map((value: unknown, index) => {
    const { messages, images } = recordOf(value, index, file);
    const [system, user, assistant] = messages;
    const split = splitAnswer(assistant.content);
    if (split === undefined) throw foreign(file, `record ${index} is not <think>…</think> <answer>…</answer>`);
    return {
      image: images[0],
      system: system.content,
      question: user.content.replace(/^<image>/u, "").trim(),
      text: assistant.content,
      ...split,
    };
  });
}

function recordOf(value: unknown, index: number, file: string): z.output<typeof RECORD> {
  try {
    return parserOf(RECORD)(value);
  } catch (error) {
    throw foreign(file, `record ${index}: ${messageOf(error)}`);
  }
}

function foreign(file: string, reason: string): LabError {
  return new LabError(reason, "Give the stage-1 file of the Fine-R1 release.", { subject: file });
}

function splitAnswer(text: string): { thinking: string; answer: string } | undefined {
  const [open, close, body] = ["<think>", "</answer>", text.trim()];
  if (!body.startsWith(open) || !body.endsWith(close)) return undefined;
  const inner = body.slice(open.length, -close.length);
  const turn = [...inner.matchAll(/<\/think>\s*<answer>/gu)].at(-1);
  if (turn?.index === undefined) return undefined;
  return { thinking: inner.slice(0, turn.index).trim(), answer: inner.slice(turn.index + turn[0].length).trim() };
}

/**
 * Recovers the stages of a prose chain, the inside of `<think>`. The last "The prediction is:" opens the prediction, the
 * last "The analysis of candidate subcategories:" (or a heading "Candidate Subcategories") the candidates. The release
 * has no mark between candidates and comparison: it is the first gap of two empty lines, else the end of the list.
 */
export function recoverStages(thinking: string): RecoveredStages {
  const cut = thinking.lastIndexOf(PREDICTION_MARK);
  const body = cut < 0 ? thinking : thinking.slice(0, cut);
  const prediction = cut < 0 ? "" : thinking.slice(cut + PREDICTION_MARK.length).trim();
  const mark = candidatesMark(body);
  if (mark === undefined) return recovered({ analysis: body.trim(), candidates: [], comparison: "", prediction });
  const [candidates, comparison] = splitOptions(body.slice(mark.end), prediction);
  return recovered({ analysis: body.slice(0, mark.start).trim(), candidates, comparison, prediction });
}

function candidatesMark(body: string): { start: number; end: number } | undefined {
  const start = body.lastIndexOf(CANDIDATES_MARK);
  if (start >= 0) return { start, end: start + CANDIDATES_MARK.length };
  const heading = [...body.matchAll(CANDIDATES_HEADING)].at(-1);
  if (heading?.index === undefined) return undefined;
  return { start: heading.index, end: heading.index + heading[0].length };
}

function splitOptions(rest: string, prediction: string): [readonly string[], string] {
  const opening = rest.length - rest.trimStart().length;
  const text = rest.slice(opening);
  const gap = /\n[ \t\r]*\n[ \t\r]*\n/u.exec(text);
  const options = gap === null ? text : text.slice(0, gap.index);
  const list = readNameList(options, prediction);
  const comparison = gap === null ? text.slice(list.end) : text.slice(gap.index);
  return [list.names, comparison.trim()];
}

function recovered(found: CotStages): RecoveredStages {
  const names = ["analysis", "candidates", "comparison", "prediction"] as const;
  const missing = names.filter((name) => found[name].length === 0);
  const kept = Object.entries(found).filter(([name]) => !missing.some((each) => each === name));
  return { stages: Object.fromEntries(kept), missing };
}
