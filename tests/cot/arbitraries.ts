import fc from "fast-check";
import type { CotStages } from "../../src/cot/stages";

/** Words of letters; names of one to four of them, as class names are. */
const word = fc.string({
  unit: fc.constantFrom("a", "b", "e", "o", "r", "n", "t", "é", "ü"),
  minLength: 1,
  maxLength: 8,
});
export const name = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join(" "));
export const names = fc.uniqueArray(name, { minLength: 1, maxLength: 6 });
/** Prose with line breaks, lists and angle brackets, but no whole tag. */
export const prose = fc
  .array(fc.constantFrom("wing", "red", "- bar", "1. tail", "a < b", "\n", ",", "<think", "x > y.", "and"), {
    minLength: 1,
    maxLength: 12,
  })
  .map((parts) => parts.join(" ").trim())
  .filter((text) => text !== "");
export const stages: fc.Arbitrary<CotStages> = fc.record({
  analysis: prose,
  candidates: names,
  comparison: prose,
  prediction: name,
});
