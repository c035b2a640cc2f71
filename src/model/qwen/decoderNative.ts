import * as tf from "@tensorflow/tfjs-core";
import { UNSEEN } from "../tensor/attentionPlan";
import { nativeRunner } from "../tensor/native";
import { RawArena, type Handle } from "../tensor/raw";
import type { Decoder, DecodingStart } from "./decoder";
import { decodeProgram, type DecodeProgram, type LayerInput } from "./decoderGraph";
import { fuseHead, fuseLayer, fusedPlaces, fusedShape, type FusedShape } from "./decoderWeights";

/** Columns that the cache grows by: attention runs over all of them, so short steps waste less and copy more often. */
const GROWTH = 32;

/** Weights, and the caches, which the program writes in place. */
type LayerState = Record<LayerInput, Handle>;

/**
 * The decoder as one TensorFlow graph a step (`decodeProgram`), on bare handles. The cache is a block of memory that
 * each step writes its column into; rows of one prompt hold a copy of its context each, which measured as fast as
 * reading a shared one and lets finished rows be dropped.
 */
export class NativeDecoder implements Decoder {
  private readonly arena = new RawArena();
  private readonly owned: tf.Tensor[] = [];
  private readonly op = cacheOperations(this.arena);
  private readonly shape: FusedShape;
  private readonly program: DecodeProgram;
  private readonly head: Handle;
  private readonly layers: LayerState[];
  private readonly places: { readonly table: Handle; readonly lowest: number; readonly firstRow: number };
  private rows: number[];
  private capacity: number;
  private done = 0;

  constructor(private readonly start: DecodingStart) {
    const { network, contextOfRow, columns, steps } = start;
    try {
      this.rows = contextOfRow.map((_, row) => row);
      this.shape = fusedShape(network.config);
      this.program = decodeProgram(this.shape);
      this.head = this.own(fuseHead(network.language));
      this.capacity = columns + Math.min(GROWTH, steps);
      const places = fusedPlaces(start, this.shape);
      this.places = { ...places, table: this.own(places.table) };
      const wanted = this.arena.integers([this.rows.length], Int32Array.from(contextOfRow));
      this.layers = network.language.layers.map((layer, index) => {
        const fused = fuseLayer(layer, this.shape);
        const past = start.past[index];
        return {
          project: this.own(fused.project),
          projectBias: this.own(fused.projectBias),
          output: this.own(fused.output),
          gateUp: this.own(fused.gateUp),
          down: this.own(fused.down),
          keys: this.extend(past?.keys, wanted),
          values: this.extend(past?.values, wanted),
        };
      });
      this.arena.clear();
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  step(ids: Int32Array, embeddings?: tf.Tensor2D): tf.Tensor2D {
    const { language } = this.start.network;
    if (this.start.columns + this.done >= this.capacity) this.grow();
    const { arena } = this;
    const rows = embeddings === undefined ? ids : ids.map((_, row) => row);
    const logits = this.program.run(
      {
        embedding: arena.handleOf(embeddings ?? language.embedding),
        ids: arena.integers([ids.length], rows),
        table: this.places.table,
        places: arena.integers([ids.length], this.placeRows()),
        slots: this.slots(),
        mask: this.mask(),
        head: this.head,
      },
      this.layers,
    );
    arena.clear();
    this.done++;
    return logits;
  }

  keep(rows: readonly number[]): void {
    const { kvHeads } = this.shape;
    const wanted = Int32Array.from({ length: rows.length * kvHeads }, (_, i) => {
      return (rows[Math.floor(i / kvHeads)] ?? 0) * kvHeads + (i % kvHeads);
    });
    const handle = this.arena.integers([wanted.length], wanted);
    this.replaceCaches((cache) => this.op.gather(cache, handle));
    this.rows = rows.map((row) => this.rows[row] ?? 0);
  }

  dispose(): void {
    this.arena.dispose();
    tf.dispose(this.owned);
  }

  /** [R] this step's row of the rotary table for each sequence */
  private placeRows(): Int32Array {
    const { lowest, firstRow } = this.places;
    return Int32Array.from(this.rows, (row) =>
      this.done === 0 ? firstRow + row : (this.start.next[row] ?? 0) + this.done - 1 - lowest,
    );
  }

  /** [R·kvHeads] where this step's keys and values go in the flat caches */
  private slots(): Handle {
    const count = this.rows.length * this.shape.kvHeads;
    const column = this.start.columns + this.done;
    return this.arena.integers(
      [count],
      Int32Array.from({ length: count }, (_, i) => i * this.capacity + column),
    );
  }

  /** [R·kvHeads or 1, 1, S]: padding in front and columns not yet written are not seen */
  private mask(): Handle {
    const seen = this.start.columns + this.done + 1;
    const paddings = this.rows.map((row) => this.start.padding[row] ?? 0);
    const repeated = paddings.some((padding) => padding > 0) ? paddings : [0];
    const copies = repeated.length === 1 ? 1 : this.shape.kvHeads;
    const values = new Float32Array(repeated.length * copies * this.capacity);
    for (let at = 0; at < repeated.length * copies; at++) {
      const from = at * this.capacity;
      values.fill(UNSEEN, from, from + (repeated[Math.floor(at / copies)] ?? 0));
      values.fill(UNSEEN, from + seen, from + this.capacity);
    }
    return this.arena.floats([repeated.length * copies, 1, this.capacity], values);
  }

  /** A row's context for each sequence, with room behind it, kept: [R·kvHeads, S, headDim] */
  private extend(context: tf.Tensor | undefined, wanted: Handle): Handle {
    const { columns } = this.start;
    const room = this.zeros(this.capacity - columns);
    if (context === undefined) return this.arena.keep(room);
    const { kvHeads, headDim } = this.shape;
    const picked = this.op.gather(this.arena.handleOf(context), wanted);
    const byHead = this.op.reshape(picked, [this.rows.length * kvHeads, columns, headDim]);
    return this.arena.keep(this.op.concat([byHead, room], 1));
  }

  private zeros(columns: number): Handle {
    const shape = [this.rows.length * this.shape.kvHeads, columns, this.shape.headDim];
    return this.arena.floats(shape, new Float32Array(shape.reduce((product, side) => product * side, 1)));
  }

  private grow(): void {
    const more = Math.min(GROWTH, this.start.columns + this.start.steps - this.capacity);
    if (more < 1) throw new RangeError("NativeDecoder: more steps than announced");
    const room = this.zeros(more);
    this.capacity += more;
    this.replaceCaches((cache) => this.op.concat([cache, room], 1));
  }

  private replaceCaches(change: (cache: Handle) => Handle): void {
    for (const layer of this.layers) {
      for (const name of ["keys", "values"] as const) {
        const old = layer[name];
        layer[name] = this.arena.keep(change(old));
        this.arena.free(old);
      }
    }
    this.arena.clear();
  }

  private own(tensor: tf.Tensor): Handle {
    this.owned.push(tensor);
    return this.arena.handleOf(tensor);
  }
}

/** What is done to the caches between steps. */
function cacheOperations(arena: RawArena) {
  const native = nativeRunner();
  const T = "float32";
  const gather = native.attributes({ Tparams: T, Tindices: "int32", Taxis: "int32", batch_dims: 0 });
  const constant = (tensor: tf.TensorInfo): Handle => arena.handleOf(tensor);
  return {
    reshape: (a: Handle, shape: number[]) =>
      arena.run("Reshape", native.attributes({ T, Tshape: "int32" }), [a, constant(native.integers(shape))]),
    gather: (a: Handle, rows: Handle) => arena.run("GatherV2", gather, [a, rows, constant(native.integer(0))]),
    concat: (parts: Handle[], axis: number) =>
      arena.run("ConcatV2", native.attributes({ T, Tidx: "int32", N: parts.length }), [
        ...parts,
        constant(native.integer(axis)),
      ]),
  };
}
