import * as path from "node:path";
import { z } from "zod";
import { loadConfig, ROOT } from "../config/load";
import { configFile } from "../config/names";
import { slugSchema } from "../config/slug";
import { LabError } from "../core/errors";
import type { PromptSet } from "../data/prompts";
import { trainablePartsSchema, sftSchema, type SftOptions } from "../sft/options";
import type { TrainableParts } from "../model/parameters";
import type { TapoOptions } from "../tapo/options";
import { tapoOptionsSchema } from "../tapo/schema";
import { digest, stableJson } from "../store/stage";

/** How stage 2 is run; the objective's terms are chosen by the experiment (DAPO, TAPO, …). */
export interface RlProfile {
  readonly options: TapoOptions;
  /** Rollouts a backward pass. */
  readonly microBatchSize: number;
  readonly train: TrainableParts;
  readonly checkpointEvery: number;
}

export interface EvaluationProfile {
  readonly batchSize: number;
  readonly maxNewTokensThinking: number;
  readonly maxNewTokensDirect: number;
  readonly seed: number;
}

/** The size of things: the same experiments run in every profile. Files: configs/profiles/<name>.yaml. */
export interface Profile {
  readonly name: string;
  readonly description: string;
  /** A file of configs/worlds. */
  readonly world: string;
  /** The base checkpoint's folder, from the project's root. */
  readonly base: string;
  /** The SigLIP-style encoder's folder, from the project's root. */
  readonly dualEncoder: string;
  readonly promptSet: PromptSet;
  readonly seed: number;
  readonly cot: {
    /** Chains are written for every n-th seen class; 1 for all. */
    readonly everyNthClass: number;
    readonly imagesPerClass: number;
    readonly descriptions: number;
    readonly maxAttempts: number;
  };
  readonly sftCot: SftOptions;
  readonly sftLabels: SftOptions;
  readonly rl: RlProfile;
  readonly evaluation: EvaluationProfile;
}

const count = z.int().min(1);
const text = z.string().min(1);

export const profileSchema: z.ZodType<Profile> = z.strictObject({
  name: slugSchema,
  description: text,
  world: slugSchema,
  base: text,
  dualEncoder: text,
  promptSet: z.enum(["paper", "released", "mini"]),
  seed: z.int().min(0),
  cot: z.strictObject({ everyNthClass: count, imagesPerClass: count, descriptions: count, maxAttempts: count }),
  sftCot: sftSchema,
  sftLabels: sftSchema,
  rl: z.strictObject({
    options: tapoOptionsSchema,
    microBatchSize: count,
    train: trainablePartsSchema,
    checkpointEvery: count,
  }),
  evaluation: z.strictObject({
    batchSize: count,
    maxNewTokensThinking: count,
    maxNewTokensDirect: count,
    seed: z.int().min(0),
  }),
});

/**
 * Reads a profile by name.
 * @param overrides dotted keys that replace the file's values, such as `{"rl.options.n1": 8}`
 */
export function loadProfile(name: string, overrides: Readonly<Record<string, unknown>> = {}): Profile {
  const profile = loadConfig(configFile("profiles", name), profileSchema, overrides);
  if (profile.name !== name) {
    const reason = `key name must be that of its file, but is "${profile.name}"`;
    throw new LabError(reason, "Correct the name: a profile's runs lie in folders of its name.", {
      subject: `configs/profiles/${name}.yaml`,
    });
  }
  const fromRoot = (given: string): string => path.resolve(ROOT, given);
  return { ...profile, base: fromRoot(profile.base), dualEncoder: fromRoot(profile.dualEncoder) };
}

/**
 * A profile with other keys or another seed. One that differs from its file has a name, and so folders, of its own: rows of
 * different settings never share a table.
 * @param seed of every training stage
 */
export function loadVariant(name: string, set: Readonly<Record<string, unknown>>, seed?: number): Profile {
  const file = loadProfile(name);
  const changed = loadProfile(name, set);
  const profile = seed === undefined ? changed : seeded(changed, seed);
  if (stableJson(profile) === stableJson(file)) return file; // such as seed 1 where 1 is the profile's own
  const parts = [file.name];
  if (seed !== undefined) parts.push(`seed${seed}`);
  if (Object.keys(set).length > 0) parts.push(`set-${digest(set).slice(0, 6)}`);
  return { ...profile, name: parts.join("-") };
}

/** The profile with another seed for every stage. */
function seeded(profile: Profile, seed: number): Profile {
  return {
    ...profile,
    seed,
    sftCot: { ...profile.sftCot, seed },
    sftLabels: { ...profile.sftLabels, seed },
    rl: { ...profile.rl, options: { ...profile.rl.options, seed } },
  };
}
