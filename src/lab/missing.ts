import * as path from "node:path";
import { configFiles } from "../config/names";
import { placeOf } from "../config/places";
import { LabError } from "../core/errors";
import { ENCODERS } from "../miniworld/base/config";
import { engineOf } from "../model/open";
import { embeddingsFile, givenOf, isThere, NOT_BUILT, ROW, shownPlace } from "./given";
import { hubOf } from "./plan/models";
import type { Stage } from "./stage";

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
  const found = stages.flatMap((stage) => {
    const given = givenOf(stage);
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

/** What gets a model that is not there: what says how, builds it, downloads it, or else where to look. */
export function howToGet({ at, build }: Missing): string {
  if (at.startsWith(ROW)) return `npx fine-r1 models show ${at.slice(ROW.length)}`;
  if (embeddingsFile(at) !== undefined) return "a file of vectors: docs/published-sets.md";
  const hub = hubOf(at);
  if (build !== undefined) return buildCommand(build);
  if (hub === undefined) return "npx fine-r1 base build, or correct the profile";
  return `hf download ${hub} --local-dir ${placeOf(at.replace(/^[a-z]+:/u, ""))}`;
}

/** @throws LabError that names models which are not there, with the commands that build or download them */
export function requireBuilt(missing: readonly Missing[]): void {
  if (missing.length === 0) return;
  const commands = buildsOf(missing).map(buildCommand);
  const rows = missing.filter(({ at }) => at.startsWith(ROW)).map(({ at }) => at.slice(ROW.length));
  const vectors = missing.filter(({ at }) => embeddingsFile(at) !== undefined);
  const others = missing.filter((one) => one.build === undefined && !one.at.startsWith(ROW) && !vectors.includes(one));
  const published = others.filter(({ at }) => hubOf(at) !== undefined);
  const what = vectors.length === 0 ? "the checkpoint" : "the file";
  throw new LabError(
    missing.length === 1 ? `${what} is not there` : `${what}s are not there`,
    [
      ...(commands.length === 0 ? [] : [`Build what is missing: \`${commands.join(" && ")}\`.`]),
      ...(published.length === 0 ? [] : [`Download what is published: \`${published.map(howToGet).join(" && ")}\`.`]),
      ...rows.map((name) => `\`npx fine-r1 models show ${name}\` says how to get or serve it.`),
      ...(vectors.length === 0 ? [] : ["docs/published-sets.md says what a file of vectors holds (the profile's mining)."]), // prettier-ignore
      ...(others.length === published.length
        ? []
        : ["Make a base with `npx fine-r1 base build`, or correct the profile."]),
    ].join(" "),
    { subject: missing.map(({ at }) => shownPlace(at)).join(", ") },
  );
}
