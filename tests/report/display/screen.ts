const CONTROLS = new RegExp(String.raw`\u001b\[\d*[AKJ]|[^\u001b]`, "gu");

/** What a terminal shows of what was written, as far as cursor up, return, and the wiping of lines go. */
export function screen(written: string): string[] {
  const lines: string[] = [""];
  let [row, column] = [0, 0];
  for (const [part] of written.matchAll(CONTROLS)) {
    if (part === "\n") [row, column] = [row + 1, 0];
    else if (part === "\r") column = 0;
    else if (part.endsWith("A") && part.length > 1) row -= Number(part.slice(2, -1));
    else if (part === "\u001b[K") lines[row] = (lines[row] ?? "").slice(0, column);
    else if (part === "\u001b[J") {
      lines.splice(row + 1);
      lines[row] = (lines[row] ?? "").slice(0, column);
    } else {
      const line = lines[row] ?? "";
      lines[row] = line.slice(0, column) + part + line.slice(column + 1);
      column += 1;
    }
    lines[row] ??= "";
  }
  return lines;
}
