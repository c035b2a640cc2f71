import type { Measurement } from "../../eval/measurements";

/** What the paper calls its base and its own model, where it says nothing else. */
export const BASE = "Qwen2.5-VL-3B";
export const FINE_R1 = "Fine-R1-3B";

/** What of ours a published number can stand beside: the same quantity, measured in another world. */
export interface Where extends Pick<Measurement, "setting" | "metric" | "split"> {
  /** Default "mean": the average over domains, as in the paper. */
  readonly domain?: "mean" | "items" | "perception";
}

export interface PublishedColumn {
  readonly key: string;
  readonly title: string;
  readonly group?: string;
  /** Whether the numbers are per cent, kept as shares; default true. */
  readonly percent?: boolean;
  /** Digits after the point, as printed; default 2. */
  readonly digits?: number;
  /** Left out where nothing of ours is the same quantity, or the paper does not say what was averaged. */
  readonly measures?: Where;
}

/** A number as the paper prints it. */
export interface PublishedValue {
  readonly value: number;
  /** Printed nowhere, but follows from a difference that the text states. */
  readonly derived: boolean;
}

export interface PublishedRow {
  readonly name: string;
  /** The kind of model, where the table groups its rows. */
  readonly kind: string | undefined;
  /** One per column; `null`: not printed. */
  readonly values: readonly (PublishedValue | null)[];
}

/** A table of the paper, or the bars of a figure as far as the text gives their heights. */
export interface PublishedTable {
  /** Where it stands, such as "Table 1, §5.2". */
  readonly where: string;
  readonly caption: string;
  /** The base model behind every row, where there is one. */
  readonly model?: string;
  readonly columns: readonly PublishedColumn[];
  readonly rows: readonly PublishedRow[];
  /** What is doubtful about the numbers. */
  readonly notes?: readonly string[];
}

/**
 * Rows from lines such as "SigLIP-L | 67.08 85.10 | 69.35", one number per column ("–" where none is printed, an asterisk where it is
 * derived); "# CLIP models" begins a kind of models. Bars inside a line are for the eye. Per cent become shares digit by digit: 47.95 is 0.4795.
 * @throws RangeError for a line that does not have one number per column
 */
export function printedRows(columns: readonly PublishedColumn[], text: string): PublishedRow[] {
  let kind: string | undefined;
  const lines = text.split("\n").map((line) => line.trim());
  return lines.flatMap((line): PublishedRow[] => {
    if (line === "") return [];
    if (line.startsWith("# ")) {
      kind = line.slice(2);
      return [];
    }
    const [name = "", ...parts] = line.split("|").map((part) => part.trim());
    const words = parts.flatMap((part) => part.split(/\s+/u));
    const values = columns.map((column, at) => printedValue(words[at] ?? "", column));
    if (words.length !== columns.length) throw new RangeError(`printedRows: ${words.length} numbers in "${line}"`);
    return [{ name, kind, values }];
  });
}

function printedValue(word: string, { percent = true }: PublishedColumn): PublishedValue | null {
  if (word === "–") return null;
  const [, digits = "", mark] = /^(-?\d+(?:\.\d+)?)(\*?)$/u.exec(word) ?? [];
  if (digits === "") throw new RangeError(`printedRows: "${word}" is no printed number`);
  return { value: Number(percent ? `${digits}e-2` : digits), derived: mark === "*" };
}
