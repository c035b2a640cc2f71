/** A table in Markdown. */
export function markdownTable(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  return [line(columns), `|${columns.map(() => "---").join("|")}|`, ...rows.map(line)];
}

/** Seconds as whole milliseconds. */
export function ms(seconds: number): string {
  return (1000 * seconds).toFixed(0);
}

/** "0.45 (0.43–0.47)". */
export function withQuartiles(
  { median, low, high }: { median: number; low: number; high: number },
  show: (value: number) => string = (value) => value.toFixed(2),
): string {
  return `${show(median)} (${show(low)}–${show(high)})`;
}
