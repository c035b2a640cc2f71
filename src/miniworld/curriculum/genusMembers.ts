import type { Random } from "../../core/random";
import type { WorldClass } from "../classes";
import type { MiniWorld } from "../types";
import type { Exercise } from "./types";

/** Genus word → the names of its members, in any order, written as a chain writes its candidates. */
export function genusMembers(world: MiniWorld, random: Random): Exercise {
  return genusMembersOf(world, random.pick(world.subCategories), random);
}

export function genusMembersOf(world: MiniWorld, subject: WorldClass, random: Random): Exercise {
  const names = world.genusMembers(subject).map((c) => c.name);
  return {
    task: "genusMembers",
    user: `${subject.superCategory} ${subject.genus} ? members`,
    completion: random.shuffle(names).join(" , "),
  };
}
