import { namesLabel, normaliseName, sameName } from "./names";
import { parseTagged, STAGE_FAULTS, type CotStages } from "./stages";

/** Every reason for which a candidate chain is turned down, in the order in which they are looked for. */
export const REJECTION_REASONS = [
  ...STAGE_FAULTS,
  "mixed language",
  "too many candidates",
  "repeated candidate",
  "wrong prediction",
  "label not among candidates",
] as const;
export type RejectionReason = (typeof REJECTION_REASONS)[number];

export type TextCheck =
  | { readonly accepted: true; readonly stages: CotStages }
  | { readonly accepted: false; readonly reason: RejectionReason; readonly detail: string };

export interface CheckOptions {
  /** Scripts that a chain may be written in, by their Unicode names. */
  readonly scripts: readonly string[];
  readonly maxCandidates: number;
}

export const DEFAULT_CHECK_OPTIONS: CheckOptions = { scripts: ["Latin"], maxCandidates: 4 };

/**
 * Whether a teacher's chain goes into the data (§4.2): its tags parse, it keeps to one script, it lists at most
 * `maxCandidates` different candidates with the label among them, and its prediction is exactly the label.
 */
export function checkChainText(text: string, label: string, options: CheckOptions = DEFAULT_CHECK_OPTIONS): TextCheck {
  const parsed = parseTagged(text);
  if (!parsed.ok) return rejected(parsed.fault, parsed.detail);
  const [first] = faultsOf(parsed.stages, text, label, options);
  return first === undefined ? { accepted: true, stages: parsed.stages } : rejected(first.reason, first.detail);
}

/** What is wrong with a chain, and the words concerned. */
export interface Fault {
  readonly reason: RejectionReason;
  readonly detail: string;
}

/** All that is wrong with a chain whose stages are known, in the order of `REJECTION_REASONS`; each is looked for when it is asked for. */
export function* faultsOf(
  stages: CotStages,
  text: string,
  label: string,
  options: CheckOptions = DEFAULT_CHECK_OPTIONS,
): Generator<Fault> {
  const foreign = foreignLetters(text, options.scripts);
  if (foreign !== "") yield { reason: "mixed language", detail: foreign.slice(0, 20) };
  const names = stages.candidates.map(normaliseName);
  if (names.length > options.maxCandidates) yield { reason: "too many candidates", detail: String(names.length) };
  const known = new Set<string>();
  const twice = names.find((name) => known.size === known.add(name).size); // it does not grow by what it has
  if (twice !== undefined) yield { reason: "repeated candidate", detail: twice };
  if (!sameName(stages.prediction, label)) yield { reason: "wrong prediction", detail: stages.prediction.slice(0, 60) };
  if (!stages.candidates.some((name) => namesLabel(name, label))) {
    yield { reason: "label not among candidates", detail: stages.candidates.join(", ") };
  }
}

function rejected(reason: RejectionReason, detail: string): TextCheck {
  return { accepted: false, reason, detail };
}

/** The letters of a text that belong to none of the given Unicode scripts (digits and punctuation belong to all). */
export function foreignLetters(text: string, scripts: readonly string[]): string {
  const allowed = scripts.map((script) => `\\p{Script=${script}}`).join("");
  const own = new RegExp(`[${allowed}\\p{Script=Common}\\p{Script=Inherited}]`, "u");
  return (text.match(/\p{L}/gu) ?? []).filter((letter) => !own.test(letter)).join("");
}
