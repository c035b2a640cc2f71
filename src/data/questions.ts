import type { RgbImage } from "../core/image";

/**
 * What a question needs before all else: that the pictured class is recognised (as ImageWikiQA's do), that the picture is read
 * without naming it, or nothing but words.
 */
export const NEEDS = ["recognition", "reading", "text"] as const;
export type Need = (typeof NEEDS)[number];

/** A question that asks for more than a picture's name, with the one answer that is right. */
export interface GeneralQuestion {
  /** Unique among the questions of a dataset. */
  readonly id: string;
  /** Such as "members": the name of its kind. */
  readonly kind: string;
  /** The super-category that it is about. */
  readonly domain: string;
  /** Whether the class that it is about is a seen one; null where it is about none. */
  readonly seen: boolean | null;
  /** Pixels, where it is about a picture. */
  readonly load?: () => Promise<RgbImage>;
  /** The user's turn, `<image>` where the picture stands; or two questions, the second of which is put with the answer to the first. */
  readonly user: string | NamedFirst;
  /** The right answer; the parts of a list, divided by commas, may come in any order. Of a choice "yes" or "no", or an option's letter. */
  readonly truth: string;
  /** What it leaves to choose from; absent where the truth is to be said in full. */
  readonly choice?: Choice;
  /** Questions of one name count as one: right where each of them is (MME's pairs, MMBench's circles). */
  readonly group?: string;
}

/** How a choice is read off an answer (eval/choice): as the tool of the benchmark does that a question is from. */
export const CHOICE_RULES = ["yesNo", "letter", "lastLetter"] as const;

/** A question that is answered by choosing. */
export interface Choice {
  readonly rule: (typeof CHOICE_RULES)[number];
  /** What the letters A, B, C, … stand for, in order; "yes" and "no" of such a question. */
  readonly options: readonly string[];
}

/** The picture is named first, in the form in which a model is otherwise asked; then the name that it gave is asked about, without the picture. */
export interface NamedFirst {
  /** The open question about the picture. */
  readonly question: string;
  /** The user's second turn, a conversation of its own. */
  readonly then: (named: string) => string;
}

/** A kind of question, as tables call it. */
export interface QuestionKind {
  readonly name: string;
  readonly title: string;
  readonly need: Need;
}

/** What a dataset can ask beside the names of its pictures: does training for these cost anything else (Table 7)? */
export interface QuestionSet {
  /** In the order in which tables show them. */
  readonly kinds: readonly QuestionKind[];
  /** The questions; the same seed draws the same ones. */
  readonly draw: (seed: number) => readonly GeneralQuestion[];
}

/** The letters that stand for some options: A, B, C, … */
export function optionLetters(options: readonly string[]): string[] {
  return options.map((_, i) => String.fromCharCode(65 + i));
}
