import * as tf from "@tensorflow/tfjs-core";
import { nativeRunner, type OpAttribute } from "../tensor/native";
import { RawArena, type Handle } from "../tensor/raw";
import type { Decoder, DecodingStart } from "./decoder";
import { fuseLayer, fusedPlaces, fusedShape, type FusedShape } from "./decoderWeights";
import { UNSEEN } from "./visionPlan";

/** Columns that the cache grows by: attention runs over all of them, so short steps waste less and copy more often. */
const GROWTH = 32;

interface LayerState {
  readonly weights: Readonly<Record<"project" | "projectBias" | "output" | "norm" | "gate" | "up" | "down", Handle>>;
  /** [R·kvHeads·S, 1, headDim] each; written in place */
  keys: Handle;
  values: Handle;
  /** The same memory as [R·kvHeads, S, headDim] */
  keysByHead: Handle;
  valuesByHead: Handle;
}

/**
 * The decoder in bare TensorFlow operations, about 33 a layer and step. The cache is a block of memory that each step
 * writes its column into (`InplaceUpdate`); rows of one prompt hold a copy of its context each, which measured as fast as
 * reading a shared one and lets finished rows be dropped.
 */
export class NativeDecoder implements Decoder {
  private readonly arena = new RawArena();
  private readonly owned: tf.Tensor[] = [];
  private readonly op = operations(this.arena);
  private readonly shape: FusedShape;
  private readonly layers: LayerState[];
  private readonly places: { readonly table: Handle; readonly lowest: number; readonly firstRow: number };
  private readonly epsilon: Handle;
  private rows: number[];
  private capacity: number;
  private done = 0;

  constructor(private readonly start: DecodingStart) {
    const { network, contextOfRow, columns, steps } = start;
    this.rows = contextOfRow.map((_, row) => row);
    this.shape = fusedShape(network.config);
    this.capacity = columns + Math.min(GROWTH, steps);
    const places = fusedPlaces(start, this.shape);
    this.places = { ...places, table: this.own(places.table) };
    this.epsilon = this.arena.keep(this.arena.floats([], Float32Array.of(network.language.epsilon)));
    const wanted = this.arena.integers([this.rows.length], Int32Array.from(contextOfRow));
    this.layers = network.language.layers.map((layer, index) => {
      const fused = fuseLayer(layer, this.shape);
      const past = start.past[index];
      const full = (context: tf.Tensor4D | undefined): Handle => this.extend(context, wanted);
      const state = {
        weights: {
          project: this.own(fused.project),
          projectBias: this.own(fused.projectBias),
          output: this.arena.handleOf(layer.attention.output.weight),
          norm: this.arena.handleOf(layer.mlp.norm.weight),
          gate: this.arena.handleOf(layer.mlp.gate?.weight ?? layer.mlp.up.weight),
          up: this.arena.handleOf(layer.mlp.up.weight),
          down: this.arena.handleOf(layer.mlp.down.weight),
        },
        ...{ keys: 0, values: 0, keysByHead: full(past?.keys), valuesByHead: full(past?.values) },
      };
      return this.flatten(state);
    });
    this.arena.clear();
  }

  step(ids: Int32Array, embeddings?: tf.Tensor2D): tf.Tensor2D {
    const { language } = this.start.network;
    if (this.start.columns + this.done >= this.capacity) this.grow();
    const { op, arena } = this;
    const turn = op.gather(this.places.table, arena.integers([ids.length], this.placeRows()));
    const slots = this.slots();
    const mask = this.mask();
    let x =
      embeddings === undefined
        ? op.gather(arena.handleOf(language.embedding), arena.integers([ids.length], ids))
        : arena.handleOf(embeddings);
    for (const layer of this.layers) {
      x = op.add(x, this.attention(x, layer, turn, slots, mask));
      x = op.add(x, this.mlp(x, layer));
    }
    const normed = op.mul(this.unit(x), arena.handleOf(language.norm.weight));
    const logits = op.matMulOut(normed, arena.handleOf(language.head));
    arena.clear();
    this.done++;
    return logits as tf.Tensor2D;
  }

  keep(rows: readonly number[]): void {
    const { kvHeads } = this.shape;
    const wanted = Int32Array.from({ length: rows.length * kvHeads }, (_, i) => {
      return (rows[Math.floor(i / kvHeads)] ?? 0) * kvHeads + (i % kvHeads);
    });
    const handle = this.arena.integers([wanted.length], wanted);
    this.replaceCaches((cache) => this.op.gather(cache, handle));
    this.rows = rows.map((row) => this.rows[row] ?? 0);
    this.relayout();
  }

  dispose(): void {
    this.arena.dispose();
    tf.dispose(this.owned);
  }

  /** x / √(mean(x²) + ε) */
  private unit(x: Handle): Handle {
    const { op } = this;
    return op.mul(x, op.rsqrt(op.add(op.meanOfRow(op.square(x)), this.epsilon)));
  }

  private attention(x: Handle, layer: LayerState, turn: Handle, slots: Handle, mask: Handle): Handle {
    const { op, shape } = this;
    const { weights } = layer;
    const rows = this.rows.length;
    const projected = op.add(op.matMul(this.unit(x), weights.project), weights.projectBias);
    // plain and turned halves, each times its factor: their sum is the rotation
    const halves = op.reshape(op.mul(projected, turn), [rows * shape.kvHeads, 2, shape.group + 2, shape.headDim]);
    const [q, k, v] = op.split(op.sumAxis1(halves), [shape.group, 1, 1], 1) as [Handle, Handle, Handle];
    op.write(layer.keys, slots, k);
    op.write(layer.values, slots, v);
    const weightsOfKeys = op.softmax(op.add(op.batchMatMulT(q, layer.keysByHead), mask));
    const attended = op.batchMatMul(weightsOfKeys, layer.valuesByHead);
    return op.matMul(op.reshape(attended, [rows, shape.kvHeads * shape.group * shape.headDim]), weights.output);
  }

  private mlp(x: Handle, { weights }: LayerState): Handle {
    const { op } = this;
    const normed = op.mul(this.unit(x), weights.norm);
    const gate = op.matMul(normed, weights.gate);
    const hidden = op.mul(op.mul(gate, op.sigmoid(gate)), op.matMul(normed, weights.up));
    return op.matMul(hidden, weights.down);
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

  /** A row's context for each sequence, with room behind it: [R·kvHeads, S, headDim] */
  private extend(context: tf.Tensor4D | undefined, wanted: Handle): Handle {
    const { columns } = this.start;
    const room = this.zeros(this.capacity - columns);
    if (context === undefined) return room;
    const { kvHeads, headDim } = this.shape;
    const picked = this.op.gather(this.arena.handleOf(context), wanted);
    return this.op.concat([this.op.reshape(picked, [this.rows.length * kvHeads, columns, headDim]), room], 1);
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
    this.relayout();
  }

  private replaceCaches(change: (cache: Handle) => Handle): void {
    for (const layer of this.layers) {
      const old = [layer.keysByHead, layer.valuesByHead, layer.keys, layer.values];
      layer.keysByHead = change(layer.keysByHead);
      layer.valuesByHead = change(layer.valuesByHead);
      for (const handle of old) this.arena.free(handle);
    }
  }

  private relayout(): void {
    for (const layer of this.layers) this.flatten(layer);
    this.arena.clear();
  }

  /** Keeps a layer's caches and makes their flat views, which share the memory. */
  private flatten(layer: LayerState): LayerState {
    const flat = [this.rows.length * this.shape.kvHeads * this.capacity, 1, this.shape.headDim];
    this.arena.keep(layer.keysByHead);
    this.arena.keep(layer.valuesByHead);
    layer.keys = this.arena.keep(this.op.reshape(layer.keysByHead, flat));
    layer.values = this.arena.keep(this.op.reshape(layer.valuesByHead, flat));
    return layer;
  }

  private own(tensor: tf.Tensor): Handle {
    this.owned.push(tensor);
    return this.arena.handleOf(tensor);
  }
}

/** The operations of a step, with their attributes made once. */
function operations(arena: RawArena) {
  const native = nativeRunner();
  const float = [native.float];
  const int = (name: string): OpAttribute => native.type(name, "int32");
  const constant = (tensor: tf.TensorInfo): Handle => arena.handleOf(tensor);
  const gather = [native.type("Tparams", "float32"), int("Tindices"), int("Taxis"), native.count("batch_dims", 0)];
  const reduce = (keep: boolean): OpAttribute[] => [native.flag("keep_dims", keep), native.float, int("Tidx")];
  const [meanAttributes, sumAttributes] = [reduce(true), reduce(false)];
  const matMul = [native.flag("transpose_a", false), native.flag("transpose_b", true), native.float];
  const plain = [native.flag("adj_x", false), native.flag("adj_y", false), native.float];
  const transposed = [native.flag("adj_x", false), native.flag("adj_y", true), native.float];
  const reshape = [native.float, int("Tshape")];
  return {
    add: (a: Handle, b: Handle) => arena.run("AddV2", float, [a, b]),
    mul: (a: Handle, b: Handle) => arena.run("Mul", float, [a, b]),
    square: (a: Handle) => arena.run("Square", float, [a]),
    rsqrt: (a: Handle) => arena.run("Rsqrt", float, [a]),
    sigmoid: (a: Handle) => arena.run("Sigmoid", float, [a]),
    softmax: (a: Handle) => arena.run("Softmax", float, [a]),
    meanOfRow: (a: Handle) => arena.run("Mean", meanAttributes, [a, constant(native.integers([1]))]),
    sumAxis1: (a: Handle) => arena.run("Sum", sumAttributes, [a, constant(native.integers([1]))]),
    matMul: (a: Handle, b: Handle) => arena.run("MatMul", matMul, [a, b]),
    matMulOut: (a: Handle, b: Handle) => arena.runOut("MatMul", matMul, [a, b]),
    batchMatMul: (a: Handle, b: Handle) => arena.run("BatchMatMulV2", plain, [a, b]),
    batchMatMulT: (a: Handle, b: Handle) => arena.run("BatchMatMulV2", transposed, [a, b]),
    reshape: (a: Handle, shape: number[]) => arena.run("Reshape", reshape, [a, constant(native.integers(shape))]),
    gather: (a: Handle, rows: Handle) => arena.run("GatherV2", gather, [a, rows, constant(native.integer(0))]),
    write: (memory: Handle, rows: Handle, values: Handle) => arena.run("InplaceUpdate", float, [memory, rows, values]),
    concat: (parts: Handle[], axis: number) =>
      arena.run(
        "ConcatV2",
        [native.count("N", parts.length), native.float, int("Tidx")],
        [...parts, constant(native.integer(axis))],
      ),
    split: (a: Handle, sizes: number[], axis: number) =>
      arena.runMany(
        "SplitV",
        [native.count("num_split", sizes.length), native.float, int("Tlen")],
        [a, constant(native.integers(sizes)), constant(native.integer(axis))],
        sizes.length,
      ),
  };
}
