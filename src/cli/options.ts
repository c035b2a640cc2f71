import { Option, type Command } from "commander";
import { LabError } from "../core/errors";
import { loadProfile, type Profile } from "../lab/profile";

/** Options that several commands have, and how they are read. */

/** What says which runs are meant. */
export interface ProfileArguments {
  readonly profile: string;
  /** As given: key=value. */
  readonly set: readonly string[];
}

export function addProfileOptions(command: Command): Command {
  return command
    .addOption(new Option("-p, --profile <name>", "sizes: a file of configs/profiles").default("mini"))
    .option("--set <key=value>", "replace a profile key, for example --set rl.n1=8 (repeatable)", collectPairs, []);
}

export function readProfile({ profile, set }: ProfileArguments): Profile {
  return loadProfile(profile, overrides(set));
}

/** The words that name a profile in a command, none for the default. */
export function profileWords({ profile, set }: ProfileArguments): string[] {
  return [...(profile === "mini" ? [] : ["-p", profile]), ...set.flatMap((text) => ["--set", text])];
}

/**
 * @param given what else was given, by its option
 * @throws LabError for an option that chooses among an experiment's trainings, where a folder is named: it holds what it holds
 */
export function refuseChoice(profile: ProfileArguments, given: Readonly<Record<string, unknown>>): void {
  const stray = Object.keys(given).filter((option) => given[option] !== undefined);
  const [first] = [...stray, ...profileWords(profile).filter((word) => word.startsWith("-"))];
  if (first === undefined) return;
  const remedy = "Leave it out, or name an experiment.";
  throw new LabError("chooses among the trainings of an experiment, and this is a folder", remedy, { subject: first });
}

/** What names published models beside an experiment's own. */
export interface RowsArguments {
  readonly rows?: string | undefined;
}

export function addRowsOption(command: Command): Command {
  return command.option("--rows <names>", "with these published models, separated by commas (fine-r1 models)");
}

/** The profile with the rows that are asked for. They decide no other row's numbers, and so it keeps its name. */
export function withRows(profile: Profile, { rows }: RowsArguments): Profile {
  return rows === undefined ? profile : { ...profile, rows: [...(profile.rows ?? []), ...readNames(rows)] };
}

/** The words that name those rows in a command. */
export function rowWords({ rows }: RowsArguments): string[] {
  return rows === undefined ? [] : ["--rows", rows];
}

/** What says which methods are meant. */
export interface MethodsArguments extends RowsArguments {
  readonly all?: boolean;
  readonly only?: string;
}

/** The methods that are asked for; `undefined`: the usual ones. Rows alone where only rows are named. */
export function methodsAsked({ all, only, rows }: MethodsArguments): readonly string[] | "all" | undefined {
  if (all === true) return "all";
  if (only === undefined && rows === undefined) return undefined;
  return [only, rows].flatMap((names) => (names === undefined ? [] : readNames(names)));
}

/** The words that name those methods in a command. */
export function methodWords({ all, only, rows }: MethodsArguments): string[] {
  return [...(all === true ? ["--all"] : only === undefined ? [] : ["--only", only]), ...rowWords({ rows })];
}

/** Collects a repeatable option of the form key=value. */
export function collectPairs(text: string, before: readonly string[]): string[] {
  if (text.indexOf("=") < 1)
    throw new LabError(
      `"${text}" is not of the form key=value`,
      "For example: --set rl.n1=8, --price H100=2.5, --env SEED=1.",
    );
  return [...before, text];
}

/** The keys and values of `--set`: JSON, and a bare word is a text. */
export function overrides(texts: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    keysAndValues(texts).map(([key, raw]) => {
      try {
        return [key, JSON.parse(raw) as unknown];
      } catch {
        return [key, raw];
      }
    }),
  );
}

/** The keys and values of what `collectPairs` collected. */
export function keysAndValues(texts: readonly string[]): (readonly [string, string])[] {
  return texts.map((text) => [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)]);
}

/** Reads a whole number from `least` on, to `most` where there is an end. */
export function wholeFrom(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d+$/u.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    const end = most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`;
    throw new LabError(`"${text}" is no whole number from ${least}${end}`, "For example: 4");
  };
}

/** Names separated by commas. */
export function readNames(text: string): string[] {
  return text.split(",").map((name) => name.trim());
}
