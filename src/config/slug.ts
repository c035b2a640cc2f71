import { z } from "zod";
import { LabError } from "../core/errors";

/** Names that become files and folders: they lead nowhere else, on any file system, and need no quotes in a shell. */
const SLUG = /^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$/;
const RULE = "letters, digits, hyphens, underscores and points, beginning with a letter or a digit, at most 80";

/** A name from a configuration that becomes a file's name. */
export const slugSchema = z.string().regex(SLUG, `names a file or folder: ${RULE}`);

/** Whether a name can be that of a file or folder; what systems and people leave beside them (".DS_Store", "mini (copy)") cannot. */
export function isSlug(name: string): boolean {
  return SLUG.test(name);
}

/** The name itself. @throws LabError unless it can name a file or folder; `what` says what it names */
export function requireSlug(name: string, what: string): string {
  if (isSlug(name)) return name;
  throw new LabError(`cannot be the name of ${what}, which names a file or folder`, `Choose ${RULE}.`, {
    subject: JSON.stringify(name),
  });
}
