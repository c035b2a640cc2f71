import type { Random } from "../../core/random";
import { describe } from "../attributes";
import type { WorldClass } from "../classes";
import type { MiniWorld } from "../types";
import type { Exercise } from "./types";

/** The five values → the name of the class that has them: the same knowledge the other way round. */
export function attributesToName(world: MiniWorld, random: Random): Exercise {
  return attributesToNameOf(random.pick(world.subCategories));
}

export function attributesToNameOf(subject: WorldClass): Exercise {
  return {
    task: "attributesToName",
    user: `${describe(subject.attributes)} ${subject.superCategory} ? name`,
    completion: subject.name,
  };
}
