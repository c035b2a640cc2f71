import type { Random } from "../../core/random";
import { describe, type Attributes } from "../attributes";
import { answerText } from "../../data/prompts";
import { writeChain } from "../chain";
import type { WorldClass } from "../classes";
import type { MiniWorld } from "../types";
import { describeClass, questionText } from "./descriptions";
import type { CurriculumSettings, Exercise } from "./types";

/** How one reasoning question is asked. */
export interface ReasonForm {
  readonly thinking: boolean;
  readonly closed: boolean;
}

/** A description in the image's place → the name, open or with four options, reasoned out or at once. All classes. */
export function reason(world: MiniWorld, settings: CurriculumSettings, random: Random): Exercise {
  const subject = random.pick(world.subCategories);
  const described = describeClass(world, subject, settings.wrongValueRate, random);
  const form = { thinking: random.chance(settings.thinkingRate), closed: random.chance(settings.optionsRate) };
  return reasonAbout(world, subject, described, form, random);
}

/** One reasoning question about a class. @throws LabError when another candidate fits the description as well */
export function reasonAbout(
  world: MiniWorld,
  subject: WorldClass,
  described: Attributes,
  form: ReasonForm,
  random: Random,
): Exercise {
  const options = form.closed ? random.shuffle(world.optionsFor(subject)) : undefined;
  const completion = form.thinking
    ? writeChain(world, subject, { random, analysis: described, ...(options ? { options } : {}) })
    : answerText("mini", subject.name);
  return {
    task: "reason",
    user: `${describe(described)} ${questionText(subject.superCategory, form.thinking, options)}`,
    completion,
  };
}
