import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fieldText, openFile, tsvRows } from "../../src/core/tsv";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "tsv-"));
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

async function rowsOf(content: string): Promise<{ line: number; texts: string[] }[]> {
  const file = path.join(folder, "a.tsv");
  fs.writeFileSync(file, content);
  const handle = openFile(file);
  const rows = [];
  for await (const { line, fields } of tsvRows(file)) rows.push({ line, texts: fields.map((field) => fieldText(handle, field)) }); // prettier-ignore
  fs.closeSync(handle);
  return rows;
}

describe("tsvRows", () => {
  it("reads what pandas writes: quotes around tabs, line ends and quotes; empty fields; a last line without an end", async () => {
    const rows = await rowsOf('a\tb\r\n"x\ty"\t"l\n""m"""\n\t\n\nplain "q"\té');
    expect(rows).toEqual([
      { line: 1, texts: ["a", "b"] },
      { line: 2, texts: ["x\ty", 'l\n"m"'] },
      { line: 4, texts: ["", ""] },
      { line: 6, texts: ['plain "q"', "é"] },
    ]);
  });

  it("finds fields that are longer than what is read at a time, wherever the pieces meet", async () => {
    // a piece is 2²⁰ bytes: quotes, tabs and line ends stand around its end
    for (const short of [0, 1, 2, 3, 4, 5]) {
      const long = "A".repeat(2 ** 20 - short);
      const rows = await rowsOf(`${long}\t"x""y"\nB\t${long}`);
      expect(rows.map(({ line, texts }) => [line, texts.map((text) => text.length), texts[1]?.slice(0, 3)])).toEqual([
        [1, [long.length, 3], 'x"y'],
        [2, [1, long.length], "AAA"],
      ]);
    }
  });

  it("takes an unclosed quote to the end of the file, and is stopped by its signal", async () => {
    expect(await rowsOf('a\t"b\nc\td')).toEqual([{ line: 1, texts: ["a", "b\nc\td"] }]);
    const stopped = tsvRows(path.join(folder, "a.tsv"), AbortSignal.abort(new Error("stop")));
    await expect(stopped.next()).rejects.toThrow("stop");
    await expect(tsvRows(path.join(folder, "none.tsv")).next()).rejects.toThrow(/none.tsv: cannot be read/);
  });
});
