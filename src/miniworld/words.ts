import { COLOURS, DOMAINS, PATTERNS, TAILS } from "./config";
import { LabError } from "../core/errors";
import type { Random } from "../core/random";

/** The marks of the answer form; each is one token. */
const TAGS = ["<think>", "</think>", "<answer>", "</answer>"] as const;

/** Words that steer: what is asked for, the headings of a chain, punctuation. */
const CONTROL_WORDS = [
  "?",
  ",",
  "options",
  "think",
  "answer",
  "analysis",
  "candidates",
  "comparison",
  "prediction",
  "fits",
  "yes",
  "no",
  "attributes",
  "name",
  "members",
  "compare",
] as const;

/** Verdicts of a comparison: how many of the five values fit. */
export const COUNT_WORDS = ["0", "1", "2", "3", "4", "5"] as const;

/** Every word of a world that is not part of a name, in a fixed order, tags first. */
export const COMMON_WORDS: readonly string[] = [
  ...TAGS,
  ...CONTROL_WORDS,
  ...COUNT_WORDS,
  ...DOMAINS,
  ...COLOURS,
  ...PATTERNS,
  ...TAILS,
];

const ONSETS = "b br c cl d dr f fl g gr h k l m n p pl qu r s sk sl st t tr v w z".split(" ");
const VOWELS = "a e i o u".split(" ");
const CODAS = "l m n r s t nd lm rn st".split(" ");
const ENDINGS = "ara ella eon ida ila ina ora ula ona ica eta iva".split(" ");

/**
 * Made-up words that can be spoken, all different, none inside another, none a common word: a species word ends in a
 * consonant ("brelmon"), a genus word in a Latin-like ending ("tramivula"). So a name found in a text is that name.
 */
export function inventWords(
  speciesCount: number,
  genusCount: number,
  random: Random,
): { species: string[]; genera: string[] } {
  const taken: string[] = [...COMMON_WORDS];
  const invent = (make: () => string): string => {
    for (let attempt = 0; attempt < 2000; attempt++) {
      const word = make();
      if (taken.some((other) => other.includes(word) || word.includes(other))) continue;
      taken.push(word);
      return word;
    }
    throw new LabError("there are not enough made-up words for so many classes", "Ask for fewer genera or domains.");
  };
  const syllable = (): string => random.pick(ONSETS) + random.pick(VOWELS);
  return {
    genera: Array.from({ length: genusCount }, () => invent(() => syllable() + syllable() + random.pick(ENDINGS))),
    species: Array.from({ length: speciesCount }, () => invent(() => syllable() + syllable() + random.pick(CODAS))),
  };
}
