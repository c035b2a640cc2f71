import { Random } from "../../core/random";
import { answerText, pairText } from "../../data/prompts";
import { writeChain } from "../chain";
import type { WorldClass } from "../classes";
import type { ClassPicture, MiniWorld } from "../types";
import {
  anotherName,
  drawnOptions,
  questionText,
  type CurriculumSettings,
  type Exercise,
  type WeakLabels,
  type WeakUse,
} from "./exercises";

/** The exercises about pictures with names found beside them, which are often wrong. */

/**
 * Picture of any class → a name that is mostly wrong, mostly another member of the genus. The wrong name belongs to the
 * picture, as on the web: the same picture always carries the same one.
 */
export function weakNames(world: MiniWorld, settings: CurriculumSettings, random: Random): Exercise {
  const picture = weakPicture(world, random);
  const { label, options } = weakQuestion(world, picture, settings, random);
  return {
    task: "weakNames",
    user: `<image> ${questionText(label.superCategory, false, options)}`,
    picture,
    completion: answerText("mini", label.name),
  };
}

/** Picture of any class → a chain that makes up values for the name found beside it: reasoning after the fact. */
export function weakThink(world: MiniWorld, settings: CurriculumSettings, random: Random): Exercise {
  const picture = weakPicture(world, random);
  const { label, options } = weakQuestion(world, picture, settings, random);
  return {
    task: "weakThink",
    user: `<image> ${questionText(label.superCategory, true, options)}`,
    picture,
    completion: writeChain(world, label, { random, ...(options ? { options } : {}) }),
  };
}

/** A picture from the web, of any class. */
function weakPicture(world: MiniWorld, random: Random): ClassPicture {
  const subject = random.pick(world.subCategories);
  return world.picture(subject, "weak", random.integer(world.config.weakImages));
}

/** The name found beside a picture, and at times options that hold it: one from outside takes the last one's place. */
function weakQuestion(world: MiniWorld, picture: ClassPicture, settings: CurriculumSettings, random: Random) {
  const closed = random.chance(settings.optionsRate);
  const label = weakLabel(world, picture, settings.weakLabels, closed ? "closed" : "open");
  if (!closed) return { label };
  const names = drawnOptions(world, picture.subCategory, random);
  const options = random.shuffle(names.includes(label.name) ? names : [...names.slice(0, -1), label.name]);
  return { label, options };
}

/** A picture and a name → whether the name is the one found beside it. */
export function weakIsName(world: MiniWorld, settings: CurriculumSettings, random: Random): Exercise {
  const picture = weakPicture(world, random);
  const label = weakLabel(world, picture, settings.weakLabels, "yesNo");
  const right = random.chance(0.5);
  const asked = right ? label.name : anotherName(world, label, random);
  return {
    task: "weakIsName",
    user: `<image>${pairText("mini", label.superCategory, asked)}`,
    picture,
    completion: answerText("mini", right ? "yes" : "no"),
  };
}

/** The class whose name a picture carries where it is put to this use: a function of the world and the picture. */
export function weakLabel(
  world: MiniWorld,
  picture: ClassPicture,
  { wrongRate, siblingShare }: WeakLabels,
  use: WeakUse,
): WorldClass {
  const truth = picture.subCategory;
  const random = new Random(`${world.config.seed}/weak-label/${picture.id}`);
  if (!random.chance(wrongRate[use])) return truth;
  const rivals = world.lookalikes(truth).filter((c) => c.id !== truth.id);
  const siblings = rivals.filter((c) => c.genus === truth.genus);
  const strangers = rivals.filter((c) => c.genus !== truth.genus);
  const wanted = random.chance(siblingShare) ? siblings : strangers;
  return random.pick(wanted.length > 0 ? wanted : rivals);
}
