import { wrapWords } from "../words";
import { type ShownCell, groupHeadings } from "./format";
import type { Column } from "./table";

/** How a table is set so that it fits the page. */
export interface LatexLayout {
  /** The command for the face; "" for the document's own. */
  readonly face: string;
  /** `\tabcolsep` in points. */
  readonly gap: number;
  /** The parts of the table, one below the other; all parts begin with the columns that name the row. */
  readonly blocks: readonly Block[];
  /** The headings of all columns, line by line. */
  readonly titles: readonly (readonly string[])[];
  /** Widths in points of the columns that are set as paragraphs. */
  readonly paragraphs: ReadonlyMap<number, number>;
  /** True if the table needs more than one column of a two-column page. */
  readonly wide: boolean;
}

/** One part of the table. */
export interface Block {
  readonly columns: readonly number[];
  /** The width in points that it takes in an article of 10 pt, by estimate. */
  readonly width: number;
  /** The headings above neighbouring columns, line by line; no lines where the columns have no group. */
  readonly groups: readonly { readonly lines: readonly string[]; readonly span: number }[];
}

/**
 * `\textwidth` of the article class is 345 pt at 10 pt and grows slower than the letters do in its other sizes (360 pt at
 * 11 pt, 390 pt at 12 pt), so a margin is kept. A column of its two-column page is 229 pt wide.
 */
const PAGE = 325;
const HALF_PAGE = 215;

/** Faces in the order in which they are tried. Scales: Computer Modern's 9 and 8 pt designs, and their 6 pt scripts, to 10 and 7 pt. */
const FACES = [
  { command: "", text: 1, script: 1, gap: 6 },
  { command: "\\small", text: 0.925, script: 0.92, gap: 4 },
  { command: "\\footnotesize", text: 0.85, script: 0.92, gap: 3 },
] as const;
type Face = (typeof FACES)[number];

/** A text column wider than this is set as paragraphs, which get at least `NARROWEST`. */
const LONG = 0.4 * PAGE;
const NARROWEST = 90;

/** Finds the fewest parts, and for them the largest face, in which every part fits the page; headings are broken before a face shrinks. */
export function latexLayout(columns: readonly Column[], rows: readonly (readonly ShownCell[])[]): LatexLayout {
  const cells = columns.map((_, at) => rows.map((row) => cellWidth(row[at] ?? { body: "", mark: "" })));
  const sheets = (face: Face): Sheet[] => [false, true].map((broken) => sheetOf(columns, cells, face, broken));
  const sheet = choose(FACES.flatMap(sheets));
  const parts = balanced(sheet);
  const long = columns.flatMap((_, at) => (sheet.paragraphs.has(at) ? [at] : []));
  const paragraphs = parts.flatMap((part) => {
    const own = part.filter((at) => long.includes(at));
    const room = (PAGE - partWidth(sheet, part)) / Math.max(1, own.length);
    return own.map((at) => [at, Math.floor(NARROWEST + Math.max(0, room))] as const);
  });
  return {
    face: sheet.face.command,
    gap: sheet.face.gap,
    blocks: parts.map((part) => ({
      columns: part,
      width: partWidth(sheet, part),
      groups: groupsOf(sheet, part).map(({ lines, span }) => ({ lines, span })),
    })),
    titles: sheet.titles,
    paragraphs: new Map(paragraphs),
    wide: long.length > 0 || parts.some((part) => partWidth(sheet, part) > HALF_PAGE),
  };
}

/** The table in one face, with its headings in one line each or broken to the width of what stands below them. */
interface Sheet {
  readonly columns: readonly Column[];
  readonly face: Face;
  readonly broken: boolean;
  readonly titles: readonly (readonly string[])[];
  readonly widths: readonly number[];
  readonly paragraphs: ReadonlySet<number>;
}

function sheetOf(columns: readonly Column[], cells: readonly (readonly Width[])[], face: Face, broken: boolean): Sheet {
  const paragraphs = new Set<number>();
  const titles: string[][] = [];
  const widths = columns.map(({ kind, title }, at) => {
    const own = Math.max(0, ...(cells[at] ?? []).map(({ text, script }) => text * face.text + script * face.script));
    const long = kind === "text" && own > LONG;
    if (long) paragraphs.add(at);
    const body = long ? NARROWEST : own;
    const lines = broken ? breakText(title, body / face.text) : [title];
    titles.push(lines);
    return Math.max(body, ...lines.map((line) => textWidth(line) * face.text));
  });
  return { columns, face, broken, titles, widths, paragraphs };
}

function choose(sheets: readonly Sheet[]): Sheet {
  const [first, ...others] = sheets.map((sheet) => {
    const parts = balanced(sheet);
    const over = parts.some((part) => partWidth(sheet, part) > PAGE);
    return { sheet, cost: over ? Infinity : parts.length };
  });
  if (first === undefined) throw new Error("no face to set a table in");
  // a table that fits nowhere is set in the last, which is the smallest
  return others.reduce((best, next) => (next.cost < best.cost || best.cost === Infinity ? next : best), first).sheet;
}

/** Parts of about the same width: those of the narrowest page that needs no more parts than the real one. */
function balanced(sheet: Sheet): number[][] {
  let best = filled(sheet, PAGE);
  for (let page = PAGE - 10; page > 0; page -= 10) {
    const next = filled(sheet, page);
    if (next.length > best.length) break;
    best = next;
  }
  return best;
}

/** Fills parts from left to right; the columns of a group stay together. */
function filled(sheet: Sheet, page: number): number[][] {
  const stub = stubOf(sheet.columns);
  const parts: number[][] = [];
  let part = [...stub];
  for (const unit of units(sheet.columns, stub.length)) {
    const longer = [...part, ...unit];
    if (part.length > stub.length && partWidth(sheet, longer) > page) {
      parts.push(part);
      part = [...stub, ...unit];
    } else part = longer;
  }
  return [...parts, part];
}

/** The columns that name a row: all texts before the first number, or the first column. */
function stubOf(columns: readonly Column[]): number[] {
  const numbers = columns.findIndex(({ kind }) => kind === "number");
  return columns.slice(0, numbers === -1 ? 1 : Math.max(1, numbers)).map((_, at) => at);
}

function units(columns: readonly Column[], from: number): number[][] {
  const found: number[][] = [];
  columns.forEach(({ group }, at) => {
    if (at < from) return;
    const last = found.at(-1);
    if (last !== undefined && group !== undefined && columns[at - 1]?.group === group) last.push(at);
    else found.push([at]);
  });
  return found;
}

function groupsOf(sheet: Sheet, part: readonly number[]): { lines: string[]; span: number; width: number }[] {
  const { face, broken, widths } = sheet;
  let at = 0;
  return groupHeadings(part.flatMap((column) => sheet.columns[column] ?? [])).map(({ title, span }) => {
    const below = part.slice(at, at + span).reduce((sum, column) => sum + (widths[column] ?? 0), 0);
    const own = below + 2 * face.gap * (span - 1);
    at += span;
    const lines = title === "" ? [] : broken ? breakText(title, own / face.text) : [title];
    return { lines, span, width: Math.max(own, ...lines.map((line) => textWidth(line) * face.text)) };
  });
}

function partWidth(sheet: Sheet, part: readonly number[]): number {
  const groups = groupsOf(sheet, part);
  return groups.reduce((sum, { width }) => sum + width, 2 * sheet.face.gap * (groups.length - 1));
}

/** Breaks a heading into lines no wider than `room` or its longest word, and about as long as one another. */
function breakText(text: string, room: number): string[] {
  const words = text.split(" ");
  const least = Math.max(...words.map(textWidth));
  let best = wrapWords(words, Math.max(least, room), textWidth);
  for (let narrower = room - 1; narrower >= least; narrower--) {
    const next = wrapWords(words, narrower, textWidth);
    if (next.length > best.length) break;
    best = next;
  }
  return best;
}

/** Points at 10 pt, texts and scripts apart, since they shrink by different shares. */
interface Width {
  readonly text: number;
  readonly script: number;
}

function cellWidth({ body, mark, sides }: ShownCell): Width {
  const marked = mark === "" ? 0 : 0.75 * textWidth(mark);
  if (sides === undefined) return { text: textWidth(body), script: marked };
  return {
    text: textWidth(sides.value),
    script: 0.8 * Math.max(textWidth(sides.above), textWidth(sides.below)) + 0.5 + marked,
  };
}

/** Advance widths of Computer Modern Roman at 10 pt for U+0020 … U+007E, in thousandths of the size (cmr10.tfm). */
const ADVANCES = [
  333, 278, 500, 833, 500, 833, 778, 278, 389, 389, 500, 778, 278, 333, 278, 500, 500, 500, 500, 500, 500, 500, 500,
  500, 500, 500, 278, 278, 778, 778, 778, 472, 778, 750, 708, 722, 764, 681, 653, 785, 750, 361, 514, 778, 625, 917,
  750, 778, 681, 778, 736, 556, 722, 750, 750, 1028, 750, 750, 611, 278, 500, 278, 500, 500, 278, 500, 556, 444, 556,
  444, 306, 500, 556, 278, 306, 528, 278, 833, 556, 500, 556, 528, 392, 394, 389, 556, 528, 722, 528, 528, 444, 500,
  278, 500, 500,
];
/** "–", and what is in no table: signs and letters of other scripts. */
const EN_DASH = 500;
const OTHER = 778;

/** The width of a line of text in points at 10 pt. */
export function textWidth(text: string): number {
  let sum = 0;
  for (const character of text.normalize("NFD").replaceAll(/\p{M}/gu, "")) {
    sum += character === "–" ? EN_DASH : (ADVANCES[(character.codePointAt(0) ?? 0) - 32] ?? OTHER);
  }
  return sum / 100;
}
