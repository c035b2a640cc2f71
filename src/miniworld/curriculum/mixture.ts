import { LabError, required } from "../../core/errors";
import type { Random } from "../../core/random";
import type { MiniWorld } from "../types";
import {
  attributesToName,
  compare,
  genusMembers,
  isName,
  nameToAttributes,
  readAttributes,
  reason,
  TASKS,
  type CurriculumSettings,
  type Exercise,
  type Task,
} from "./exercises";
import { weakIsName, weakNames, weakThink } from "./weak";

/** Relative shares of the tasks in a stage of the base model's training; a task left out does not occur. */
export type Mixture = Readonly<Partial<Record<Task, number>>>;

type Draw = (world: MiniWorld, settings: CurriculumSettings, random: Random) => Exercise;

const DRAW: Readonly<Record<Task, Draw>> = {
  readAttributes: (world, _settings, random) => readAttributes(world, random),
  weakNames,
  nameToAttributes: (world, _settings, random) => nameToAttributes(world, random),
  attributesToName: (world, _settings, random) => attributesToName(world, random),
  genusMembers: (world, _settings, random) => genusMembers(world, random),
  compare,
  reason,
  isName,
  weakIsName,
  weakThink,
};

/** Draws one exercise: first the task by its share, then the exercise. */
export function drawExercise(
  world: MiniWorld,
  mixture: Mixture,
  random: Random,
  settings: CurriculumSettings,
): Exercise {
  const shares = TASKS.map((task) => mixture[task] ?? 0);
  if (!shares.some((share) => share > 0)) {
    throw new LabError("the mixture holds no task", "Give at least one task a positive share.");
  }
  const task = required(TASKS[random.weighted(shares)], () => new RangeError("drawExercise: no task"));
  return DRAW[task](world, settings, random);
}

/** Draws the exercises of one training step. @returns [B] */
export function drawExercises(
  world: MiniWorld,
  mixture: Mixture,
  count: number,
  random: Random,
  settings: CurriculumSettings,
): Exercise[] {
  return Array.from({ length: count }, () => drawExercise(world, mixture, random, settings));
}
