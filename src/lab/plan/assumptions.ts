import * as path from "node:path";
import { z } from "zod";
import { loadConfig, ROOT } from "../../config/load";
import { LabError } from "../../core/errors";
import { didYouMean } from "../../core/similar";

/** A GPU as its vendor's sheet has it. */
export interface Machine {
  readonly name: string;
  /** Dense products of bfloat16 with float32 sums, in 10¹² FLOPs a second. */
  readonly teraflops: number;
  /** Of its memory, in 10⁹ bytes a second. */
  readonly bandwidth: number;
  /** In 10⁹ bytes. */
  readonly memory: number;
}

const positive = z.number().positive();
const machinesSchema: z.ZodType<Readonly<Record<string, Omit<Machine, "name">>>> = z.record(
  z.string(),
  z.strictObject({ teraflops: positive, bandwidth: positive, memory: positive }),
);

/** The GPUs of configs/plan/machines.yaml, in its order. */
export function machines(): Machine[] {
  const file = path.join(ROOT, "configs", "plan", "machines.yaml");
  return Object.entries(loadConfig(file, machinesSchema)).map(([name, sheet]) => ({ name, ...sheet }));
}

/** What no config says: each with what it is taken to be, and why. `--assume name=value` takes another. */
export const ASSUMPTIONS = {
  efficiency: [
    0.35,
    "share of the peak of products that reading, scoring and training reach; computing activations twice is part of it",
  ],
  bandwidth: [0.6, "share of the memory's bandwidth that writing token by token reaches"],
  scaling: [0.9, "share of its speed that each of several GPUs keeps"],
  sequences: [256, "answers that one copy of a model writes side by side, as far as memory goes"],
  usable: [0.9, "share of a GPU's memory that can be filled"],
  chain: [
    720,
    "tokens of a chain of thought: 539 words on average in the released stage-1 data, four tokens for three words",
  ],
  name: [20, "tokens of an answer without reasoning"],
  letters: [4, "letters of English text in a token; a base that is there counts with its own tokenizer"],
  template: [20, "tokens of the chat's form around a question"],
  descriptions: [150, "tokens of one description of a picture by the teacher"],
  attempts: [4, "chains that the teacher writes for a picture until one is accepted"],
  accepted: [0.89, "share of the pictures that get a chain: 404 of 453 classes in the release"],
  kept: [0.5, "share of the sampled groups that are neither all right nor all wrong (dynamic sampling)"],
} as const satisfies Readonly<Record<string, readonly [number, string]>>;

/** The value of each assumption. */
export type Assumed = Readonly<Record<keyof typeof ASSUMPTIONS, number>>;

const SHARES: readonly string[] = ["efficiency", "bandwidth", "scaling", "usable", "accepted", "kept"];

/**
 * The assumptions with other values.
 * @throws LabError for a name that there is not, with the one most likely meant, a value that is not above 0, or a share above 1
 */
export function assumed(changes: Readonly<Record<string, number>> = {}): Assumed {
  const usual = Object.fromEntries(Object.entries(ASSUMPTIONS).map(([name, [value]]) => [name, value]));
  const names = Object.keys(usual);
  for (const [name, value] of Object.entries(changes)) {
    if (!names.includes(name))
      throw new LabError(
        `there is no assumption "${name}"`,
        `${didYouMean(name, names)}There are: ${names.join(", ")}.`,
      );
    const share = SHARES.includes(name);
    if (!(value > 0) || (share && value > 1) || !Number.isFinite(value))
      throw new LabError(`is ${value}`, share ? "Give a share above 0, at most 1." : "Give a number above 0.", {
        subject: `the assumption ${name}`,
      });
  }
  return { ...usual, ...changes } as Assumed;
}
