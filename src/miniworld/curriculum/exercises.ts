import type { RgbImage } from "../../core/image";
import { CANDIDATES } from "../config";
import { Random } from "../../core/random";
import { answerText, pairText, promptText } from "../../data/prompts";
import type { Prompt } from "../../model/contract";
import { changeValue, describe, matches, SLOTS, type Attributes } from "../attributes";
import { writeChain, writeComparison } from "../chain";
import type { WorldClass } from "../classes";
import type { MiniWorld } from "../types";

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

/** Where a weak name is put to use: asked for openly, among options, by the encoder, or in a question for yes or no. */
export const WEAK_USES = ["open", "closed", "encoder", "yesNo"] as const;
export type WeakUse = (typeof WEAK_USES)[number];

/** The names found beside pictures, which are often wrong, as on the web. */
export interface WeakLabels {
  /** Share of the pictures that carry another class's name; a name that is right at some share is right at every lower one. */
  readonly wrongRate: Readonly<Record<WeakUse, number>>;
  /** Share of the wrong names that belong to another member of the genus; the rest are of the same domain. */
  readonly siblingShare: number;
}

/** How the tasks are varied. */
export interface CurriculumSettings {
  readonly weakLabels: WeakLabels;
  /** Share of the weak names and of the reasoning that is asked with four options. */
  readonly optionsRate: number;
  /** Share of the reasoning that is written out; the rest is answered at once. */
  readonly thinkingRate: number;
  /** Share of the descriptions in which one value is wrong. */
  readonly wrongValueRate: number;
}

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

/** Four options as for one more picture of the class. */
export function drawnOptions(world: MiniWorld, subCategory: WorldClass, random: Random): readonly string[] {
  return world.optionsFor({ id: `exercise/${random.uint32()}`, subCategory });
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

/** The name of one of the three others of a closed question. */
export function anotherName(world: MiniWorld, subject: WorldClass, random: Random): string {
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
