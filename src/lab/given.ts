import * as fs from "node:fs";
import * as path from "node:path";
import { configFiles } from "../config/names";
import { placeOf } from "../config/places";
import { LabError } from "../core/errors";
import { hashKnown } from "../core/hash";
import { ENCODERS } from "../miniworld/base/config";
import { engineOf } from "../model/open";
import { checkpointFiles } from "../model/qwen/checkpointFiles";
import { digest } from "../store/key";
import { openDataset } from "./datasets";
import { givenSchema, type Given, type Stage } from "./stage";

/** A dataset by its spec, such as "miniworld:test". */
export async function givenDataset(spec: string): Promise<Given> {
  const { fingerprint } = await openDataset(spec);
  return { given: "dataset", fingerprint, at: spec };
}

/**
 * A model (`openModel`). Its fingerprint covers every file that decides what it answers: of a checkpoint's folder the weights,
 * config, tokenizer and image settings.
 */
export function givenCheckpoint(at: string): Given {
  const { engine, where } = engineOf(at);
  const files = engine.files(where);
  return { given: "checkpoint", fingerprint: files.length === 0 ? digest(at) : fingerprintOf(files), at };
}

/** A dual encoder's folder. */
export function givenEncoder(folder: string): Given {
  return { given: "encoder", fingerprint: fingerprintOf(checkpointFiles(folder)), at: folder };
}

function fingerprintOf(files: readonly string[]): string {
  return digest(files.map((file) => [path.basename(file), hashKnown(file)]));
}

/** Makes sure that the models which a stage was given are here, and the same as where it was described. @throws LabError that names one that is not */
export function requireSame({ inputs }: Stage): void {
  for (const value of Object.values(inputs)) {
    const ref = givenSchema.safeParse(value).data;
    if (ref === undefined || ref.given === "dataset") continue; // a dataset is looked at when it is opened
    const here = givenIfBuilt(ref.given, ref.at).fingerprint;
    if (here === ref.fingerprint) continue;
    const reason =
      here === NOT_BUILT
        ? "is not on this machine"
        : "is another one on this machine than where this work was described";
    throw new LabError(reason, "Bring the same files to every machine.", { subject: placeOf(ref.at) });
  }
}

/** Stands for the fingerprint of a model that is not there. */
const NOT_BUILT = "not built";

/** A model that may not be there yet: then rows of it can be described and shown, and not made (`requireBuilt`). */
export function givenIfBuilt(kind: "checkpoint" | "encoder", at: string): Given {
  if (!isThere(at)) return { given: kind, fingerprint: NOT_BUILT, at };
  return kind === "encoder" ? givenEncoder(at) : givenCheckpoint(at);
}

function isThere(at: string): boolean {
  const { engine, where } = engineOf(at);
  return engine.takes !== "path" || fs.existsSync(where);
}

/** How `fine-r1 base build` makes a base and its encoders. */
export interface BaseBuild {
  readonly config: string;
  readonly world: string;
  /** From the project's root. */
  readonly out: string;
}

/** A model that is named and not there. */
export interface Missing {
  readonly at: string;
  /** What makes it; `undefined` where nothing of this project does. */
  readonly build: BaseBuild | undefined;
}

/** Those of some models that are not there. @param dataset the spec of what they are for */
export function missingOf(models: readonly string[], dataset: string): Missing[] {
  return models.filter((at) => !isThere(at)).map((at) => ({ at, build: buildOf(at, dataset) }));
}

/** The folders that a build leaves. */
const BUILT: readonly string[] = ["base", ...ENCODERS];

/** A base lies in a folder of its config's name; other folders hold bases of the config "mini", for other worlds. */
function buildOf(at: string, dataset: string): BaseBuild | undefined {
  const world = /^miniworld:(.+)$/u.exec(dataset)?.[1];
  if (world === undefined || engineOf(at).prefix !== "") return undefined;
  const out = path.dirname(at);
  if (!BUILT.includes(path.basename(at))) return undefined;
  const configs = configFiles("base").map((file) => path.basename(file, ".yaml"));
  return { config: configs.find((name) => name === path.basename(out)) ?? "mini", world, out: placeOf(out) };
}

/** The given models of some stages that are not there, each once. */
export function notBuilt(stages: readonly Stage[]): Missing[] {
  const found = stages.flatMap(({ inputs }) => {
    const given = Object.values(inputs).flatMap((value) => givenSchema.safeParse(value).data ?? []);
    const dataset = given.find((one) => one.given === "dataset")?.at ?? "";
    return given.filter(({ fingerprint }) => fingerprint === NOT_BUILT).map(({ at }) => ({ at, build: buildOf(at, dataset) })); // prettier-ignore
  });
  return [...new Map(found.map((one) => [one.at, one])).values()];
}

/** Builds that make what is missing, each once: a base and its encoders are one. */
export function buildsOf(missing: readonly Missing[]): BaseBuild[] {
  return [...new Map(missing.flatMap(({ build }) => (build === undefined ? [] : [[build.out, build]]))).values()];
}

export function buildCommand({ config, world, out }: BaseBuild): string {
  return `npx fine-r1 base build --config ${config} --world ${world} --out ${out}`;
}

/** @throws LabError that names models which are not there, with the commands that build them */
export function requireBuilt(missing: readonly Missing[]): void {
  if (missing.length === 0) return;
  const commands = buildsOf(missing).map(buildCommand);
  const unknown = missing.some(({ build }) => build === undefined);
  throw new LabError(
    missing.length === 1 ? "the checkpoint is not there" : "the checkpoints are not there",
    [
      ...(commands.length === 0 ? [] : [`Build what is missing: \`${commands.join(" && ")}\`.`]),
      ...(unknown ? ["Make a base with `npx fine-r1 base build`, or correct the profile."] : []),
    ].join(" "),
    { subject: missing.map(({ at }) => placeOf(at)).join(", ") },
  );
}
