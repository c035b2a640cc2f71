import { quoted } from "../core/shell";

/** A command of this program as a reader can paste it into a shell. */
export function commandLine(...words: readonly (string | readonly string[])[]): string {
  return ["npx", "fine-r1", ...words.flat()].map(quoted).join(" ");
}
