import * as tf from "@tensorflow/tfjs-core";
import { nativeOnCpu } from "../../core/backend";
import { LabError } from "../../core/errors";
import { breathe, check } from "../../core/progress";
import { Random } from "../../core/random";
import type { KeyValues } from "../tensor/attention";
import { embed, type EmbeddingPlan } from "../tensor/embedding";
import { disposeTensors, tidied } from "../tensor/nested";
import type { Decoder, DecodingStart } from "./decoder";
import { PortableDecoder } from "./decoderPortable";
import { isSmallEnough } from "./decoderWeights";
import { contextKeyValues } from "./language";
import { embedImages, type QwenNetwork } from "./network";
import { sampleStep } from "./sampleStep";
import type { ChosenToken, TokenChoice } from "./sampling";
import {
  decoderGeometry,
  decoderRotary,
  embeddingPlan,
  imageBatch,
  positionAt,
  TokenList,
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
    firstPlace: rows.map(({ prompt }) => positionAt(prompt, prompt.ids.length - 1)),
    next: rows.map(({ prompt }) => prompt.next),
    steps,
  };
  try {
    return { decoder: await decoderFor(start), first };
  } catch (error) {
    first?.dispose();
    throw error;
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
  const [context, last] = [new TokenList(), new TokenList()];
  const spans = prompts.map((prompt) => {
    const rows = context.putSequence(prompt, images, 0, prompt.ids.length - 1);
    return { queries: rows, keys: rows };
  });
  for (const index of contextOfRow) {
    const prompt = prompts[index] as TokenSequence;
    last.putSequence(prompt, images, prompt.ids.length - 1);
  }
  const inputs = {
    context: embeddingPlan(context, images),
    last: last.imageRows.some((row) => row > 0) ? embeddingPlan(last, images) : undefined,
    geometry: columns === 0 ? undefined : decoderGeometry(context, [spans], config, decoderRotary(context, config)),
  };
  try {
    return tidied(() => {
      const embeddings = embedImages(network, images);
      const embedded = (plan: EmbeddingPlan): tf.Tensor2D => embed(language.embedding, plan, embeddings);
      return {
        past:
          inputs.geometry === undefined ? [] : contextKeyValues(embedded(inputs.context), language, inputs.geometry),
        first: inputs.last === undefined ? undefined : embedded(inputs.last),
      };
    });
  } finally {
    disposeTensors({ images, inputs });
  }
}
