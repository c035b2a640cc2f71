import type { RgbImage } from "../../core/image";
import type { Prompt } from "../../model/contract";

/** The tasks of the base model's training, one per file. */
export const TASKS = [
  "readAttributes",
  "weakNames",
  "nameToAttributes",
  "attributesToName",
  "genusMembers",
  "compare",
  "reason",
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
