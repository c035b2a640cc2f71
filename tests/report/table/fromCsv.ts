import { notFormula, parseCsv } from "../../../src/core/csv";
import { inPercent, SUFFIX, type Cell, type Column, type Row } from "../../../src/report/table/table";

/** The rows of a table that `toCsv` wrote, given its columns: that nothing is lost on the way. */
export function rowsFromCsv(text: string, columns: readonly Column[]): Row[] {
  const [heading = [], ...lines] = parseCsv(text);
  return lines.map((line) => {
    const field = (key: string): string | null => line[heading.indexOf(key)] ?? null;
    return Object.fromEntries(columns.map((column) => [column.key, cellFrom(column, field)]));
  });
}

function cellFrom(column: Column, field: (key: string) => string | null): Cell {
  const name = inPercent(column) ? column.key + SUFFIX.percent : column.key;
  const [text, mark, low, high] = [field(name), field(name + SUFFIX.mark), field(name + SUFFIX.low), field(name + SUFFIX.high)]; // prettier-ignore
  if (text === null) return null;
  if (column.kind === "text") {
    const bare = text.startsWith("'") && notFormula(text.slice(1)) === text ? text.slice(1) : text;
    return mark === null ? bare : { text: bare, mark };
  }
  const number = (digits: string): number => {
    const [decimal = "", exponent = "0"] = digits.split("e");
    return Number(`${decimal}e${Number(exponent) - (inPercent(column) ? 2 : 0)}`);
  };
  if (low === null && mark === null) return number(text);
  return {
    value: number(text),
    ...(low === null || high === null ? {} : { low: number(low), high: number(high) }),
    ...(mark === null ? {} : { mark }),
  };
}
