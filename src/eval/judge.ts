import { canonicalName, isExactName, isWellFormed, strip, tightenTags, widestAnswer, words } from "../core/answer";

/**
 * The released `evaluation.py`'s decisions on one output, and what this project adds beside them. Names are compared
 * in lower case; the closed world reads `_` as a space on both sides, the open world in the truth only (release).
 */

/** The answer an output gives, or null. Without thinking, a text without answer tags is itself the answer. */
export function answerOf(output: string, thinking: boolean): string | null {
  const tagged = widestAnswer(output);
  if (tagged !== null || thinking) return tagged;
  const bare = strip(output);
  return bare === "" || bare.includes("<answer>") ? null : bare;
}

/** True when the output has the form that was asked for: `<think>…</think><answer>…</answer>`, or the answer alone. */
export function hasForm(output: string, thinking: boolean): boolean {
  const text = tightenTags(strip(output));
  if (thinking) return isWellFormed(text);
  if (/^<answer>.*<\/answer>$/su.test(text)) return true;
  return text !== "" && !/[<>]/u.test(text);
}

/** Closed world: the truth stands in the answer (`eval_closedworld`). No answer is wrong. */
export function isClosedCorrect(answer: string | null, truth: string): boolean {
  if (answer === null || answer === "") return false;
  return plain(answer).includes(plain(truth));
}

/** What the open-world metrics look at: the answer, or the whole output where there is none (`eval_openworld`). */
export function openPrediction(answer: string | null, output: string): string {
  return answer === null || answer === "" ? output : answer;
}

/**
 * Text inclusion (Tables 6): the truth stands in the prediction. For `superCategory` "car" of the released rule the
 * last two words of the truth (body style and year) are left out.
 */
export function isTextIncluded(prediction: string, truth: string, dropCarYear = false): boolean {
  const sought = dropCarYear ? words(truth.toLowerCase()).slice(0, -2).join(" ") : plain(truth);
  return prediction.toLowerCase().includes(sought);
}

/** ĉ as the release finds it, by a substring of the image path; "object" for birds, dogs and pets as released. */
export function releasedSuperCategory(imagePath: string): string {
  const known = [
    ["aircraft", "aircraft"],
    ["birds", "bird"],
    ["cars", "car"],
    ["flower", "flower"],
  ] as const;
  return known.find(([part]) => imagePath.includes(part))?.[1] ?? "object";
}

/**
 * SS_relative of Eq. 5: max(0, (Sim(c, c*) − Sim(ĉ, c*)) / (1 − Sim(ĉ, c*))). Where the super-category's name is the
 * truth itself (Sim = 1), the quotient's limit: 1 for a perfect prediction, else 0.
 * @param prediction Sim(c, c*); @param standard Sim(ĉ, c*)
 */
export function relativeSimilarity(prediction: number, standard: number): number {
  if (standard >= 1) return prediction >= 1 ? 1 : 0;
  return Math.max(0, (prediction - standard) / (1 - standard));
}

/**
 * Which of the options an answer chose, by its place: the option it is, or the only one it names; null when neither.
 * "It is a mexican petunia" names the option "mexican petunia" and not the option "petunia".
 */
export function chosenPosition(answer: string | null, options: readonly string[]): number | null {
  if (answer === null) return null;
  const said = canonicalName(answer);
  const names = options.map(canonicalName);
  const same = names.indexOf(said);
  if (same >= 0) return same;
  const named = names.flatMap((name, i) => (isNamed(said, name, names) ? [i] : []));
  return named.length === 1 ? (named[0] as number) : null;
}

/** Whether a name stands in a text outside the longer names that hold it. */
function isNamed(text: string, name: string, names: readonly string[]): boolean {
  if (name === "" || !text.includes(name)) return false;
  const longer = names.filter((other) => other.length > name.length && other.includes(name));
  return longer.reduce((rest, other) => rest.replaceAll(other, "\n"), text).includes(name);
}

/** Whether the truth's name stands inside another option, whose choice the closed world therefore counts as right. */
export function isInsideOption(truth: string, options: readonly string[]): boolean {
  return options.some((option) => !isExactName(option, truth) && isClosedCorrect(option, truth));
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll("_", " ");
}
