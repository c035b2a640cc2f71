import { LabError, required } from "../core/errors";
import type { Capability, Engine, Opening, TrainableModel, VisionLanguageModel, Vocabulary } from "./contract";
import { onnx } from "./onnx/engine";
import { qwen } from "./qwen/engine";
import { scripted } from "./scripted/engine";

/** Every engine; a new one is a line here. The first one opens what is named without an engine: a checkpoint's folder. */
const ENGINES = [qwen, scripted, onnx] as const satisfies readonly Engine[];

/** A model as it is named: "scripted:answers.json" is a file for the engine "scripted", a folder alone is one for Qwen. */
export function engineOf(at: string): { readonly engine: Engine; readonly where: string; readonly prefix: string } {
  const engine: Engine | undefined = ENGINES.find(({ name }) => at.startsWith(`${name}:`));
  const prefix = engine === undefined ? "" : `${engine.name}:`;
  return { engine: engine ?? ENGINES[0], where: at.slice(prefix.length), prefix };
}

const ASKED: Readonly<Record<Capability, string>> = {
  generate: "answer questions",
  score: "score given answers",
  hiddenStates: "show its hidden states",
  train: "be trained",
};

/** Makes sure that a model can do what will be asked of it. @throws LabError that names what it cannot do, and engines that can */
export function requireCan(at: string, needs: readonly Capability[]): void {
  const { engine } = engineOf(at);
  const lacking = needs.filter((need) => !engine.can.includes(need));
  if (lacking.length === 0) return;
  const able = ENGINES.filter((other: Engine) => needs.every((need) => other.can.includes(need)));
  const reason = `is a model of the engine "${engine.name}", which cannot ${lacking.map((need) => ASKED[need]).join(" and cannot ")}`;
  const remedy = `Take a model of another engine (${able.map(({ name }) => name).join(", ")}), or leave this out.`;
  throw new LabError(reason, remedy, { subject: at });
}

/** Opens a model. @param needs what will be asked of it. @throws LabError when it cannot do that, or what its engine says */
export async function openModel(
  at: string,
  needs: readonly Capability[] = ["generate"],
  how: Opening = {},
): Promise<VisionLanguageModel> {
  requireCan(at, needs);
  const { engine, where } = engineOf(at);
  return engine.open(where, how);
}

/** Opens a model whose weights will be trained. @throws LabError when its engine cannot train */
export async function openTrainable(at: string, how: Opening = {}): Promise<TrainableModel> {
  const model = await openModel(at, ["train"], how);
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
