import { wrapWords } from "../words";
import type { Column } from "./table";

/** Tables of texts in the width of a terminal: words stay whole. */

/** Characters, not UTF-16 units; the texts of result tables hold no wide characters. */
export function width(text: string): number {
  return Array.from(text).length;
}

/** A text in lines of so many characters; a word that is longer stands in a line of its own. */
export function wrapped(text: string, room: number): string[] {
  return wrapWords(text.split(" "), room, width);
}

/**
 * Widths of columns that come to no more than `room`: the widest column of texts gives way first. Where whole words do not fit, every
 * column keeps its width: it would be narrow and the table too wide all the same.
 * @param texts of each column, its title among them
 */
export function narrowed(columns: readonly Column[], texts: readonly (readonly string[])[], room: number): number[] {
  const widths = texts.map((all) => Math.max(...all.map(width)));
  const least = texts.map((all, at) =>
    columns[at]?.kind === "text" ? Math.max(...all.flatMap((text) => text.split(" ").map(width))) : (widths[at] ?? 0),
  );
  if (sum(least) > room) return widths;
  for (let excess = sum(widths) - room; excess > 0; excess -= 1) {
    const slack = widths.map((one, at) => (one > (least[at] ?? 0) ? one : 0));
    const widest = Math.max(...slack);
    widths[slack.indexOf(widest)] = widest - 1;
  }
  return widths;
}

function sum(values: readonly number[]): number {
  return values.reduce((before, value) => before + value, 0);
}
