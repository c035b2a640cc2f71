import * as fs from "node:fs";
import * as path from "node:path";

/** Makes a folder and those above it. Node's own way of doing so never ends where nothing can be made, as in /proc. */
export function makeFolder(folder: string): void {
  const missing: string[] = [];
  let above = path.resolve(folder);
  for (; !fs.existsSync(above); above = path.dirname(above)) missing.unshift(above);
  if (missing.length === 0 && !isFolder(above)) missing.push(above); // a file: let mkdir say so
  for (const one of missing) {
    try {
      fs.mkdirSync(one);
    } catch (error) {
      if (!isFolder(one)) throw error; // another process may have made it meanwhile
    }
  }
}

/** What stands there, by itself or by a link; nothing, too, behind a link to itself, under a name that no file can have, or where one may not look. */
export function statOf(file: string): fs.Stats | undefined {
  try {
    return fs.statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Whether a folder stands there, by itself or by a link. */
export function isFolder(file: string): boolean {
  return statOf(file)?.isDirectory() === true;
}
