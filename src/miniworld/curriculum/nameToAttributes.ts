import type { Random } from "../../core/random";
import { describe } from "../attributes";
import type { WorldClass } from "../classes";
import type { MiniWorld } from "../types";
import type { Exercise } from "./types";

/** Name → the five values of the class, seen or unseen: knowledge in text. */
export function nameToAttributes(world: MiniWorld, random: Random): Exercise {
  return nameToAttributesOf(random.pick(world.subCategories));
}

export function nameToAttributesOf(subject: WorldClass): Exercise {
  return {
    task: "nameToAttributes",
    user: `${subject.superCategory} ${subject.name} ? attributes`,
    completion: describe(subject.attributes),
  };
}
