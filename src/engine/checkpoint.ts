import * as fs from "node:fs";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { LabError } from "../core/errors";
import { readJson, writeFolderAtomic, writeJson } from "../core/files";
import { openSafetensors, writeSafetensors } from "../core/safetensors";
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
 * Writes `folder/checkpoint-<step>` whole or not at all, then removes older ones: a process killed at any moment leaves
 * at least the newest complete checkpoint behind.
 */
export async function saveCheckpoint(
  folder: string,
  parameters: ReadonlyMap<string, tf.Variable>,
  optimizer: AdamW,
  state: TrainState,
): Promise<void> {
  const older = listCheckpoints(folder);
  await writeFolderAtomic(path.join(folder, `checkpoint-${state.step}`), (temporary) => {
    const { step, moments } = optimizer.save();
    writeSafetensors(path.join(temporary, "parameters.safetensors"), named(parameters));
    writeSafetensors(
      path.join(temporary, "optimizer.safetensors"),
      moments.map(({ name, data }) => ({ name, shape: [data.length], data })),
    );
    writeJson(path.join(temporary, "state.json"), { ...state, optimizerStep: step });
  });
  for (const step of older)
    if (step !== state.step) fs.rmSync(path.join(folder, `checkpoint-${step}`), { recursive: true, force: true });
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
  const state = readJson(path.join(from, "state.json")) as TrainState & { optimizerStep: number };
  readParameters(path.join(from, "parameters.safetensors"), parameters);
  const file = openSafetensors(path.join(from, "optimizer.safetensors"));
  try {
    const moments = [...file.tensors.keys()].map((name) => ({ name, data: file.readFloat32(name) }));
    optimizer.load({ step: state.optimizerStep, moments });
  } finally {
    file.close();
  }
  return { step: state.step, task: state.task };
}

/** Removes every checkpoint of `folder`, once the run's result is safe. */
export function removeCheckpoints(folder: string): void {
  for (const step of listCheckpoints(folder))
    fs.rmSync(path.join(folder, `checkpoint-${step}`), { recursive: true, force: true });
}

function readParameters(file: string, parameters: ReadonlyMap<string, tf.Variable>): void {
  const tensors = openSafetensors(file);
  try {
    for (const [name, variable] of parameters) {
      const entry = tensors.tensors.get(name);
      if (entry === undefined || entry.shape.join() !== variable.shape.join()) {
        throw new LabError(
          `has no tensor ${name} of shape [${variable.shape.join(", ")}]`,
          "The checkpoint belongs to another model: remove its folder to start afresh.",
          { subject: file },
        );
      }
      const value = tf.tensor(tensors.readFloat32(name), variable.shape, "float32");
      variable.assign(value);
      value.dispose();
    }
  } finally {
    tensors.close();
  }
}

function* named(parameters: ReadonlyMap<string, tf.Variable>) {
  for (const [name, variable] of parameters)
    yield { name, shape: variable.shape, data: variable.dataSync<"float32">() };
}

function listCheckpoints(folder: string): number[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}
