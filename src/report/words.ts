/** Words in lines no wider than `room`; a word that is wider stands in a line of its own. @param width how wide a text is, in the unit of `room` */
export function wrapWords(words: readonly string[], room: number, width: (text: string) => number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    const longer = `${last ?? ""} ${word}`;
    if (last !== undefined && width(longer) <= room) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
