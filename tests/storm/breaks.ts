import * as fs from "node:fs";
import type { Random } from "../../src/core/random";

/** What can become of a file. */
export const BREAKS = ["cut", "bit", "empty", "null", "{}", "[]", "hole", "gone"] as const;
export type Break = (typeof BREAKS)[number];

/** Spoils a file, at a random place where the kind of break has one. */
export function spoil(file: string, how: Break, random: Random): void {
  const bytes = fs.readFileSync(file);
  const at = random.integer(Math.max(1, bytes.length));
  if (how === "gone") fs.rmSync(file);
  else if (how === "cut") fs.truncateSync(file, at);
  else if (how === "bit" || how === "hole") {
    if (how === "hole") bytes.fill(0, at, Math.min(bytes.length, at + 512));
    else bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(8));
    fs.writeFileSync(file, bytes);
  } else fs.writeFileSync(file, how === "empty" ? "" : how);
}
