import type { Random } from "../../core/random";
import { describe } from "../attributes";
import { writeComparison } from "../chain";
import { CANDIDATES, type MiniWorld } from "../types";
import { describeClass } from "./descriptions";
import type { CurriculumSettings, Exercise } from "./types";

/** A description and a class much like it → that class's values and verdict: one step of a chain's comparison. */
export function compare(world: MiniWorld, settings: CurriculumSettings, random: Random): Exercise {
  const subject = random.pick(world.subCategories);
  const described = describeClass(world, subject, settings.wrongValueRate, random);
  const compared = random.pick(world.lookalikes(subject).slice(0, CANDIDATES));
  return {
    task: "compare",
    user: `${describe(described)} ${subject.superCategory} ${compared.name} ? compare`,
    completion: writeComparison(compared.name, compared.attributes, described, world.config.chain.verdict),
  };
}
