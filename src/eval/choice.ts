import { words } from "../core/answer";
import { optionLetters, type Choice } from "../data/questions";
import { answerOf } from "./judge";

/**
 * What an answer chooses, read as the tools of the benchmarks read it: restated from reading them, and held against what they gave for
 * the same answers (tests/reference/benchmarks). An answer in tags is taken out of them first, so that a chain of thought is not searched.
 * What no rule reads is no choice, and wrong; none is guessed.
 * @returns "yes", "no", a letter, or null
 */
export function chosenIn(output: string, { rule, options }: Choice): string | null {
  const answer = answerOf(output, output.includes("<think>"));
  if (answer === null) return null;
  switch (rule) {
    case "yesNo":
      return yesOrNo(answer);
    case "letter":
      return letter(answer, options);
    case "lastLetter":
      return lastLetter(answer, options) ?? letter(answer, options);
  }
}

/** MME's `calculation.py`: "yes", or else "no", within the first four characters. */
function yesOrNo(answer: string): string | null {
  const start = Array.from(answer.toLowerCase()).slice(0, 4).join("");
  if (start.includes("yes")) return "yes";
  return start.includes("no") ? "no" : null;
}

/**
 * VLMEvalKit's `can_infer` (MMBench, SEED-Bench): the one letter that stands alone in the answer, among its last four words; else a letter
 * behind "answer is"; else the one option whose text stands in an answer that is not much longer than all options. The refusals of certain
 * services that it knows by their words are not among ours.
 */
function letter(answer: string, options: readonly string[]): string | null {
  const letters = optionLetters(options);
  const said = words(answer.replaceAll(/[.()[\],:;!*#{}]/gu, " "));
  const alone = letters.filter((one) => said.includes(one));
  const [only] = alone;
  if (alone.length === 1 && only !== undefined && said.indexOf(only) > said.length - 5) return only;
  if (alone.length === 0 && said.includes("Z")) return null; // its letter for none of them
  const told = /answer\s+is\s+\**([ABCD])\**/iu.exec(answer)?.[1]?.toUpperCase();
  if (told !== undefined && letters.includes(told)) return told;
  if (answer.length > 2 * options.reduce((sum, option) => sum + option.length, 0)) return null;
  const named = letters.filter((_, i) => answer.toLowerCase().includes((options[i] ?? "").toLowerCase()));
  return named.length === 1 ? (named[0] ?? null) : null;
}

/**
 * ImageWikiQA's own evaluation (MMMU's rule): the last letter in brackets, else the last that stands between spaces, else, in more than
 * five words, the option that is said last. Where it then draws a letter, `letter` is asked instead.
 */
function lastLetter(answer: string, options: readonly string[]): string | null {
  const text = ` ${[",", ".", "!", "?", ";", ":", "'"].reduce(stripped, answer)} `;
  const letters = optionLetters(options);
  const last = (places: readonly number[]): string | null => {
    const latest = Math.max(...places);
    return latest < 0 ? null : (letters[places.indexOf(latest)] ?? null);
  };
  const marked = last(letters.map((one) => text.lastIndexOf(`(${one})`))) ?? last(letters.map((one) => text.lastIndexOf(` ${one} `))); // prettier-ignore
  if (marked !== null || words(text).length <= 5) return marked;
  return last(options.map((option) => text.toLowerCase().lastIndexOf(option.toLowerCase())));
}

/** Python's `str.strip` of one character. */
function stripped(text: string, character: string): string {
  let [from, to] = [0, text.length];
  while (from < to && text[from] === character) from++;
  while (to > from && text[to - 1] === character) to--;
  return text.slice(from, to);
}
