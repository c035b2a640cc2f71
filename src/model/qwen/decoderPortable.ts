import * as tf from "@tensorflow/tfjs-core";
import { attention, type KeyValues } from "../tensor/attention";
import { embed, gatherRows } from "../tensor/embedding";
import { mlpBlock } from "../tensor/mlp";
import { tidied } from "../tensor/nested";
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
    this.cache = picked(
      start.network.language.layers.map((_, index) => start.past[index]),
      start.contextOfRow,
    );
  }

  step(ids: Int32Array, embeddings?: tf.Tensor2D): tf.Tensor2D {
    const { network, columns } = this.start;
    const { language, config } = network;
    const { logits, grown } = tidied(() => {
      const grown: KeyValues[] = [];
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
        grown.push(...keyValues);
        hidden = mlpBlock(y as tf.Tensor2D, mlp, "silu", epsilon);
      });
      const last = finalNorm(hidden as tf.Tensor2D, language);
      return { logits: tf.matMul<tf.Tensor2D>(last, language.head, false, true), grown };
    });
    this.replace(grown);
    this.done++;
    return logits;
  }

  keep(rows: readonly number[]): void {
    this.replace(picked(this.cache, rows));
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

/** These rows of each layer's cache, owned by the caller. */
function picked(cache: readonly (KeyValues | undefined)[], rows: readonly number[]): (KeyValues | undefined)[] {
  return tidied(() => {
    const wanted = tf.tensor1d([...rows], "int32");
    return cache.map(
      (past) => past && { keys: gatherRows(past.keys, wanted), values: gatherRows(past.values, wanted) },
    );
  });
}
