import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll } from "vitest";
import { encodePng } from "../../src/data/rasters";
import { hashText } from "../../src/core/random";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
});

/** An empty folder, removed after the file's tests. */
export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pictures-"));
  folders.push(folder);
  return folder;
}

/** A folder with the files given: a text as it is, `null` for a small picture of the path's own colour. */
export async function folderOf(files: Readonly<Record<string, string | null>>): Promise<string> {
  const root = temporaryFolder();
  for (const [file, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), content ?? (await picture(file)));
  }
  return root;
}

/** Pictures 1.png, 2.png, … of each class. */
export function several(classes: readonly string[], count: number, under = ""): Record<string, null> {
  const names = Array.from({ length: count }, (_, i) => `${i + 1}.png`);
  return Object.fromEntries(classes.flatMap((c) => names.map((name) => [`${under}${c}/${name}`, null])));
}

function picture(file: string): Promise<Buffer> {
  const colour = new Uint32Array([hashText(file)]);
  const data = new Uint8Array(4 * 4 * 3).map((_, i) => new Uint8Array(colour.buffer)[i % 3] ?? 0);
  return encodePng({ width: 4, height: 4, data });
}
