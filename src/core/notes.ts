/** Sentences that people should read beside the results. A command's results stand at its end: there they are held until then. */
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
