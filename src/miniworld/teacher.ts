import { LabError } from "../core/errors";
import { Random } from "../core/random";
import { changeValue, SLOTS, type Attributes } from "./attributes";
import { chainStages } from "./chain";
import type { MiniWorld } from "./types";
import type { SubCategory } from "../data/types";
import { SLIPS, type SlipContext } from "./slips";
import { renderTagged } from "../cot/stages";
import type { Teacher } from "../data/teacher";

export interface MiniTeacherOptions {
  /** How often a description leaves an attribute out. */
  readonly omissionRate: number;
  /** How often a look at an attribute gives another value, in descriptions and in chains. */
  readonly errorRate: number;
  /** How often a description mentions each of the things that have nothing to do with the class. */
  readonly distractionRate: number;
  /** How often a chain goes wrong in a way that a check can find. */
  readonly slipRate: number;
}

export const DEFAULT_MINI_TEACHER_OPTIONS: MiniTeacherOptions = {
  omissionRate: 0.2,
  errorRate: 0.08,
  distractionRate: 0.3,
  slipRate: 0.35,
};

/** What a description may dwell on besides the attributes. */
export const DISTRACTIONS = ["cluttered background", "bright light", "slightly turned view"] as const;

/**
 * The mini-world's teacher. It knows what every picture shows and plays a good but fallible model: its descriptions
 * omit, err and digress; its chains start from the concepts in the prompt, look the other attributes up itself, and slip
 * at a given rate. Everything follows from the seeds it is called with.
 */
export function miniTeacher(world: MiniWorld, options: MiniTeacherOptions = DEFAULT_MINI_TEACHER_OPTIONS): Teacher {
  return {
    name: `${world.name} teacher`,
    async describe(image, count, seed) {
      const truth = world.attributesOf(image.subCategory);
      const text = (i: number): string => describeOnce(world, truth, options, new Random(`${seed}/describe/${i}`));
      return Promise.resolve(Array.from({ length: count }, (_, i) => text(i)));
    },
    async reason(image, prompt, count, seed) {
      const told = conceptsIn(prompt);
      const text = (i: number): string =>
        reasonOnce(world, image.subCategory, told, options, new Random(`${seed}/reason/${i}`));
      return Promise.resolve(Array.from({ length: count }, (_, i) => text(i)));
    },
  };
}

/** For example "red crown, striped pattern, long tail, bright light". */
function describeOnce(world: MiniWorld, truth: Attributes, options: MiniTeacherOptions, random: Random): string {
  const seen = look(world, truth, options.errorRate, random);
  const named = SLOTS.map((slot) => `${seen[slot]} ${slot}`).filter(() => !random.chance(options.omissionRate));
  const beside = DISTRACTIONS.filter(() => random.chance(options.distractionRate));
  return random.shuffle([...named, ...beside]).join(", ");
}

/** The attributes as one look sees them: each value is another one at the error rate. */
function look(world: MiniWorld, truth: Attributes, errorRate: number, random: Random): Attributes {
  return SLOTS.filter(() => random.chance(errorRate)).reduce(
    (seen, slot) => changeValue(seen, slot, world.config.attributes, random),
    truth,
  );
}

/** The concepts of a prompt of Table 5. */
function conceptsIn(prompt: string): string[] {
  const list = /with the following visual features: (.*?)\. Based on the information provided/u.exec(prompt)?.[1];
  if (list === undefined) {
    throw new LabError("the prompt is not that of Table 5", "Build it with `cotPrompt`.", {
      subject: prompt.slice(0, 40),
    });
  }
  return list.split(", ");
}

function reasonOnce(
  world: MiniWorld,
  subCategory: SubCategory,
  told: readonly string[],
  options: MiniTeacherOptions,
  random: Random,
): string {
  const truth = world.classOf(subCategory);
  const analysis = toldValues(world, told, look(world, truth.attributes, options.errorRate, random));
  const right = chainStages(world, truth, { random });
  const context: SlipContext = { world, truth, random };
  if (random.chance(options.slipRate)) return random.pick(SLIPS)(right, context);
  try {
    return renderTagged(chainStages(world, truth, { random, analysis }));
  } catch (error) {
    // What was seen fits another class at least as well: an honest chain ends there.
    if (error instanceof LabError) return SLIPS[0](right, context);
    throw error;
  }
}

/** What was looked up, overruled by what the prompt tells, such as "red crown"; its first word on a slot counts. */
function toldValues(world: MiniWorld, told: readonly string[], looked: Attributes): Attributes {
  return SLOTS.reduce((attributes, slot) => {
    const values: readonly string[] = world.config.attributes[slot];
    const value = told
      .map((concept) => concept.split(" "))
      .find(([word, on]) => on === slot && values.includes(word ?? ""));
    return value === undefined ? attributes : { ...attributes, [slot]: value[0] };
  }, looked);
}
