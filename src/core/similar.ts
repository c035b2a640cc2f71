/**
 * The word that somebody most likely meant by `given`: the nearest by insertions, deletions, replacements and swaps of
 * neighbours, if fewer than two in five letters differ (one in short words). Upper and lower case count as the same.
 */
export function closest(given: string, words: readonly string[]): string | undefined {
  const allowed = Math.max(1, Math.floor(0.4 * given.length));
  const letters = given.toLowerCase();
  // two words are at least as far apart as their lengths
  const near = words.filter((word) => Math.abs(word.toLowerCase().length - letters.length) <= allowed);
  const ranked = near.map((word) => ({ word, away: distance(letters, word.toLowerCase()) }));
  ranked.sort((a, b) => a.away - b.away);
  const [best] = ranked;
  return best !== undefined && given !== "" && best.away <= allowed && best.away < best.word.length
    ? best.word
    : undefined;
}

/** `Did you mean "word"? ` before a remedy, or nothing. */
export function didYouMean(given: string, words: readonly string[]): string {
  const word = closest(given, words);
  return word === undefined ? "" : `Did you mean "${word}"? `;
}

/** Damerau and Levenshtein's distance without moves over a swap ("optimal string alignment"). */
function distance(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(before, j - 2) + 1 : Infinity;
      row.push(Math.min(at(last, j) + 1, at(row, j - 1) + 1, replaced, swapped));
    }
    [before, last] = [last, row];
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
