import * as path from "node:path";
import { z } from "zod";
import { loadConfig, ROOT } from "../config/load";
import { configFile } from "../config/names";
import { slugSchema } from "../config/slug";
import { LabError } from "../core/errors";
import { LARGEST_SEED } from "../core/random";
import { PROMPT_SETS, type PromptSet } from "../data/prompts";
import { engineOf } from "../model/open";
import { requirePublic } from "../model/served/address";
import { trainablePartsSchema, type TrainableParts } from "../model/parameters";
import { sftFields, type SftOptions } from "../sft/options";
import { tapoOptionsWith } from "../tapo/schema";
import type { ObjectiveOptions, TapoOptions } from "../tapo/options";
import { digest, stableJson } from "../store/key";

/** How chains of thought are curated. */
export interface CotProfile {
  /** Chains are written for every n-th seen class; 1 for all. */
  readonly everyNthClass: number;
  readonly imagesPerClass: number;
  readonly descriptions: number;
  readonly maxAttempts: number;
  /** The model that writes them (§4.2), as `openModel` takes it; where absent, the dataset's own teacher. */
  readonly teacher?: string | undefined;
  /** The released stage-1 file, whose chains are taken then and none written. */
  readonly released?: string | undefined;
}

/** How models are asked. It is the benchmark's part: the same for every seed of a run. */
export interface EvaluationProfile {
  readonly batchSize: number;
  readonly maxNewTokensThinking: number;
  readonly maxNewTokensDirect: number;
  /** Orders the options of closed questions. */
  readonly seed: number;
  /** "shuffled" by the seed and the item's id, or as released with the right option first [17]. */
  readonly optionOrder: "shuffled" | "released";
  /** ĉ of Eq. 5: the dataset's, or found in the picture's id as in the release [15]. */
  readonly superCategory: "dataset" | "released";
}

/** Stage 2's sizes; its terms are chosen by the experiment (DAPO, TAPO, …). */
export interface RlProfile extends Omit<TapoOptions, "seed" | "promptSet"> {
  /** Rollouts in one backward pass. */
  readonly microBatchSize: number;
  readonly train: TrainableParts;
}

/** Models that a profile may name beside its base and its encoder, by the part that they play in an experiment. */
export const FURTHER_MODELS = [
  { part: "larger", given: "checkpoint", title: "a larger base" },
  { part: "qwen2", given: "checkpoint", title: "a base of the Qwen2-VL architecture" },
  { part: "clip", given: "encoder", title: "a CLIP-style encoder" },
] as const;
export type FurtherModel = (typeof FURTHER_MODELS)[number]["part"];

/** The size of things: the same experiments run in every profile. Files: configs/profiles/<name>.yaml. */
export interface Profile {
  readonly name: string;
  readonly description: string;
  /** "miniworld:NAME" of configs/worlds, or "folder:PATH" of pictures of one's own. */
  readonly dataset: string;
  /** The base model: a checkpoint's folder from the project's root, or a model of another engine: "scripted:FILE", "served:URL#MODEL". */
  readonly base: string;
  /** The dual encoder's folder, from the project's root: it mines triplets and is Sim of Eq. 5. */
  readonly encoder: string;
  /** What mines triplets, where not the encoder: another encoder, or "embeddings:FILE" with vectors of the training pictures. */
  readonly mining?: string | undefined;
  /** Further models' folders, from the project's root. Where a part has none, experiments leave its rows out; `null` takes away what an extended file names. */
  readonly models?: Readonly<Partial<Record<FurtherModel, string | null | undefined>>> | undefined;
  /** Models that are asked as they are, each a row of its own: names of configs/models. */
  readonly rows?: readonly string[] | undefined;
  /** General benchmarks (Table 7) that `general` asks beside the dataset's own questions, such as "mme:/data/MME_Benchmark" (docs/benchmarks.md). */
  readonly benchmarks?: readonly string[] | undefined;
  /** Where rows are served, by their names: addresses, or models of any engine (`whereRow`). */
  readonly servers?: Readonly<Record<string, string>> | undefined;
  /** The encoder that is Sim of Eq. 5, where it is not `encoder`: it may be one of texts alone. */
  readonly similarity?: string | undefined;
  /** A file of sentences for the encoders' ensemble, one on each line (`readTemplates`); left out: the wording's own. */
  readonly templates?: string | undefined;
  /** The wording of questions. */
  readonly promptSet: PromptSet;
  /** The seed of a run. Everything that is drawn forks from it. */
  readonly seed: number;
  readonly cot: CotProfile;
  /** Stage 1: CoT SFT. */
  readonly sft: Omit<SftOptions, "seed">;
  /** The baseline: SFT on names alone. */
  readonly sftLabels: Omit<SftOptions, "seed">;
  readonly rl: RlProfile;
  /**
   * Weights at which TAPO's terms are alike in size, for the rows that ask for such: a share of those at which each is as long as the policy's
   * gradient (tapo/shares), chosen on held-out seen classes. Where absent, those rows measure the KL's and take it whole.
   */
  readonly matched?: Pick<ObjectiveOptions, "gamma" | "eta1" | "eta2"> | undefined;
  readonly evaluation: EvaluationProfile;
}

const count = z.int().min(1);
const text = z.string().min(1);
const further = text.nullish();
/** `null` takes away what an extended file names. */
const orNone = text.nullish().transform((at) => at ?? undefined);
const { seed, ...sftShape } = sftFields;
const sft = z.strictObject(sftShape);
const weight = z.number().min(0);

export const profileSchema: z.ZodType<Profile> = z.strictObject({
  name: slugSchema,
  description: text,
  dataset: text,
  base: text,
  encoder: text,
  mining: orNone,
  models: z.strictObject({ larger: further, qwen2: further, clip: further }).optional(),
  rows: z.array(slugSchema).optional(),
  benchmarks: z.array(text).optional(),
  servers: z.record(slugSchema, text).optional(),
  similarity: orNone,
  templates: orNone,
  promptSet: z.enum(PROMPT_SETS),
  seed,
  cot: z.strictObject({
    everyNthClass: count,
    imagesPerClass: count,
    descriptions: count,
    maxAttempts: count,
    teacher: orNone,
    released: orNone,
  }),
  sft,
  sftLabels: sft,
  rl: tapoOptionsWith({ microBatchSize: count, train: trainablePartsSchema }, ["seed", "promptSet"]),
  matched: z.strictObject({ gamma: weight, eta1: weight, eta2: weight }).optional(),
  evaluation: z.strictObject({
    batchSize: count,
    maxNewTokensThinking: count,
    maxNewTokensDirect: count,
    seed: z.int().min(0).max(LARGEST_SEED),
    optionOrder: z.enum(["shuffled", "released"]).default("shuffled"),
    superCategory: z.enum(["dataset", "released"]).default("dataset"),
  }),
});

/**
 * Reads a profile by name.
 * @param set dotted keys that replace the file's values, such as `{"rl.n1": 8}`. A profile that differs from its file has a
 * name, and so folders, of its own: rows of different settings never share a table.
 */
export function loadProfile(name: string, set: Readonly<Record<string, unknown>> = {}): Profile {
  const file = readProfile(name, {});
  const profile = readProfile(name, set);
  if (stableJson(profile) === stableJson(file)) return file;
  return { ...profile, name: `${name}-set-${digest(tellingKeys(name, set, profile)).slice(0, 6)}` };
}

/** Those keys without which the profile is another one: what merely repeats its file gives it no other name. */
function tellingKeys(
  name: string,
  set: Readonly<Record<string, unknown>>,
  profile: Profile,
): Readonly<Record<string, unknown>> {
  return Object.keys(set).reduce((kept, key) => {
    const fewer = Object.fromEntries(Object.entries(kept).filter(([other]) => other !== key));
    try {
      return stableJson(readProfile(name, fewer)) === stableJson(profile) ? fewer : kept;
    } catch {
      return kept; // without it there is no profile
    }
  }, set);
}

function readProfile(name: string, set: Readonly<Record<string, unknown>>): Profile {
  const profile = loadConfig(configFile("profiles", name), profileSchema, set);
  if (profile.name !== name) {
    const reason = `key name must be that of its file, but is "${profile.name}"`;
    throw new LabError(reason, "Correct the name: a profile's runs lie in folders of its name.", {
      subject: `configs/profiles/${name}.yaml`,
    });
  }
  const models = Object.entries(profile.models ?? {}).flatMap(([part, at]) => {
    return typeof at === "string" ? [[part, fromRoot(at)] as const] : [];
  });
  const { similarity, templates, servers } = profile;
  const { teacher, released } = profile.cot;
  const address = (given: string): string => {
    requirePublic(given);
    return /^https?:/u.test(given) ? given : fromRoot(given);
  };
  const served = Object.entries(servers ?? {}).map(([row, at]) => [row, address(at)] as const);
  return {
    ...profile,
    cot: {
      ...profile.cot,
      ...(teacher === undefined ? {} : { teacher: fromRoot(teacher) }),
      ...(released === undefined ? {} : { released: path.resolve(ROOT, released) }),
    },
    ...(similarity === undefined ? {} : { similarity: fromRoot(similarity) }),
    ...(templates === undefined ? {} : { templates: path.resolve(ROOT, templates) }),
    ...(servers === undefined ? {} : { servers: Object.fromEntries(served) }),
    base: fromRoot(profile.base),
    encoder: fromRoot(profile.encoder),
    ...(profile.mining === undefined ? {} : { mining: minerFromRoot(profile.mining) }),
    models: Object.fromEntries(models),
  };
}

/** A model, its path from the project's root. @throws LabError for an address that holds what may be secret */
function fromRoot(given: string): string {
  requirePublic(given);
  const { engine, prefix, where } = engineOf(given);
  if (prefix === "" && /^[a-z]+:/u.test(given)) return given; // of an engine that there is not: no path, and refused when it is opened
  return engine.takes === "path" ? prefix + path.resolve(ROOT, where) : given;
}

/** The same for what mines: "embeddings:" may stand before a file. */
function minerFromRoot(given: string): string {
  const [, prefix = "", where = ""] = /^(embeddings:)?(.*)$/su.exec(given) ?? [];
  return prefix === "" ? fromRoot(where) : prefix + path.resolve(ROOT, where);
}
