import { cacheBytes } from "./flops";
import type { Assumed, Machine } from "./assumptions";
import { sumOf, type QwenSize } from "./models";
import type { Work } from "./workOfKinds";

/** What a stage takes on some GPUs. */
export interface Cost {
  readonly seconds: number;
  /** Bytes on each GPU. */
  readonly memory: number;
  /** Whether that is there. */
  readonly fits: boolean;
}

/**
 * Bytes for each number that learns: weight and gradient as bfloat16, and as float32 the weight again and AdamW's two means (2 + 2 + 4 + 4 + 4; Rajbhandari et
 * al., 2020, §3.1). Several GPUs share them (ZeRO-3).
 */
const LEARNING = 16;
/** Bytes of a number that does not learn, or only answers: bfloat16. */
const KEPT = 2;
/** Bytes of a logit in training: itself and its gradient as float32. */
const LOGIT = 8;
const GIGA = 1e9;
const TERA = 1e12;

/**
 * Time and memory of a stage on `gpus` GPUs of a kind. Products take FLOPs over the peak times what is reached of it; writing is as slow as reading weights and
 * cache from memory for every token, or as its products where many answers are written side by side. Loading, the network and the disk are not counted.
 */
export function costOf(work: Work, machine: Machine, gpus: number, assumed: Assumed): Cost {
  const all = gpus === 1 ? 1 : gpus * assumed.scaling;
  const products = machine.teraflops * TERA * assumed.efficiency * all;
  const room = machine.memory * GIGA * assumed.usable;
  const computed = (work.forward + work.training) / products;
  const learns = trainingBytes(work, gpus);
  const written = writing(work, { room, gpus, besides: work.trains === undefined ? 0 : learns.states });
  const copies = all / written.split;
  const each = written.step(machine.bandwidth * GIGA * assumed.bandwidth * written.split, assumed);
  const reading = written.tokens === 0 ? 0 : (written.tokens / (copies * each.together)) * each.seconds;
  const memory = Math.max(learns.states + learns.passes, written.bytes);
  return { seconds: computed + Math.max(reading, work.decoding / products), memory, fits: memory <= room };
}

/** A model's weights as it answers. */
function weightBytes(model: Work["model"]): number {
  return model !== undefined && "config" in model ? KEPT * sumOf(model.parameters) : 0;
}

/** Weights, gradients and the optimiser's state on each GPU; and what a backward pass keeps beside them. */
function trainingBytes({ model, trains }: Work, gpus: number): { readonly states: number; readonly passes: number } {
  if (trains === undefined || model === undefined || !("config" in model)) return { states: 0, passes: 0 };
  const parts = ["tower", "merger", "language", "embeddings"] as const;
  const states = parts.reduce((sum, part) => sum + model.parameters[part] * (trains.parts[part] ? LEARNING : KEPT), 0);
  return { states: states / gpus, passes: trains.tokens * trains.together * tokenBytes(model) };
}

/**
 * Bytes of a token in a backward pass that keeps each block's input and computes the rest again (Chen et al., 2016): the inputs, one block's inside, the logits.
 */
function tokenBytes({ config: { text } }: QwenSize): number {
  const inside = 2 * (text.heads + 2 * text.kvHeads) * text.headDim + 3 * text.intermediateSize + 4 * text.hiddenSize;
  return KEPT * (text.layers * text.hiddenSize + 2 * inside) + LOGIT * text.vocabSize;
}

/** How a model writes where it has so much room: over how many GPUs it must be split, and how long a token takes. */
function writing(
  { model, writes }: Work,
  { room, gpus, besides }: { readonly room: number; readonly gpus: number; readonly besides: number },
) {
  const weights = weightBytes(model);
  if (writes === undefined || model === undefined || !("config" in model)) {
    return { tokens: 0, split: 1, bytes: weights, step: () => ({ together: 1, seconds: 0 }) };
  }
  const answer = cacheBytes(model) * (writes.prompt + writes.answer);
  const least = (split: number): number => besides + weights / split + answer / split;
  const split = powersOfTwo(gpus).find((n) => least(n) <= room) ?? gpus;
  const space = Math.max(1, Math.floor(((room - besides) * split - weights) / answer));
  const together = (most: number): number => Math.max(1, Math.min(most, space, Math.ceil((writes.due * split) / gpus)));
  const mid = cacheBytes(model) * (writes.prompt + writes.answer / 2);
  return {
    tokens: writes.answers * writes.answer,
    split,
    bytes: least(split),
    step: (bytesPerSecond: number, { sequences }: Assumed) => {
      const n = together(sequences);
      return { together: n, seconds: (weights + n * mid) / bytesPerSecond };
    },
  };
}

function powersOfTwo(most: number): number[] {
  return Array.from({ length: Math.floor(Math.log2(most)) + 1 }, (_, i) => 2 ** i);
}
