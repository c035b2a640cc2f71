import { Random } from "../../core/random";
import { answerText } from "../../data/prompts";
import type { WorldClass } from "../classes";
import type { ClassPicture, MiniWorld } from "../types";
import { questionText } from "./descriptions";
import type { CurriculumSettings, Exercise } from "./types";

/**
 * Picture of any class → a name that is mostly wrong, mostly another member of the genus. The wrong name belongs to the
 * picture, as on the web: the same picture always carries the same one.
 */
export function weakNames(world: MiniWorld, settings: CurriculumSettings, random: Random): Exercise {
  const subject = random.pick(world.subCategories);
  const index = random.integer(world.config.weakNames.imagesPerClass);
  const picture = world.picture(subject, "weak", index);
  const label = weakLabel(world, picture);
  const options = random.chance(settings.optionsRate) ? optionsWith(world, subject, label, random) : undefined;
  return {
    task: "weakNames",
    user: `<image> ${questionText(subject.superCategory, false, options)}`,
    picture,
    completion: answerText("mini", label.name),
  };
}

/** The class whose name a picture carries: a function of the world and the picture. */
export function weakLabel(world: MiniWorld, picture: ClassPicture): WorldClass {
  const { wrongRate, siblingShare } = world.config.weakNames;
  const truth = picture.subCategory;
  const random = new Random(`${world.config.seed}/weak-label/${picture.id}`);
  if (!random.chance(wrongRate)) return truth;
  const rivals = world.lookalikes(truth).filter((c) => c.id !== truth.id);
  const siblings = rivals.filter((c) => c.genus === truth.genus);
  const strangers = rivals.filter((c) => c.genus !== truth.genus);
  const wanted = random.chance(siblingShare) ? siblings : strangers;
  return random.pick(wanted.length > 0 ? wanted : rivals);
}

/** Four options that hold the label: the truth and its lookalikes, a label from outside taking the last one's place. */
function optionsWith(world: MiniWorld, truth: WorldClass, label: WorldClass, random: Random): string[] {
  const names = world.optionsFor(truth);
  return random.shuffle(names.includes(label.name) ? names : [...names.slice(0, -1), label.name]);
}
