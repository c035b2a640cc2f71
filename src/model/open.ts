import { LabError, required } from "../core/errors";
import type { Capability, Engine, Opening, Seen, TrainableModel, VisionLanguageModel, Vocabulary } from "./contract";
import { onnx } from "./onnx/engine";
import type { TrainableParts } from "./parameters";
import { qwen } from "./qwen/engine";
import { scripted } from "./scripted/engine";
import { served } from "./served/engine";

/** Every engine; a new one is a line here. The first one opens what is named without an engine: a checkpoint's folder. */
const ENGINES = [qwen, scripted, served, onnx] as const satisfies readonly Engine[];

/** A model as it is named: "scripted:answers.json" is a file for the engine "scripted", a folder alone is one for Qwen. */
export function engineOf(at: string): { readonly engine: Engine; readonly where: string; readonly prefix: string } {
  const engine: Engine | undefined = ENGINES.find(({ name }) => at.startsWith(`${name}:`));
  const prefix = engine === undefined ? "" : `${engine.name}:`;
  return { engine: engine ?? ENGINES[0], where: at.slice(prefix.length), prefix };
}

/** What places last said of their models. */
const known = new Map<string, Seen>();

/** Asks a model's place what it is, where only that can tell (`Engine.look`). @throws LabError when nobody answers there; the signal's reason */
export async function lookAt(at: string, signal?: AbortSignal): Promise<Seen | undefined> {
  const { engine, where }: { engine: Engine; where: string } = engineOf(at);
  const said = await engine.look?.(where, signal);
  if (said !== undefined) recall(at, said);
  return said;
}

/** Takes what a model's place said earlier for what it would say now, until it is looked at. */
export function recall(at: string, said: Seen): void {
  known.set(at, said);
}

/** What the place of a model said; `undefined` where nobody has looked, or there is nothing to look at. */
export function seenOf(at: string): Seen | undefined {
  return known.get(at);
}

const ASKED: Readonly<Record<Capability, string>> = {
  generate: "answer questions",
  goOn: "go on from a given beginning",
  score: "score given answers",
  hiddenStates: "show its hidden states",
  everyLayer: "show its hidden states after every layer",
  train: "be trained",
};

/** Makes sure that a model can do what will be asked of it. @throws LabError that names what it cannot do, and engines that can */
export function requireCan(at: string, needs: readonly Capability[]): void {
  const { engine } = engineOf(at);
  const said = seenOf(at);
  const can: readonly Capability[] = said?.can ?? engine.can;
  const lacking = needs.filter((need) => !can.includes(need));
  if (lacking.length === 0) return;
  const able = ENGINES.filter((other: Engine) => needs.every((need) => other.can.includes(need)));
  const whose = said === undefined ? `a model of the engine "${engine.name}"` : `served by ${said.by}`;
  const why = lacking.flatMap((need) => said?.lacks[need] ?? []).join("; ");
  const lacks = lacking.map((need) => ASKED[need]).join(" and cannot ");
  const reason = `is ${whose}, which cannot ${lacks}${why === "" ? "" : ` (${why})`}`;
  const remedy = `Take a model of another engine (${able.map(({ name }) => name).join(", ")}), or leave this out.`;
  throw new LabError(reason, remedy, { subject: at });
}

/** Opens a model. @param needs what will be asked of it. @throws LabError when it cannot do that, or what its engine says */
export async function openModel(
  at: string,
  needs: readonly Capability[] = ["generate"],
  how: Opening = {},
): Promise<VisionLanguageModel> {
  await lookAt(at, how.signal);
  requireCan(at, needs);
  const { engine, where } = engineOf(at);
  return engine.open(where, how);
}

/** Opens a model of which some parts will be trained. @throws LabError when its engine cannot train */
export async function openTrainable(at: string, trained: TrainableParts, how: Opening = {}): Promise<TrainableModel> {
  const model = await openModel(at, ["train"], { ...how, trained });
  return required(
    isTrainable(model) ? model : undefined,
    () => new RangeError(`openTrainable: ${at} cannot be trained`),
  );
}

function isTrainable(model: VisionLanguageModel): model is TrainableModel {
  return "parameters" in model && "prepare" in model && "save" in model;
}

/** The vocabulary of a model; `undefined` where it writes any text. */
export function vocabularyOf(at: string): Vocabulary | undefined {
  const { engine, where } = engineOf(at);
  return engine.vocabulary?.(where);
}
