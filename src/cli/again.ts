import { quoted } from "../core/shell";

/** A command of this program as a reader can paste it into a shell. */
export function commandLine(...words: readonly (string | readonly string[])[]): string {
  return ["npx", "fine-r1", ...words.flat()].map(quoted).join(" ");
}

/** The words that name a profile in a command, none for the default. */
export function profileOption(profile: string): string[] {
  return profile === "mini" ? [] : ["-p", profile];
}
