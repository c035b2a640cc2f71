import type { Random } from "../../core/random";
import { promptText } from "../../data/prompts";
import { changeValue, matches, SLOTS, type Attributes } from "../attributes";
import type { WorldClass } from "../classes";
import type { MiniWorld } from "../types";

/** The values of a class, one of them wrong at times; even then no other class of the domain fits them as well. */
export function describeClass(world: MiniWorld, subject: WorldClass, wrongRate: number, random: Random): Attributes {
  if (!random.chance(wrongRate)) return subject.attributes;
  const wrong = changeValue(subject.attributes, random.pick(SLOTS), world.config.attributes, random);
  const rivals = world.lookalikes(subject).filter((c) => c.id !== subject.id);
  const ambiguous = rivals.some((c) => matches(c.attributes, wrong) >= SLOTS.length - 1);
  return ambiguous ? subject.attributes : wrong;
}

/** The words behind the image or the description: `bird options a , b , c , d ? think`. */
export function questionText(domain: string, thinking: boolean, options: readonly string[] | undefined): string {
  return promptText("mini", {
    question: `${domain} ?`,
    superCategory: domain,
    thinking,
    ...(options ? { options } : {}),
  });
}
