import type { AttributeValues, Colour, Domain, Pattern, Tail } from "./config";
import type { Random } from "../core/random";

/** What can be seen of a class, one value per slot. */
export interface Attributes {
  readonly crown: Colour;
  readonly body: Colour;
  readonly wing: Colour;
  readonly pattern: Pattern;
  readonly tail: Tail;
}

export type Slot = keyof Attributes;

/** The slots in the order in which their values are always written; the position tells which colour is meant. */
export const SLOTS: readonly Slot[] = ["crown", "body", "wing", "pattern", "tail"];

/** A domain and a combination of values: all that a picture shows apart from nuisance. */
export interface Appearance {
  readonly domain: Domain;
  readonly attributes: Attributes;
}

/** The five values in order, for example `["red", "blue", "white", "striped", "long"]`. */
export function attributeWords(attributes: Attributes): string[] {
  return SLOTS.map((slot) => attributes[slot]);
}

/** The values as one text, for example "red blue white striped long". */
export function describe(attributes: Attributes): string {
  return attributeWords(attributes).join(" ");
}

/** How many of the five values agree, 0 to 5. */
export function matches(a: Attributes, b: Attributes): number {
  return SLOTS.filter((slot) => a[slot] === b[slot]).length;
}

/** Every value drawn uniformly. */
export function randomAttributes(values: AttributeValues, random: Random): Attributes {
  return {
    crown: random.pick(values.crown),
    body: random.pick(values.body),
    wing: random.pick(values.wing),
    pattern: random.pick(values.pattern),
    tail: random.pick(values.tail),
  };
}

/** The same values but for one slot, which gets another value than it had. */
export function changeValue(attributes: Attributes, slot: Slot, values: AttributeValues, random: Random): Attributes {
  const others: readonly string[] = (values[slot] as readonly string[]).filter((value) => value !== attributes[slot]);
  return { ...attributes, [slot]: random.pick(others) };
}
