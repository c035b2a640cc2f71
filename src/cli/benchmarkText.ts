import { printableLine } from "../core/printable";
import type { Dataset } from "../data/dataset";
import { numberColumn, resultTable, textColumn } from "../report/table/table";
import { toText } from "../report/table/text";
import { SHOWN } from "./watched";

/** What a benchmark holds, and what of it cannot be used. */
export function benchmarkText({ name, questions, report, fingerprint }: Dataset): string {
  const drawn = questions?.draw(0) ?? [];
  const table = resultTable({
    caption: name,
    columns: [
      textColumn("kind", "kind of question"),
      numberColumn("questions", "questions"),
      numberColumn("groups", "counted as"),
    ],
    rows: (questions?.kinds ?? []).map(({ name: kind, title }) => {
      const own = drawn.filter((one) => one.kind === kind);
      const groups = new Set(own.map(({ group, id }) => group ?? id)).size;
      return { kind: title, questions: own.length, groups };
    }),
  });
  const { pictures = 0, skipped = [], notes = [] } = report ?? {};
  return [
    `\n${toText(table)}`,
    `${drawn.length} questions about ${pictures} pictures can be asked; ${skipped.length} lines or files cannot be used.`,
    ...skipped.slice(0, SHOWN).map(({ file, reason }) => printableLine(`Not used: ${file}: ${reason}`)),
    ...(skipped.length > SHOWN ? [`… and ${skipped.length - SHOWN} more.`] : []),
    ...notes.map((note) => `Note: ${printableLine(note)}`),
    `Fingerprint: ${fingerprint}`,
  ].join("\n");
}
