import type { RgbImage } from "../../core/image";
import { Random } from "../../core/random";
import { answerText, pairText, promptText } from "../../data/prompts";
import type { Prompt } from "../../model/contract";
import { changeValue, describe, matches, SLOTS, type Attributes } from "../attributes";
import { writeChain, writeComparison } from "../chain";
import type { WorldClass } from "../classes";
import type { WeakUse } from "../config";
import { CANDIDATES, type ClassPicture, type MiniWorld } from "../types";

/** The exercises that a base model is made from: what it sees, what it is told, and what it has to do with both. */

/** The tasks of the base model's training, in the order below. */
export const TASKS = [
  "readAttributes",
  "weakNames",
  "nameToAttributes",
  "attributesToName",
  "genusMembers",
  "compare",
  "reason",
  "isName",
  "weakIsName",
  "weakThink",
] as const;
export type Task = (typeof TASKS)[number];

/** One question with its answer, the pixels not yet loaded. */
export interface Exercise {
  readonly task: Task;
  /** The user's turn; `<image>` stands where the picture goes, if there is one. */
  readonly user: string;
  readonly picture?: { readonly id: string; load(): Promise<RgbImage> };
  readonly completion: string;
}

/** How the tasks are varied. */
export interface CurriculumSettings {
  /** Share of the weak names and of the reasoning that is asked with four options. */
  readonly optionsRate: number;
  /** Share of the reasoning that is written out; the rest is answered at once. */
  readonly thinkingRate: number;
  /** Share of the descriptions in which one value is wrong. */
  readonly wrongValueRate: number;
}

export const DEFAULT_CURRICULUM: CurriculumSettings = { optionsRate: 0.5, thinkingRate: 0.75, wrongValueRate: 0.2 };

/** The prompt of an exercise, with its pixels. */
export async function exercisePrompt(exercise: Exercise): Promise<Prompt> {
  return {
    messages: [{ role: "user", content: exercise.user }],
    images: exercise.picture ? [await exercise.picture.load()] : [],
  };
}

/**
 * Picture of a random combination → its five values, under the heading that a chain gives them: seeing, apart from any
 * class, in the words that a chain begins with.
 */
export function readAttributes(world: MiniWorld, random: Random): Exercise {
  const picture = world.freePicture(random.integer(world.config.baseImages));
  return {
    task: "readAttributes",
    user: analysisPrompt(picture.domain),
    picture,
    completion: analysisText(picture.attributes),
  };
}

/** The words that ask for the values of a picture. */
export function analysisPrompt(domain: string): string {
  return `<image> ${domain} ? analysis`;
}

/** The first stage of a chain, alone. */
export function analysisText(attributes: Attributes): string {
  return `analysis ${describe(attributes)}`;
}

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
  return world.picture(subject, "weak", random.integer(world.config.weakNames.imagesPerClass));
}

/** The name found beside a picture, and at times options that hold it: one from outside takes the last one's place. */
function weakQuestion(world: MiniWorld, picture: ClassPicture, settings: CurriculumSettings, random: Random) {
  const closed = random.chance(settings.optionsRate);
  const label = weakLabel(world, picture, closed ? "closed" : "open");
  if (!closed) return { label };
  const names = drawnOptions(world, picture.subCategory, random);
  const options = random.shuffle(names.includes(label.name) ? names : [...names.slice(0, -1), label.name]);
  return { label, options };
}

/** Four options as for one more picture of the class. */
function drawnOptions(world: MiniWorld, subCategory: WorldClass, random: Random): readonly string[] {
  return world.optionsFor({ id: `exercise/${random.uint32()}`, subCategory });
}

/** The class whose name a picture carries where it is put to this use: a function of the world and the picture. */
export function weakLabel(world: MiniWorld, picture: ClassPicture, use: WeakUse): WorldClass {
  const { wrongRate, siblingShare } = world.config.weakNames;
  const truth = picture.subCategory;
  const random = new Random(`${world.config.seed}/weak-label/${picture.id}`);
  if (!random.chance(wrongRate[use])) return truth;
  const rivals = world.lookalikes(truth).filter((c) => c.id !== truth.id);
  const siblings = rivals.filter((c) => c.genus === truth.genus);
  const strangers = rivals.filter((c) => c.genus !== truth.genus);
  const wanted = random.chance(siblingShare) ? siblings : strangers;
  return random.pick(wanted.length > 0 ? wanted : rivals);
}

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
  const options = form.closed ? random.shuffle(drawnOptions(world, subject, random)) : undefined;
  const completion = form.thinking
    ? writeChain(world, subject, { random, analysis: described, ...(options ? { options } : {}) })
    : answerText("mini", subject.name);
  return {
    task: "reason",
    user: `${describe(described)} ${questionText(subject.superCategory, form.thinking, options)}`,
    completion,
  };
}

/** A description and a name → whether it is that class's: the question of a picture and a name, in text. */
export function isName(world: MiniWorld, settings: CurriculumSettings, random: Random): Exercise {
  const subject = random.pick(world.subCategories);
  const described = describeClass(world, subject, settings.wrongValueRate, random);
  return isNameOf(world, subject, described, random.chance(0.5), random);
}

export function isNameOf(
  world: MiniWorld,
  subject: WorldClass,
  described: Attributes,
  right: boolean,
  random: Random,
): Exercise {
  const asked = right ? subject.name : anotherName(world, subject, random);
  return {
    task: "isName",
    user: `${describe(described)}${pairText("mini", subject.superCategory, asked)}`,
    completion: answerText("mini", right ? "yes" : "no"),
  };
}

/** A picture and a name → whether the name is the one found beside it. */
export function weakIsName(world: MiniWorld, _settings: CurriculumSettings, random: Random): Exercise {
  const picture = weakPicture(world, random);
  const label = weakLabel(world, picture, "yesNo");
  const right = random.chance(0.5);
  const asked = right ? label.name : anotherName(world, label, random);
  return {
    task: "weakIsName",
    user: `<image>${pairText("mini", label.superCategory, asked)}`,
    picture,
    completion: answerText("mini", right ? "yes" : "no"),
  };
}

/** The name of one of the three others of a closed question. */
function anotherName(world: MiniWorld, subject: WorldClass, random: Random): string {
  return random.pick(drawnOptions(world, subject, random).slice(1));
}

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
