import * as path from "node:path";
import { configFiles } from "../config/names";
import { placeOf } from "../config/places";
import { LabError } from "../core/errors";
import { ENCODERS } from "../miniworld/base/config";
import { engineOf } from "../model/open";
import { absentData, howToGetData } from "./datasets";
import { embeddingsFile, givenOf, isThere, NOT_BUILT, ROW, shownPlace } from "./given";
import { downloadLine } from "./modelCommands";
import { hubOf } from "./plan/models";
import type { Given, Stage } from "./stage";
import { absentTemplates } from "./templates";

/** How `fine-r1 base build` makes a base and its encoders. */
export interface BaseBuild {
  readonly config: string;
  readonly world: string;
  /** From the project's root. */
  readonly out: string;
}

/** A model or a file that is named and not there. */
export interface Missing {
  readonly at: string;
  /** What makes it; `undefined` where nothing of this project does. */
  readonly build: BaseBuild | undefined;
  /** What it is, and where to read how to get it, where it is no model. */
  readonly file?: string | undefined;
}

/** Those of some models that are not there. @param dataset the spec of what they are for */
export function missingOf(models: readonly string[], dataset: string): Missing[] {
  return models.filter((at) => !isThere(at)).map((at) => missingModel(at, dataset));
}

function missingModel(at: string, dataset: string): Missing {
  const file = embeddingsFile(at) === undefined ? undefined : "a file of vectors: docs/published-sets.md";
  return { at, build: buildOf(at, dataset), file };
}

function missingGiven({ given, at }: Given, dataset: string): Missing {
  if (given === "dataset") return { at, build: undefined, file: howToGetData(at) };
  if (given === "chains") return { at, build: undefined, file: "the released stage-1 file: docs/published-sets.md" };
  return missingModel(at, dataset);
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

/** What some stages are given and is not there, each once: of stages that a lab describes, which has looked for all (`labOf`). */
export function notBuilt(stages: readonly Stage[]): Missing[] {
  return missingAmong(stages, ({ fingerprint }) => fingerprint === NOT_BUILT);
}

/** The same of stages that are described by places alone (`described`). @param dataset the spec of what they are for */
export function absentFrom(stages: readonly Stage[], dataset: string): Missing[] {
  const isAbsent = ({ given, at }: Given): boolean =>
    given === "dataset" ? absentData(at) !== undefined : !isThere(at);
  return missingAmong(stages, isAbsent, dataset);
}

function missingAmong(stages: readonly Stage[], isMissing: (given: Given) => boolean, whole?: string): Missing[] {
  const found = stages.flatMap((stage): Missing[] => {
    const given = givenOf(stage);
    const dataset = whole ?? given.find((one) => one.given === "dataset")?.at ?? "";
    const templates = absentTemplates(stage);
    const sentences = { build: undefined, file: "a file of sentences: npx fine-r1 models templates" };
    return [
      ...given.filter(isMissing).map((one) => missingGiven(one, dataset)),
      ...(templates === undefined ? [] : [{ at: templates, ...sentences }]),
    ];
  });
  return [...new Map(found.map((one) => [one.at, one])).values()];
}

/** Builds that make what is missing, each once: a base and its encoders are one. */
export function buildsOf(missing: readonly Missing[]): BaseBuild[] {
  return [...new Map(missing.flatMap(({ build }) => (build === undefined ? [] : [[build.out, build]]))).values()];
}

function buildCommand({ config, world, out }: BaseBuild): string {
  return `npx fine-r1 base build --config ${config} --world ${world} --out ${out}`;
}

/** What gets a model or a file that is not there: what says how, builds it, downloads it, or else where to look. */
export function howToGet({ at, build, file }: Missing): string {
  if (file !== undefined) return file;
  if (at.startsWith(ROW)) return `npx fine-r1 models show ${at.slice(ROW.length)}`;
  const hub = hubOf(at);
  if (build !== undefined) return buildCommand(build);
  if (hub === undefined) return "npx fine-r1 base build, or correct the profile";
  return downloadLine(hub, placeOf(at.replace(/^[a-z]+:/u, "")), { onnx: at.startsWith("onnx:") });
}

/** @throws LabError that names models and files which are not there, with the commands that build or download them */
export function requireBuilt(missing: readonly Missing[]): void {
  if (missing.length === 0) return;
  const commands = buildsOf(missing).map(buildCommand);
  const files = [...new Set(missing.flatMap(({ file }) => file ?? []))];
  const models = missing.filter(({ build, file }) => build === undefined && file === undefined);
  const rows = models.filter(({ at }) => at.startsWith(ROW)).map(({ at }) => at.slice(ROW.length));
  const others = models.filter(({ at }) => !at.startsWith(ROW));
  const published = others.filter(({ at }) => hubOf(at) !== undefined);
  const what = files.length === 0 ? "the checkpoint" : "the file";
  throw new LabError(
    missing.length === 1 ? `${what} is not there` : `${what}s are not there`,
    [
      ...(commands.length === 0 ? [] : [`Build what is missing: \`${commands.join(" && ")}\`.`]),
      ...(published.length === 0 ? [] : [`Download what is published: \`${published.map(howToGet).join(" && ")}\`.`]),
      ...rows.map((name) => `\`npx fine-r1 models show ${name}\` says how to get or serve it.`),
      ...(files.length === 0 ? [] : [`Put there what the profile names, or correct it (${files.join("; ")}).`]),
      ...(others.length === published.length
        ? []
        : ["Make a base with `npx fine-r1 base build`, or correct the profile."]),
    ].join(" "),
    { subject: missing.map(({ at }) => shownPlace(at)).join(", ") },
  );
}
