import { wrapWords } from "../words";

/**
 * Advance widths of DejaVu Sans for U+0020 … U+007E, in thousandths of the font size. It is the widest of the usual
 * sans-serif fonts, so that what fits here fits in Helvetica and Arial too.
 */
const ADVANCES = [
  318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
  636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
  748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
  615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
  337, 636, 838,
];
const OTHER = 700;

/** Height above and below the base line, as a share of the font size. */
export const ASCENT = 0.93;
export const DESCENT = 0.24;

/** The width of a line of text in pixels at a font size in pixels. */
export function textWidth(text: string, size: number, bold = false): number {
  let sum = 0;
  for (const character of text) sum += ADVANCES[(character.codePointAt(0) ?? 0) - 32] ?? OTHER;
  return (sum * size * (bold ? 1.1 : 1)) / 1000;
}

/** Breaks a text into lines no wider than `width` pixels; a single word that is wider keeps its line. */
export function wrapText(text: string, width: number, size: number, bold = false): string[] {
  const words = text.split(/\s+/).filter((part) => part !== "");
  return wrapWords(words, width, (line) => textWidth(line, size, bold));
}
