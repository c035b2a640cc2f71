import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { placeOf } from "../config/places";
import { readStored } from "../config/stored";
import { LabError, required } from "../core/errors";
import { writeJson } from "../core/files";
import { hashKnown } from "../core/hash";
import { engineOf, lookAt, recall, seenOf } from "../model/open";
import { expectServers } from "../model/served/key";
import { CAPABILITIES, type Engine, type Seen } from "../model/contract";
import { digest, stableJson } from "../store/key";
import { absentData, benchmarkOf, openDataset } from "./datasets";
import { isEncoderRow, loadModelConfig, whereRow, type ModelConfig } from "./modelConfig";
import type { Profile } from "./profile";
import { givenSchema, type Given, type Stage } from "./stage";

/** A dataset by its spec, such as "miniworld:test". */
export async function givenDataset(spec: string): Promise<Given> {
  const { fingerprint } = await openDataset(spec);
  return { given: "dataset", fingerprint, at: spec };
}

/**
 * A model (`openModel`). Its fingerprint covers every file that decides what it answers: of a checkpoint's folder the weights,
 * config, tokenizer and image settings. Of a served one it is what the server says (`meetModels`), wherever that is.
 */
export function givenCheckpoint(at: string): Given {
  const { engine, where }: { engine: Engine; where: string } = engineOf(at);
  return { given: "checkpoint", fingerprint: engine.look === undefined ? filesOf() : saidOf(), at };

  function filesOf(): string {
    const files = engine.files(where);
    return files.length === 0 ? digest(at) : fingerprintOf(files);
  }
  function saidOf(): string {
    const unmet = () => new LabError("was not asked yet what it serves", "Call `meetModels` first.", { subject: at });
    return required(seenOf(at), unmet).fingerprint;
  }
}

/** What servers said, by the names of their models; kept beside the stages of a store. */
const SERVERS = "servers.json";
const seenSchema: z.ZodType<Readonly<Record<string, Seen>>> = z.record(
  z.string(),
  z.object({
    fingerprint: z.string(),
    can: z.array(z.enum(CAPABILITIES)),
    lacks: z.partialRecord(z.enum(CAPABILITIES), z.string()),
    by: z.string(),
  }),
);

/**
 * Asks the servers among some models what they serve, which decides their fingerprints, and what they can do. That is kept in the store: what was
 * made with a server can be looked at when it is gone. Before anything new is asked of it, `requireServed` looks again.
 * @throws LabError where one does not answer and never has; the signal's reason
 */
export async function meetModels(models: readonly string[], store: string, signal?: AbortSignal): Promise<void> {
  const served = models.filter(isServed);
  if (served.length === 0) return;
  const kept = saidBefore(store);
  const met: Record<string, Seen> = {};
  for (const at of served) {
    try {
      met[at] = required(await lookAt(at, signal), () => new RangeError(`meetModels: ${at} said nothing`));
    } catch (error) {
      signal?.throwIfAborted();
      const before = kept[at];
      if (before === undefined) throw error;
      recall(at, before);
    }
  }
  const now = saidBefore(store); // once more: another process may have met others meanwhile
  const all = seenSchema.parse({ ...now, ...met });
  if (stableJson(all) !== stableJson(now)) writeJson(path.join(store, SERVERS), all);
}

/** Takes what the servers among some models said earlier, as a store keeps it, and asks none: for who looks at finished work. */
export function recallModels(models: readonly string[], store: string): void {
  const kept = saidBefore(store);
  for (const at of models) {
    const before = kept[at];
    if (before !== undefined) recall(at, before);
  }
}

function saidBefore(store: string): Readonly<Record<string, Seen>> {
  const file = path.join(store, SERVERS);
  return fs.existsSync(file) ? readStored(file, seenSchema, "list of servers", `Remove ${file}.`) : {};
}

/**
 * Looks again at the servers that stages which are to be made work with: what they serve must be what the stages were described with.
 * @throws LabError where one does not answer, or serves something else; the signal's reason
 */
export async function requireServed(stages: readonly Stage[], signal?: AbortSignal): Promise<void> {
  const served = stages.flatMap(givenOf).filter(({ given, at }) => given === "checkpoint" && isServed(at));
  for (const [at, { fingerprint }] of new Map(served.map((one) => [one.at, one]))) {
    if ((await lookAt(at, signal))?.fingerprint === fingerprint) continue;
    const remedy = "Serve that again, or give the command again, for what is served now.";
    throw new LabError("serves something else than when this work was described", remedy, { subject: at });
  }
}

/** What a stage is given that no stage made. */
export function givenOf({ inputs }: Stage): Given[] {
  return Object.values(inputs).flatMap((value) => givenSchema.safeParse(value).data ?? []);
}

/** The models that a profile names itself, its rows apart. */
export function namedModels({ base, models = {}, cot }: Profile): string[] {
  return [base, ...Object.values(models), cot.teacher].filter((at) => typeof at === "string");
}

/** All models that a profile may have asked, whatever is chosen of it. */
export function modelsOf(profile: Profile): string[] {
  return [...namedModels(profile), ...placesOfRows(profile)];
}

/**
 * Says which models this process may ask, before the first server is asked: whose key is whose depends on how many there are (`keyFor`).
 * @param models all that its profiles name (`modelsOf`), not the chosen ones alone: what is not chosen now may be the key's own server
 */
export function expectModels(models: readonly string[]): void {
  expectServers(models.filter(isServed).map((at) => engineOf(at).where));
}

/** Whether only a server knows what a model is. */
export function isServed(at: string): boolean {
  const { engine }: { engine: Engine } = engineOf(at);
  return engine.look !== undefined;
}

/** A dual encoder (`openEncoder`): the folder of one of ours, or "onnx:DIR". */
export function givenEncoder(at: string): Given {
  const { engine, where } = engineOf(at);
  return { given: "encoder", fingerprint: fingerprintOf(engine.files(where)), at };
}

/** The released stage-1 file. While it is not there, what needs it can be described and shown, and not made (`requireBuilt`). */
export function givenChains(file: string): Given {
  return { given: "chains", fingerprint: isThere(file) ? hashKnown(file) : NOT_BUILT, at: file };
}

/** A general benchmark (`benchmarkOf`); the same of one that is not there. */
export function givenBenchmark(at: string): Given {
  const { fingerprint } = benchmarkOf(at);
  return { given: "dataset", fingerprint: absentData(at) === undefined ? fingerprint() : NOT_BUILT, at };
}

const EMBEDDINGS = "embeddings:";

/** The file of "embeddings:FILE"; `undefined` for an encoder that is a model. */
export function embeddingsFile(at: string): string | undefined {
  return at.startsWith(EMBEDDINGS) ? at.slice(EMBEDDINGS.length) : undefined;
}

/** What mines triplets: an encoder, or the vectors of one as "embeddings:FILE" (`readEmbeddings`); it may not be there yet (`givenIfBuilt`). */
export function givenMiner(at: string): Given {
  const file = embeddingsFile(at);
  if (file === undefined) return givenIfBuilt("encoder", at);
  return { given: "encoder", fingerprint: isThere(at) ? hashKnown(file) : NOT_BUILT, at };
}

function fingerprintOf(files: readonly string[]): string {
  return digest(files.map((file) => [path.basename(file), hashKnown(file)]));
}

/** How it is told that a model is not the one with which a stage was described. */
export interface Unlike {
  /** Where nothing is at its place. */
  readonly gone: string;
  readonly other: string;
  readonly remedy: string;
}

/** Of a stage that was described in this process, and is made later. */
const SINCE: Unlike = {
  gone: "is not there any more",
  other: "has changed since this work was described",
  remedy: "Open the lab anew, or give the command again: what lies there now is other work.",
};

/**
 * Makes sure that the models which a stage was given are there, and the same as where it was described. Their files are read once a process
 * (`hashKnown`). What is served, `requireServed` looks at; a dataset is looked at when it is opened.
 * @throws LabError that names one that is not
 */
export function requireSame({ inputs }: Stage, { gone, other, remedy }: Unlike = SINCE): void {
  for (const value of Object.values(inputs)) {
    const ref = givenSchema.safeParse(value).data;
    if (ref === undefined || ref.given === "dataset" || isServed(ref.at)) continue;
    const here = fingerprintHere(ref.given, ref.at);
    if (here === ref.fingerprint) continue;
    throw new LabError(here === NOT_BUILT ? gone : other, remedy, { subject: shownPlace(ref.at) });
  }
}

function fingerprintHere(given: "checkpoint" | "encoder" | "chains", at: string): string {
  if (given === "chains") return fs.existsSync(at) ? hashKnown(at) : NOT_BUILT;
  return (given === "encoder" ? givenMiner(at) : givenIfBuilt(given, at)).fingerprint;
}

/** Stands for the fingerprint of a model that is not there. */
export const NOT_BUILT = "not built";

/** A model that may not be there yet: then rows of it can be described and shown, and not made (`requireBuilt`). */
export function givenIfBuilt(kind: "checkpoint" | "encoder", at: string): Given {
  const unmet = isServed(at) && seenOf(at) === undefined;
  if (!isThere(at) || unmet) return { given: kind, fingerprint: NOT_BUILT, at };
  return kind === "encoder" ? givenEncoder(at) : givenCheckpoint(at);
}

/** `meetModels` of those that answer: who does not is told of before something is asked of it (`requireServed`). */
export async function meetThoseThere(models: readonly string[], store: string, signal?: AbortSignal): Promise<void> {
  for (const at of models) {
    try {
      await meetModels([at], store, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof LabError)) throw error;
    }
  }
}

/** Where the rows of a profile are, as far as they are anywhere. */
export function placesOfRows({ rows = [], servers }: Profile): string[] {
  return rows.flatMap((name) => whereRow(loadModelConfig(name), servers) ?? []);
}

/** Before the name of a row whose model is nowhere. */
export const ROW = "row:";

/** Where the model of a row is, as `openModel` takes it; behind `ROW` its name, where it is nowhere. */
export function placeOfRow(config: ModelConfig, servers: Profile["servers"]): string {
  const at = whereRow(config, servers);
  return at !== undefined && isThere(at) ? at : `${ROW}${config.name}`;
}

/** The model of a row. One that is nowhere, or whose server has not answered, can be described and shown, and not made (`requireBuilt`, `requireServed`). */
export function givenRow(config: ModelConfig, servers: Profile["servers"]): Given {
  return givenIfBuilt(isEncoderRow(config) ? "encoder" : "checkpoint", placeOfRow(config, servers));
}

/** The place of a model or a file of vectors as a reader knows it: its path from the project's folder, behind its engine's name. */
export function shownPlace(at: string): string {
  const file = embeddingsFile(at);
  if (file !== undefined) return EMBEDDINGS + placeOf(file);
  const { engine, prefix, where } = engineOf(at);
  if (prefix === "" && /^[a-z]+:/u.test(at)) return at; // of no engine: a benchmark, or a row that is nowhere
  return engine.takes === "path" ? prefix + placeOf(where) : at;
}

/** Whether the files of a model, or that of vectors, are there; a model that is named by no path always is. */
export function isThere(at: string): boolean {
  const file = embeddingsFile(at);
  if (file !== undefined) return fs.existsSync(file);
  const { engine, where } = engineOf(at);
  return engine.takes !== "path" || fs.existsSync(where);
}
