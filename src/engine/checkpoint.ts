import * as fs from "node:fs";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { LabError } from "../core/errors";
import { requireUsable } from "../core/finite";
import { readJson, writeFolderAtomic, writeJson } from "../core/files";
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
    writeSafetensors(path.join(temporary, "parameters.safetensors"), named(parameters, folder));
    writeSafetensors(
      path.join(temporary, "optimizer.safetensors"),
      moments.map(({ name, data }) => ({ name, shape: [data.length], data })),
    );
    writeJson(path.join(temporary, "state.json"), { ...state, optimizerStep: step });
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
  const state = readState(path.join(from, "state.json"));
  readParameters(path.join(from, "parameters.safetensors"), parameters);
  withSafetensors(path.join(from, "optimizer.safetensors"), (file) => {
    const moments = [...file.tensors.keys()].map((name) => ({ name, data: file.readFloat32(name) }));
    if (optimizer.load({ step: state.optimizerStep, moments })) return;
    throw foreign("holds an optimiser state of another layout", file.path);
  });
  return { step: state.step, task: state.task };
}

/** Removes all checkpoints of `folder` but the newest. */
export function removeOlderCheckpoints(folder: string): void {
  for (const step of listCheckpoints(folder).slice(0, -1)) removeCheckpoint(folder, step);
}

/** Removes every checkpoint of `folder`, once the run's result is safe. */
export function removeCheckpoints(folder: string): void {
  for (const step of listCheckpoints(folder)) removeCheckpoint(folder, step);
}

const count = z.int().min(0);
const stateSchema = z.strictObject({ step: count, task: z.json(), optimizerStep: count });

function readState(file: string): z.infer<typeof stateSchema> {
  const state = stateSchema.safeParse(readJson(file));
  if (state.success) return state.data;
  throw foreign("is not the state of a training run (step, optimizerStep, task)", file);
}

function foreign(reason: string, subject: string): LabError {
  return new LabError(reason, "Remove the checkpoint's folder: training then goes on from the one before, or afresh.", {
    subject,
  });
}

function readParameters(file: string, parameters: ReadonlyMap<string, tf.Variable>): void {
  withSafetensors(file, (tensors) => {
    for (const [name, variable] of parameters) {
      const entry = tensors.tensors.get(name);
      if (entry === undefined || entry.shape.join() !== variable.shape.join()) {
        throw foreign(`has no tensor ${name} of shape [${variable.shape.join(", ")}]`, file);
      }
      const value = tf.tensor(requireUsable(name, tensors.readFloat32(name), file), variable.shape, "float32");
      variable.assign(value);
      value.dispose();
    }
  });
}

function* named(parameters: ReadonlyMap<string, tf.Variable>, folder: string) {
  for (const [name, variable] of parameters)
    yield { name, shape: variable.shape, data: requireUsable(name, variable.dataSync<"float32">(), folder) };
}

function removeCheckpoint(folder: string, step: number): void {
  fs.rmSync(path.join(folder, `checkpoint-${step}`), { recursive: true, force: true });
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
