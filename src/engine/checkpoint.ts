import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { readStored } from "../config/stored";
import { settled } from "../core/backend";
import { LabError } from "../core/errors";
import { requireUsable } from "../core/finite";
import { writeFolderAtomic, writeJson } from "../core/files";
import { hashFile } from "../core/hash";
import { withSafetensors, writeSafetensors } from "../core/safetensors";
import type { AdamW } from "./adamw";

/** What a training run puts away besides tensors. */
export interface TrainState {
  /** Steps done. */
  readonly step: number;
  /** Whatever the task needs to go on exactly where it was, such as its place in the data. */
  readonly task: unknown;
}

const NAME = /^checkpoint-(\d+)$/;
/** What they are called, for a stage that needs none of them once it is finished. */
export const CHECKPOINTS = "checkpoint-*";

const PARAMETERS = "parameters.safetensors";
const OPTIMIZER = "optimizer.safetensors";
const AFRESH = "Remove that folder: training goes on from an earlier checkpoint, or from the start.";

/** state.json. Training goes on from these bytes only: a checkpoint that has changed would give other numbers. */
const stateSchema = z.strictObject({
  step: z.int().min(0),
  task: z.unknown(),
  optimizerStep: z.int().min(0),
  /** SHA-256 of the files beside it, and of the fields above with them. */
  hashes: z.strictObject({ parameters: z.string(), optimizer: z.string(), state: z.string() }),
});
type State = z.infer<typeof stateSchema>;

/**
 * Writes `folder/checkpoint-<step>` whole or not at all. Older ones stay until `removeOlderCheckpoints`.
 * @throws LabError when the parameters are ruined: they are not put away
 */
export async function saveCheckpoint(
  folder: string,
  parameters: ReadonlyMap<string, tf.Variable>,
  optimizer: AdamW,
  state: TrainState,
): Promise<void> {
  await writeFolderAtomic(path.join(folder, `checkpoint-${state.step}`), (temporary) => {
    const { step, moments } = optimizer.save();
    const [parametersFile, optimizerFile] = [path.join(temporary, PARAMETERS), path.join(temporary, OPTIMIZER)];
    writeSafetensors(
      parametersFile,
      [...parameters].map(([name, variable]) => ({
        name,
        shape: variable.shape,
        data: () => requireUsable(name, variable.dataSync<"float32">(), folder),
      })),
    );
    writeSafetensors(
      optimizerFile,
      moments.map(({ name, size, data }) => ({ name, shape: [size], data })),
    );
    const hashes = { parameters: hashFile(parametersFile), optimizer: hashFile(optimizerFile) };
    const saved = { ...state, optimizerStep: step };
    writeJson(path.join(temporary, "state.json"), { ...saved, hashes: { ...hashes, state: sealOf(saved, hashes) } });
  });
}

/** Puts the newest checkpoint of `folder` into the parameters and the optimiser; `undefined` if there is none. */
export function loadCheckpoint(
  folder: string,
  parameters: ReadonlyMap<string, tf.Variable>,
  optimizer: AdamW,
): TrainState | undefined {
  const step = listCheckpoints(folder).pop();
  if (step === undefined) return undefined;
  const from = path.join(folder, `checkpoint-${step}`);
  const state = readState(from, step);
  readParameters(path.join(from, PARAMETERS), parameters);
  withSafetensors(path.join(from, OPTIMIZER), (file) => {
    const moments = [...file.tensors].map(([name, { size }]) => ({ name, size, data: () => file.readFloat32(name) }));
    if (optimizer.load({ step: state.optimizerStep, moments })) return;
    throw foreign(file.path, "holds an optimiser state of another layout");
  });
  return { step: state.step, task: state.task };
}

/** Reads the state of a checkpoint. @throws LabError unless the checkpoint is, to the bit, what was written */
function readState(folder: string, step: number): State {
  const state = readStored(path.join(folder, "state.json"), stateSchema, "state of a training run", AFRESH);
  const { hashes } = state;
  const same =
    state.step === step &&
    hashes.state === sealOf(state, hashes) &&
    hashes.parameters === hashFile(path.join(folder, PARAMETERS)) &&
    hashes.optimizer === hashFile(path.join(folder, OPTIMIZER));
  if (same) return state;
  throw new LabError("has changed since it was written: hashes differ", AFRESH, { subject: folder });
}

/** SHA-256 of what a state says. */
function sealOf(
  { step, task, optimizerStep }: Omit<State, "hashes">,
  { parameters, optimizer }: Omit<State["hashes"], "state">,
): string {
  return createHash("sha256")
    .update(JSON.stringify([step, task, optimizerStep, parameters, optimizer]))
    .digest("hex");
}

/** Removes all checkpoints of `folder` but the newest. */
export function removeOlderCheckpoints(folder: string): void {
  for (const step of listCheckpoints(folder).slice(0, -1))
    fs.rmSync(path.join(folder, `checkpoint-${step}`), { recursive: true, force: true });
}

/**
 * Puts a file of weights into the parameters.
 * @throws LabError unless it holds each of them, and nothing else
 */
export function readParameters(file: string, parameters: ReadonlyMap<string, tf.Variable>): void {
  withSafetensors(file, (opened) => {
    for (const [name, variable] of parameters) {
      const shape = opened.tensors.get(name)?.shape;
      if (shape?.join() !== variable.shape.join())
        throw foreign(file, `has no tensor ${name} of shape [${variable.shape.join(", ")}]`);
      const read = requireUsable(name, opened.readFloat32(name), file);
      const value = settled(tf.tensor(read, variable.shape, "float32"));
      variable.assign(value);
      value.dispose();
    }
    const stranger = [...opened.tensors.keys()].find((name) => !parameters.has(name));
    if (stranger !== undefined) throw foreign(file, `holds a tensor ${stranger}, which this model has not`);
  });
}

function foreign(file: string, reason: string): LabError {
  return new LabError(reason, "It belongs to another model: remove its folder to start afresh.", { subject: file });
}

/** The steps after which checkpoints were put away, in order. */
export function listCheckpoints(folder: string): number[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}
