import { LabError } from "../../core/errors";
import { closest } from "../../core/similar";
import type { Json } from "../../store/key";

/** An option that a trainer has no key for, and why. */
export interface Inexpressible {
  readonly cannot: string;
}

/** What becomes of an option: the trainer's keys with their values (none where its own way is the same), or why it has none. */
export type Expressed = Readonly<Record<string, Json>> | Inexpressible;

/** How a trainer is told one of our options. */
export interface Expression<O, K extends keyof O> {
  /** The trainer's key, as docs/trainers.md lists it. */
  readonly to: string;
  readonly as: (value: O[K], all: O) => Expressed;
}

/** How a trainer is told each of a group of options: one that is added has to be thought of here. */
export type Expressions<O> = { readonly [K in keyof O]-?: Expression<O, K> };

/** An option under the trainer's own key, as it is. */
export function same<O, K extends keyof O>(to: string): Expression<O, K> {
  return { to, as: (value) => ({ [to]: value as Json }) };
}

/** An option that the exported data hold, so that the trainer need not be told. */
export function inData<O, K extends keyof O>(what: string): Expression<O, K> {
  return { to: what, as: () => ({}) };
}

export function cannot(reason: string): Inexpressible {
  return { cannot: reason };
}

/** What becomes of each option of a group, by its whole name as `--set` has it, such as "rl.n1". */
export type Said = Readonly<Record<string, Expressed>>;

export function saying<O extends object>(group: string, options: O, expressions: Expressions<O>): Said {
  const keys = Object.keys(expressions) as (keyof O & string)[];
  return Object.fromEntries(keys.map((key) => [`${group}.${key}`, expressions[key].as(options[key], options)]));
}

/**
 * The trainer's keys for all that is said of a stage's options.
 * @param left options that the trainer may decide itself, by their whole names
 * @throws LabError naming every option that it cannot be told, and how to go on
 */
export function express(trainer: string, said: Said, left: readonly string[]): Record<string, Json> {
  const unknown = left.find((name) => !Object.hasOwn(said, name));
  if (unknown !== undefined) throw noSuchOption(unknown, Object.keys(said));
  const told = Object.entries(said).filter(([name]) => !left.includes(name));
  const refused = told.flatMap(([name, what]) => (isInexpressible(what) ? [{ name, reason: what.cannot }] : []));
  if (refused.length > 0) throw refusal(trainer, refused);
  return Object.assign({}, ...told.map(([, what]) => what)) as Record<string, Json>;
}

function isInexpressible(said: Expressed): said is Inexpressible {
  return typeof said["cannot"] === "string";
}

function noSuchOption(name: string, names: readonly string[]): LabError {
  const meant = closest(name, names);
  return new LabError(
    "is no option of this trainer's stage",
    `${meant === undefined ? "" : `Did you mean ${meant}? `}Options: ${names.join(", ")}.`,
    { subject: `--leave ${name}` },
  );
}

function refusal(trainer: string, refused: readonly { name: string; reason: string }[]): LabError {
  const reasons = refused.map(({ name, reason }) => `${name} (${reason})`).join("; ");
  const names = refused.map(({ name }) => name).join(",");
  return new LabError(
    `cannot be told ${refused.length === 1 ? "one option" : `${refused.length} options`} of this profile: ${reasons}`,
    `Choose values that it can be told (--set, --values), or leave them to its own way with --leave ${names}; docs/trainers.md has every option.`,
    { subject: trainer },
  );
}

/** Keys such as "worker.actor.optim.lr" as groups in one another. */
export function nested(settings: Readonly<Record<string, Json>>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [dotted, value] of Object.entries(settings)) {
    const keys = dotted.split(".");
    const last = keys.pop() ?? dotted;
    let group = root;
    for (const key of keys) group = (group[key] ??= {}) as Record<string, unknown>;
    group[last] = value;
  }
  return root;
}
