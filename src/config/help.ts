import * as fs from "node:fs";
import * as path from "node:path";

/** The page that lists every key with its meaning (a test holds it to the schemas). */
const PAGE = path.resolve(__dirname, "..", "..", "docs", "configuration.md");

let sentences: ReadonlyMap<string, string> | undefined;

/** What a configuration's key means, in its own sentence; `undefined` for one that the page does not tell, or tells twice. */
export function helpFor(key: string): string | undefined {
  sentences ??= readSentences();
  return sentences.get(key) ?? sentences.get(key.replace(/^sftLabels\./u, "sft."));
}

function readSentences(): Map<string, string> {
  const found = new Map<string, string>();
  if (!fs.existsSync(PAGE)) return found; // a copy of the library without its pages
  const twice = new Set<string>();
  for (const [, key = "", meaning = ""] of fs.readFileSync(PAGE, "utf8").matchAll(/^\| `([\w.]+)` *\| ([^|]*) \|/gmu)) {
    if (found.has(key)) twice.add(key);
    found.set(
      key,
      meaning
        .replaceAll("`", "")
        .replaceAll(/ \[(?:notes? [^\]]*|[\d.e-]+|yes|no)\]/gu, "")
        .trim(),
    );
  }
  for (const key of twice) found.delete(key);
  return found;
}
