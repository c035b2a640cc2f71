import * as tf from "@tensorflow/tfjs-core";
import { attention, type KeyValues } from "../tensor/attention";
import { embed, gatherRows } from "../tensor/embedding";
import { mlpBlock } from "../tensor/mlp";
import type { Decoder, DecodingStart } from "./decoder";
import { finalNorm } from "./language";
import { decoderGeometry, decoderRotary, embeddingPlan, TokenList } from "./sequences";

/** The decoder in the blocks that scoring uses, its cache grown by joining; for any backend. */
export class PortableDecoder implements Decoder {
  private cache: (KeyValues | undefined)[];
  private rows: number[];
  private done = 0;

  constructor(private readonly start: DecodingStart) {
    this.rows = start.contextOfRow.map((_, row) => row);
    const wanted = tf.tensor1d([...start.contextOfRow], "int32");
    this.cache = start.network.language.layers.map((_, index) => {
      const past = start.past[index];
      return past === undefined ? undefined : pick(past, wanted);
    });
    wanted.dispose();
  }

  step(ids: Int32Array, embeddings?: tf.Tensor2D): tf.Tensor2D {
    const { network, columns } = this.start;
    const { language, config } = network;
    const grown: KeyValues[] = [];
    const logits = tf.tidy(() => {
      const tokens = new TokenList();
      const pastColumns = columns + this.done;
      const spans = this.rows.map((row, at) => {
        const own = [tokens.put(ids[at] ?? 0, this.placeOf(row))];
        return { queries: own, keys: own, past: pastColumns - (this.start.padding[row] ?? 0) };
      });
      const geometry = decoderGeometry(tokens, [spans], config, decoderRotary(tokens, config), pastColumns);
      const { epsilon } = language;
      let hidden: tf.Tensor = embeddings ?? embed(language.embedding, embeddingPlan(tokens, undefined));
      language.layers.forEach(({ attention: weights, mlp }, index) => {
        const past = this.cache[index];
        const operands = { x: hidden, weights, geometry, epsilon, ...(past === undefined ? {} : { past }) };
        const { y, keyValues } = attention(operands, ["y", "keyValues"]);
        grown.push(...keyValues.map(keepBoth));
        hidden = mlpBlock(y as tf.Tensor2D, mlp, "silu", epsilon);
      });
      return tf.matMul<tf.Tensor2D>(finalNorm(hidden as tf.Tensor2D, language), language.head, false, true);
    });
    this.replace(grown);
    this.done++;
    return logits;
  }

  keep(rows: readonly number[]): void {
    const wanted = tf.tensor1d([...rows], "int32");
    this.replace(this.cache.map((past) => (past === undefined ? undefined : pick(past, wanted))));
    wanted.dispose();
    this.rows = rows.map((row) => this.rows[row] ?? 0);
  }

  dispose(): void {
    this.replace([]);
  }

  private placeOf(row: number): readonly [number, number, number] {
    const next = (this.start.next[row] ?? 0) + this.done - 1;
    return this.done === 0 ? (this.start.firstPlace[row] ?? [0, 0, 0]) : [next, next, next];
  }

  private replace(cache: (KeyValues | undefined)[]): void {
    for (const past of this.cache) if (past !== undefined) tf.dispose([past.keys, past.values]);
    this.cache = cache;
  }
}

function pick({ keys, values }: KeyValues, rows: tf.Tensor1D): KeyValues {
  return { keys: gatherRows(keys, rows), values: gatherRows(values, rows) };
}

function keepBoth({ keys, values }: KeyValues): KeyValues {
  return { keys: tf.keep(keys), values: tf.keep(values) };
}
