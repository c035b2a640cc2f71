import { LabError } from "./errors";

/**
 * Splits comma-separated values (RFC 4180) into rows; a field that is empty and not quoted is `null`.
 * @param subject names the text in an error
 */
export function parseCsv(text: string, subject = "csv text"): (string | null)[][] {
  const rows: (string | null)[][] = [];
  let row: (string | null)[] = [];
  const pattern = /([^",\r\n]*)(,|\r?\n|$)/gy;
  let at = 0;
  while (at < text.length || row.length > 0) {
    const quoted = quotedAt(text, at);
    pattern.lastIndex = at + quoted.length;
    const [, bare = "", end] = pattern.exec(text) ?? [];
    if (end === undefined || (quoted !== "" && bare !== "")) {
      throw new LabError(`is not valid at character ${at + 1}`, "Repair or remove the file.", { subject });
    }
    row.push(quoted === "" ? bare || null : quoted.slice(1, -1).replaceAll('""', '"'));
    at = pattern.lastIndex;
    if (end === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

/** The quoted field that begins there, quotes and all; an empty text where none does, or none ends. A pattern would go deeper with each letter. */
function quotedAt(text: string, from: number): string {
  if (text[from] !== '"') return "";
  let at = text.indexOf('"', from + 1);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return text.slice(from, at + 1); // nothing where there is no end
}

/** Rows as comma-separated values, a line for each; `undefined` leaves a gap, which `parseCsv` gives back as `null`. */
export function csvText(rows: readonly (readonly (string | undefined)[])[]): string {
  return rows.map((row) => `${row.map((text) => (text === undefined ? "" : csvField(text))).join(",")}\n`).join("");
}

/** A text as a field: in quotes where it needs them, or is empty, so that `parseCsv` gives it back. */
export function csvField(text: string): string {
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A text that a spreadsheet shows as it is: one that it would take for a formula gets an apostrophe in front. */
export function notFormula(text: string): string {
  return isFormula(text) ? `'${text}` : text;
}

/**
 * True for a text that spreadsheets calculate, such as "=1+1" or "-A1" ("-5" is a number and harmless), and for one that
 * would read like such a text with our apostrophe in front.
 */
function isFormula(text: string): boolean {
  const bare = text.replace(/^'+/, "");
  return /^[=+@\t\r\n＝＋＠]/.test(bare) || (/^[-－]/.test(bare) && !/^-\d*\.?\d+$/.test(bare));
}
