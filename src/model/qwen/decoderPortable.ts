import * as tf from "@tensorflow/tfjs-core";
import type { KeyValues } from "../tensor/projectHeads";
import { attentionBlock } from "../tensor/attention";
import { embed, gatherRows } from "../tensor/embedding";
import { mlpBlock } from "../tensor/mlp";
import { rotaryTables } from "../tensor/rotary";
import type { Decoder, DecodingStart } from "./decoder";
import { finalNorm } from "./language";
import { textAngles } from "./positions";
import { causalBias } from "./sequences";

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
    const grown: (KeyValues | undefined)[] = [];
    const logits = tf.tidy(() => {
      const { heads, kvHeads, headDim } = config.text;
      const geometry = {
        ...{ heads, kvHeads, headDim, sequences: ids.length, length: 1, epsilon: language.epsilon },
        rotary: rotaryTables(textAngles(this.places(), config), { heads, kvHeads, headDim }),
        bias: causalBias(
          this.rows.map((row) => this.start.padding[row] ?? 0),
          columns + this.done,
          1,
        ),
      };
      let hidden = embeddings ?? embed(language.embedding, { ids: tf.tensor1d(ids, "int32") });
      language.layers.forEach((layer, index) => {
        const past = this.cache[index];
        const own = attentionBlock(hidden, layer.attention, geometry, past);
        grown.push(past === undefined ? keepBoth(own) : keepBoth(join(past, own)));
        hidden = mlpBlock(own.hidden, layer.mlp, "silu", language.epsilon);
      });
      return tf.matMul<tf.Tensor2D>(finalNorm(hidden, language), language.head, false, true);
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

  /** [3, R] */
  private places(): Int32Array {
    const places = new Int32Array(3 * this.rows.length);
    this.rows.forEach((row, at) => {
      for (let axis = 0; axis < 3; axis++) {
        const first = this.start.firstPlace[row]?.[axis] ?? 0;
        places[axis * this.rows.length + at] = this.done === 0 ? first : (this.start.next[row] ?? 0) + this.done - 1;
      }
    });
    return places;
  }

  private replace(cache: (KeyValues | undefined)[]): void {
    for (const past of this.cache) if (past !== undefined) tf.dispose([past.keys, past.values]);
    this.cache = cache;
  }
}

function pick({ keys, values }: KeyValues, rows: tf.Tensor1D): KeyValues {
  return { keys: gatherRows(keys, rows), values: gatherRows(values, rows) };
}

function join(past: KeyValues, own: KeyValues): KeyValues {
  return { keys: tf.concat([past.keys, own.keys], 2), values: tf.concat([past.values, own.values], 2) };
}

function keepBoth({ keys, values }: KeyValues): KeyValues {
  return { keys: tf.keep(keys), values: tf.keep(values) };
}
