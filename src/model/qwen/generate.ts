import * as tf from "@tensorflow/tfjs-core";
import { nativeOnCpu } from "../../core/backend";
import { LabError } from "../../core/errors";
import { breathe, check } from "../../core/progress";
import { Random } from "../../core/random";
import type { KeyValues } from "../tensor/projectHeads";
import { embed } from "../tensor/embedding";
import type { Decoder, DecodingStart } from "./decoder";
import { PortableDecoder } from "./decoderPortable";
import { isSmallEnough } from "./decoderWeights";
import { contextKeyValues } from "./language";
import { embedImages, type QwenNetwork } from "./network";
import { sampleStep } from "./sampleStep";
import type { ChosenToken, TokenChoice } from "./sampling";
import {
  causalBias,
  decoderGeometry,
  disposeGeometry,
  disposeImageBatch,
  embeddingPlan,
  imageBatch,
  imageRowsOf,
  placeOf,
  putRightAligned,
  TokenTable,
  type TokenSequence,
} from "./sequences";

/** One sequence to be sampled. */
export interface RolloutRow {
  readonly prompt: TokenSequence;
  /** What makes its random numbers its own: the seed, the prompt's index, the sample's index. */
  readonly random: Random;
}

export interface RolloutOptions extends TokenChoice {
  readonly maxNewTokens: number;
  readonly ends: ReadonlySet<number>;
  readonly signal?: AbortSignal | undefined;
}

/** A sampled sequence, the end token included. */
export interface Rollout {
  readonly tokens: ChosenToken[];
  readonly finish: "stop" | "length";
}

/** Steps between two chances for timers, signals and messages. */
const STEPS_A_BREATH = 16;
/** Finished rows are dropped once at most this share is still going. */
const COMPACT_AT = 0.6;

/** Samples all rows together; equal prompts (by identity) are computed once. @returns one rollout per row, in order */
export async function rollOut(
  network: QwenNetwork,
  rows: readonly RolloutRow[],
  options: RolloutOptions,
): Promise<Rollout[]> {
  const { decoder, first } = await prefill(network, rows, options.maxNewTokens);
  const out = rows.map((): { tokens: ChosenToken[]; finish: "stop" | "length" } => ({ tokens: [], finish: "length" }));
  let active = rows.map((_, row) => row);
  let feed: Int32Array = Int32Array.from(rows, ({ prompt }) => prompt.ids.at(-1) ?? 0);
  try {
    for (let step = 0; step < options.maxNewTokens && active.some((row) => out[row]?.finish === "length"); step++) {
      if (step % STEPS_A_BREATH === 0) {
        await breathe();
        check(options.signal);
      }
      active = compact(decoder, active, out, feed);
      feed = feed.length === active.length ? feed : Int32Array.from(active, (row) => out[row]?.tokens.at(-1)?.id ?? 0);
      const logits = decoder.step(feed, step === 0 ? first : undefined);
      const chosen = sampleStep(
        logits,
        options,
        active.map((row) => (rows[row] as RolloutRow).random),
      );
      chosen.forEach((token, at) => {
        feed[at] = token.id;
        const rollout = out[active[at] ?? 0];
        if (rollout === undefined || rollout.finish === "stop") return;
        if (!Number.isFinite(token.logProb))
          throw notFinite(token.logProb, `token ${rollout.tokens.length} of an answer`);
        rollout.tokens.push(token);
        if (options.ends.has(token.id)) rollout.finish = "stop";
      });
    }
  } finally {
    decoder.dispose();
    first?.dispose();
  }
  return out;
}

/** The error of a log-prob that is NaN or infinite: nothing drawn from such scores means anything. */
export function notFinite(logProb: number, where: string): LabError {
  return new LabError(
    `the model gives the log-probability ${logProb} to ${where}`,
    "Its weights are ruined, or a value of its config or image processor is: go back to a checkpoint that works.",
  );
}

/** Drops finished rows from the decoder when enough have ended. @returns the rows that go on */
function compact(
  decoder: Decoder,
  active: number[],
  out: readonly { readonly finish: string }[],
  feed: Int32Array,
): number[] {
  const going = active.flatMap((row, at) => (out[row]?.finish === "stop" ? [] : [at]));
  if (going.length > COMPACT_AT * active.length || feed.length === 0) return active;
  decoder.keep(going);
  return going.map((at) => active[at] ?? 0);
}

/** Computes the prompts without their last tokens, each once, and readies the decoder to be fed those. */
async function prefill(
  network: QwenNetwork,
  rows: readonly RolloutRow[],
  steps: number,
): Promise<{ decoder: Decoder; first: tf.Tensor2D | undefined }> {
  const prompts = [...new Set(rows.map(({ prompt }) => prompt))];
  const indexOf = new Map(prompts.map((prompt, index) => [prompt, index]));
  const columns = Math.max(...prompts.map(({ ids }) => ids.length)) - 1;
  const contextOfRow = rows.map(({ prompt }) => indexOf.get(prompt) ?? 0);
  const { past, first } = computeContext(network, prompts, contextOfRow, columns);
  const start: DecodingStart = {
    network,
    past,
    columns,
    contextOfRow,
    padding: rows.map(({ prompt }) => columns + 1 - prompt.ids.length),
    firstPlace: rows.map(({ prompt }) => placeOf(prompt, prompt.ids.length - 1)),
    next: rows.map(({ prompt }) => prompt.next),
    steps,
  };
  try {
    return { decoder: await decoderFor(start), first };
  } finally {
    for (const { keys, values } of past) tf.dispose([keys, values]);
  }
}

async function decoderFor(start: DecodingStart): Promise<Decoder> {
  if (!nativeOnCpu() || !isSmallEnough(start.network.language)) return new PortableDecoder(start);
  const { NativeDecoder } = await import("./decoderNative"); // it brings a part of the native package along
  return new NativeDecoder(start);
}

/**
 * Keys and values of the prompts without their last tokens; and, where a prompt ends in an image, what stands at the
 * last places, which is no token's embedding. Both are owned by the caller.
 */
function computeContext(
  network: QwenNetwork,
  prompts: readonly TokenSequence[],
  contextOfRow: readonly number[],
  columns: number,
): { past: KeyValues[]; first: tf.Tensor2D | undefined } {
  const { config, language } = network;
  const images = imageBatch(prompts, config);
  const context = new TokenTable(prompts.length, columns);
  const last = new TokenTable(contextOfRow.length, 1);
  prompts.forEach((prompt, row) => {
    putRightAligned(context, row, prompt, images, prompt.ids.length - 1);
  });
  contextOfRow.forEach((index, row) => {
    const prompt = prompts[index] as TokenSequence;
    const at = prompt.ids.length - 1;
    last.put(row, 0, prompt.ids[at] ?? 0, placeOf(prompt, at), imageRowsOf(prompt, images)[at]);
  });
  const padding = prompts.map(({ ids }) => columns + 1 - ids.length);
  const endsInImage = last.imageRows.some((row) => row > 0);
  const plan = embeddingPlan([context, last], images);
  const geometry = columns === 0 ? undefined : decoderGeometry(context, causalBias(padding, 0, columns), config);
  const result = tf.tidy(() => {
    const x = embed(language.embedding, plan, embedImages(network, images));
    const [before, first] = tf.split<tf.Tensor2D>(x, [prompts.length * columns, contextOfRow.length], 0);
    const past = geometry === undefined || before === undefined ? [] : contextKeyValues(before, language, geometry);
    return { past: past.map(({ keys, values }) => ({ keys, values })), ...(endsInImage && first ? { first } : {}) };
  });
  if (geometry !== undefined) disposeGeometry(geometry);
  if (images !== undefined) disposeImageBatch(images);
  plan.ids.dispose();
  plan.rows?.dispose();
  return { past: result.past, first: result.first };
}
