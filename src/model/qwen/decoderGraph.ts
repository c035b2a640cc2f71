import type * as tf from "@tensorflow/tfjs-core";
import { Graph, type GraphProgram, type Node } from "../tensor/graph";
import { tensorFlowOps } from "../tensor/opsTensorFlow";
import type { Handle } from "../tensor/raw";
import type { FusedShape } from "./decoderWeights";

/** What a layer of a decoding step reads: weights (`FusedLayer`) and the caches, [R·kvHeads, S, headDim] each. */
const LAYER_INPUTS = ["project", "projectBias", "output", "gateUp", "down", "keys", "values"] as const;
export type LayerInput = (typeof LAYER_INPUTS)[number];

/** What a step reads besides, in this order, in front of the layers' inputs. */
const STEP_INPUTS = {
  /** [V, D] and [R]: the rows of the first that go in */
  embedding: "float32",
  ids: "int32",
  /** [places, 2·width] and [R]: the rotary factors, and which row of them each sequence takes (`fusedPlaces`) */
  table: "float32",
  places: "int32",
  /** [R·kvHeads] where this step's keys and values go, counted in columns over all caches of a layer */
  slots: "int32",
  /** [R·kvHeads or 1, 1, S] added to the scores */
  mask: "float32",
  /** [D, V] */
  head: "float32",
} as const;

/** The inputs of a step, by name. */
export type StepInputs = Readonly<Record<keyof typeof STEP_INPUTS, Handle>>;

/** One decoding step. */
export class DecodeProgram {
  constructor(private readonly made: { readonly program: GraphProgram; readonly logits: Node }) {}

  /** @returns [R, V] logits, owned by the caller */
  run(step: StepInputs, layers: readonly Readonly<Record<LayerInput, Handle>>[]): tf.Tensor2D {
    const names = Object.keys(STEP_INPUTS) as (keyof StepInputs)[];
    const inputs = [
      ...names.map((name) => step[name]),
      ...layers.flatMap((layer) => LAYER_INPUTS.map((n) => layer[n])),
    ];
    const [logits] = this.made.program.run(inputs, [this.made.logits]);
    return logits as tf.Tensor2D;
  }
}

const programs = new Map<string, DecodeProgram>();

/** The program of a decoding step for models of these sizes, made once per process. */
export function decodeProgram(shape: FusedShape): DecodeProgram {
  const { kvHeads, group, headDim, config } = shape;
  const { layers, intermediateSize, rmsNormEps } = config.text;
  const key = [kvHeads, group, headDim, layers, intermediateSize, rmsNormEps].join();
  const known = programs.get(key);
  if (known !== undefined) return known;
  const made = new DecodeProgram(writeStep(shape));
  programs.set(key, made);
  return made;
}

function writeStep(shape: FusedShape): { program: GraphProgram; logits: Node } {
  const graph = new Graph();
  const op = operations(graph, graph.number(shape.config.text.rmsNormEps));
  const step = Object.fromEntries(
    Object.entries(STEP_INPUTS).map(([name, dtype]) => [name, graph.input(dtype)]),
  ) as Record<keyof typeof STEP_INPUTS, Node>;
  const turn = op.gather(step.table, step.places);
  let x = op.gather(step.embedding, step.ids);
  for (let layer = 0; layer < shape.config.text.layers; layer++) {
    const input = Object.fromEntries(LAYER_INPUTS.map((name) => [name, graph.input("float32")])) as LayerNodes;
    x = op.add(x, attention(op, shape, x, input, { turn, slots: step.slots, mask: step.mask }));
    x = op.add(x, mlp(op, shape, x, input));
  }
  const logits = op.matMul(op.unit(x), step.head);
  return { program: graph.compile(), logits };
}

type LayerNodes = Readonly<Record<LayerInput, Node>>;
type Operations = ReturnType<typeof operations>;

function attention(
  op: Operations,
  { kvHeads, group, headDim }: FusedShape,
  x: Node,
  layer: LayerNodes,
  { turn, slots, mask }: Readonly<Record<"turn" | "slots" | "mask", Node>>,
): Node {
  const projected = op.biasAdd(op.matMul(op.unit(x), layer.project), layer.projectBias);
  // plain and turned halves, each times its factor: their sum is the rotation
  const halves = op.reshape(op.mul(projected, turn), [-1, 2, group + 2, headDim]);
  const [q, k, v] = op.split(op.sum(halves, 1, false), [group, 1, 1], 1) as [Node, Node, Node];
  // reading what the write gives back, which is the same memory, makes the read wait for the write
  const stored = (cache: Node, news: Node): Node =>
    op.reshapeLike(op.write(op.reshape(cache, [-1, 1, headDim]), slots, news), cache);
  const scores = op.batchMatMul(q, stored(layer.keys, k), false, true);
  const attended = op.batchMatMul(op.softmax(op.add(scores, mask)), stored(layer.values, v));
  return op.matMul(op.reshape(attended, [-1, kvHeads * group * headDim]), layer.output);
}

function mlp(op: Operations, { config }: FusedShape, x: Node, layer: LayerNodes): Node {
  const { intermediateSize } = config.text;
  const both = op.matMul(op.unit(x), layer.gateUp);
  const [gate, up] = op.split(both, [intermediateSize, intermediateSize], 1) as [Node, Node];
  return op.matMul(op.mul(op.mul(gate, op.sigmoid(gate)), up), layer.down);
}

/** The operations of a step: those of the blocks, and a few that only decoding needs. */
function operations(graph: Graph, epsilon: Node) {
  const T = "float32";
  const o = tensorFlowOps<Node, Node>(graph);
  const [shape, reshape] = [graph.op("Shape", { T, out_type: "int32" }), graph.op("Reshape", { T, Tshape: "int32" })];
  return {
    ...o,
    /** x / √(mean(x²) + ε) */
    unit: (x: Node) => o.mul(x, o.inverseRoot(o.add(o.mean(o.square(x), 1, true), epsilon))),
    biasAdd: graph.op("BiasAdd", { T }),
    reshapeLike: (a: Node, like: Node) => reshape(a, shape(like)),
    write: graph.op("InplaceUpdate", { T }),
  };
}
