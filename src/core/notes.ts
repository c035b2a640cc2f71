/** Sentences that people should read beside the results. While bars are drawn they would be drawn over: then they are held until the end. */
let held: Set<string> | undefined;

/** Says a sentence now; while notes are held, at the end, and once. */
export function note(sentence: string): void {
  if (held === undefined) console.error(sentence);
  else held.add(sentence);
}

/** Holds notes from now on. @returns says those that were held */
export function holdNotes(): () => void {
  const own = (held = new Set<string>());
  return () => {
    held = undefined;
    for (const sentence of own) console.error(sentence);
  };
}
