import * as path from "node:path";
import { requireSlug } from "../../config/slug";
import { writeFileAtomic } from "../../core/files";
import { toCsv } from "./csv";
import { toJson } from "./json";
import { toLatex } from "./latex";
import { toMarkdown } from "./markdown";
import type { ResultTable } from "./table";

/** Writes `name.csv`, `.json`, `.md` and `.tex` into a folder, each file whole or not at all; returns their paths. */
export function exportTable(table: ResultTable, folder: string, name: string): string[] {
  requireSlug(name, "a table");
  const files: readonly [string, string][] = [
    ["csv", toCsv(table)],
    ["json", toJson(table)],
    ["md", toMarkdown(table)],
    ["tex", toLatex(table, name)],
  ];
  return files.map(([extension, content]) => {
    const file = path.join(folder, `${name}.${extension}`);
    writeFileAtomic(file, content);
    return file;
  });
}
