import { visibleText } from "../core/typography";
import { answerText } from "../data/prompts";
import { readNameList } from "./lists";

/** The four stages of a structured chain of thought (§4.2). */
export interface CotStages {
  /** What is seen. */
  readonly analysis: string;
  /** The sub-categories considered, at most four in the paper's prompt. */
  readonly candidates: readonly string[];
  /** The evidence for and against each of them. */
  readonly comparison: string;
  /** The sub-category decided on. */
  readonly prediction: string;
}

/** The tags of Table 5, in their order. */
export const STAGE_TAGS = ["analysis", "options", "comparison", "prediction"] as const;

/** Why a text is not a tagged chain. */
export const STAGE_FAULTS = [
  "missing tag",
  "repeated tag",
  "tags out of order",
  "text outside the tags",
  "empty stage",
  "no candidates",
  "candidates cannot be told apart",
] as const;
export type StageFault = (typeof STAGE_FAULTS)[number];

/** The stages, or the first fault with the tag or text concerned. */
export type ParsedStages =
  | { readonly ok: true; readonly stages: CotStages }
  | { readonly ok: false; readonly fault: StageFault; readonly detail: string };

/**
 * Reads `<analysis>…</analysis><options>…</options><comparison>…</comparison><prediction>…</prediction>`, strictly:
 * every tag once, in this order, only white space between them, no stage empty, at least one candidate listed, in a form that
 * can be read with confidence. The stages
 * come without what a reader cannot see (`visibleText`).
 */
export function parseTagged(written: string): ParsedStages {
  const pieces = visibleText(written).split(/(<\/?(?:analysis|options|comparison|prediction)>)/u);
  const fault = tagFault(pieces.filter((_, i) => i % 2 === 1));
  if (fault !== undefined) return fault;
  // pieces: outside, <analysis>, analysis, </analysis>, outside, <options>, options, </options>, outside, …
  const stray = pieces.find((piece, i) => i % 4 === 0 && piece.trim() !== "");
  if (stray !== undefined) return failed("text outside the tags", stray.trim().slice(0, 60));
  const inner = pieces.filter((_, i) => i % 4 === 2).map((piece) => piece.trim());
  const [analysis = "", options = "", comparison = "", prediction = ""] = inner;
  const empty = [analysis, options, comparison, prediction].indexOf("");
  if (empty >= 0) return failed("empty stage", STAGE_TAGS[empty] ?? "");
  const { names: candidates, doubt } = readNameList(options, prediction);
  if (doubt !== undefined) return failed("candidates cannot be told apart", doubt.slice(0, 60));
  if (candidates.length === 0) return failed("no candidates", options.slice(0, 60));
  return { ok: true, stages: { analysis, candidates, comparison, prediction } };
}

function tagFault(found: readonly string[]): ParsedStages | undefined {
  const expected = STAGE_TAGS.flatMap((tag) => [`<${tag}>`, `</${tag}>`]);
  const missing = expected.find((tag) => !found.includes(tag));
  if (missing !== undefined) return failed("missing tag", missing);
  const repeated = expected.find((tag) => found.indexOf(tag) !== found.lastIndexOf(tag));
  if (repeated !== undefined) return failed("repeated tag", repeated);
  const misplaced = expected.findIndex((tag, index) => found[index] !== tag);
  return misplaced < 0 ? undefined : failed("tags out of order", found[misplaced] ?? "");
}

function failed(fault: StageFault, detail: string): ParsedStages {
  return { ok: false, fault, detail };
}

/** The tagged form that a teacher is asked for; `parseTagged` gives the stages back. */
export function renderTagged(stages: CotStages): string {
  const options = stages.candidates.map((name) => `- ${name}`).join("\n");
  return (
    `<analysis>${stages.analysis}</analysis><options>${options}</options>` +
    `<comparison>${stages.comparison}</comparison><prediction>${stages.prediction}</prediction>`
  );
}

/** How a record words its stages: as the released stage-1 data does, or in the short form of the mini-world. */
export const COT_FORMS = ["released", "short"] as const;
export type CotForm = (typeof COT_FORMS)[number];

/** The training text of a chain: the stages inside `<think>`, the label inside `<answer>`. */
export function renderText(form: CotForm, stages: CotStages, label: string): string {
  return form === "released" ? renderReleased(stages, label) : renderShort(stages, label);
}

/** A chain as it begins: what is seen, and nothing after it. */
export function renderAnalysis(form: CotForm, analysis: string): string {
  return form === "released" ? `<think>${analysis}\n\n` : `<think> analysis ${analysis}`;
}

/** The form of the released stage-1 records: the stages marked in prose. `recoverStages` gives them back. */
function renderReleased(stages: CotStages, label: string): string {
  const options = stages.candidates.map((name) => `- ${name}`).join("\n");
  return (
    `<think>${stages.analysis}\n\nThe analysis of candidate subcategories: \n${options}\n\n\n` +
    `${stages.comparison}\n\nThe prediction is: ${stages.prediction}</think>\n\n<answer>${label}</answer>`
  );
}

/** The short form of the mini-world, single words. */
function renderShort({ analysis, candidates, comparison, prediction }: CotStages, label: string): string {
  return (
    `<think> analysis ${analysis} candidates ${candidates.join(" , ")} comparison ${comparison} ` +
    `prediction ${prediction} </think> ${answerText("mini", label)}`
  );
}
