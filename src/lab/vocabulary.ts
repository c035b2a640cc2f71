import { LabError } from "../core/errors";
import type { Dataset } from "../data/dataset";
import type { Vocabulary } from "../model/contract";

/** The token of a word that a word-level tokenizer does not know (model/qwen/tokenizerWords). */
const UNKNOWN = "<|unk|>";

/**
 * Whether a model speaks the mini-world's language: one token for each word, and one for words that it does not know. The
 * tokenizers of the hub's Qwen models are byte-level instead: they write any text.
 */
export function speaksMini(tokenizer: Vocabulary): boolean {
  return tokenizer.tokenId(UNKNOWN) !== undefined;
}

/** The words of some texts that a tokenizer lacks, each once, in order; a byte-level one lacks none. */
export function wordsLacking(tokenizer: Vocabulary, texts: readonly string[]): string[] {
  const unknown = tokenizer.tokenId(UNKNOWN);
  if (unknown === undefined) return [];
  return wordsOf(texts).filter((word) => tokenizer.encode(word).includes(unknown));
}

/** Missing words named in an error. */
const SHOWN = 6;

/** For a base. */
const REMEDY =
  "A model of the mini-world knows the words of its own world only. Take a Qwen2-VL or Qwen2.5-VL checkpoint of the hub: its tokenizer works on bytes and writes any name.";

/**
 * Makes sure, before a run starts, that a model can read and write the names of a dataset's classes and domains.
 * @param whose.subject the model
 * @param whose.remedy default: for a base, the kinds of checkpoint that know them
 * @throws LabError naming words that its vocabulary lacks
 */
export function requireVocabulary(
  tokenizer: Vocabulary,
  dataset: Dataset,
  { subject, remedy = REMEDY }: { readonly subject: string; readonly remedy?: string },
): void {
  const names = dataset.subCategories.flatMap(({ superCategory, name }) => [superCategory, name]);
  const lacking = wordsLacking(tokenizer, names);
  if (lacking.length === 0) return;
  const shown = lacking.slice(0, SHOWN).map((word) => `"${word}"`);
  const more = lacking.length > SHOWN ? ` and ${lacking.length - SHOWN} more` : "";
  throw new LabError(
    `its vocabulary lacks ${lacking.length} of the ${wordsOf(names).length} words in the class names and domains of ${dataset.name}: ${shown.join(", ")}${more}`,
    remedy,
    { subject },
  );
}

function wordsOf(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => text.split(/\s+/u)))].filter((word) => word !== "");
}
