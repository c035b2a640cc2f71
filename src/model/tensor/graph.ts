import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type * as Proto from "@tensorflow/tfjs-node-gpu/dist/proto/api_pb";
import { unwritable } from "../../core/files";
import type { Attributes, AttributeValue, OpRunner } from "./opsTensorFlow";
import type { Handle, TensorMetadata } from "./raw";

let messages: typeof Proto | undefined;

/** The messages that a graph is written in; they are loaded when a first one is, since the native package comes with them. */
function proto(): typeof Proto {
  const load = createRequire(__filename);
  return (messages ??= load("@tensorflow/tfjs-node-gpu/dist/proto/api_pb") as typeof Proto);
}

/** A value in a graph: the name of a node, with `:i` behind it for its output i. */
export type Node = string;

type Dtype = "float32" | "int32";

/** Numbers of TensorFlow's `DataType`. */
const DTYPES: Readonly<Record<Dtype, number>> = { float32: 1, int32: 3 };
/** A graph version, as TensorFlow counts them, that knows the operations used here. */
const PRODUCER = 175;
const TAG = "serve";

interface GraphBackend {
  readonly binding: {
    loadSavedModel(folder: string, tags: string): number;
    runSavedModel(id: number, inputs: readonly Handle[], names: string, outputs: string): TensorMetadata[];
  };
  createOutputTensor(metadata: TensorMetadata): tf.Tensor;
}

/**
 * A TensorFlow graph, written node by node and then compiled: one call of the runtime for what would be hundreds, which
 * for small operations takes a fraction of the time. For where `nativeOnCpu`.
 */
export class Graph implements OpRunner<Node, Node> {
  private readonly graph = new (proto().GraphDef)();
  private readonly constants = new Map<string, Node>();
  private readonly inputs: Node[] = [];
  private size = 0;

  constructor() {
    const versions = new (proto().VersionDef)();
    versions.setProducer(PRODUCER);
    this.graph.setVersions(versions);
  }

  /** A tensor of any shape that is given at each run, in the order of these calls. */
  input(dtype: Dtype): Node {
    const node = this.op("Placeholder", { dtype })();
    this.inputs.push(node);
    return node;
  }

  /** An operation by its TensorFlow name; numeric attributes are integers. */
  op(name: string, attributes: Attributes): (...inputs: readonly Node[]) => Node {
    return (...inputs) =>
      this.add(
        name,
        inputs,
        Object.entries(attributes).map(([key, value]) => [key, attribute(value)]),
      );
  }

  split(name: string, attributes: Attributes, outputs: number): (...inputs: readonly Node[]) => Node[] {
    return (...inputs) => {
      const node = this.op(name, attributes)(...inputs);
      return Array.from({ length: outputs }, (_, output) => `${node}:${output}`);
    };
  }

  integers(values: readonly number[]): Node {
    return this.constant("int32", [values.length], Int32Array.from(values));
  }

  integer(value: number): Node {
    return this.constant("int32", [], Int32Array.of(value));
  }

  number(value: number): Node {
    return this.constant("float32", [], Float32Array.of(value));
  }

  zeros(shape: readonly number[]): Node {
    return this.constant("float32", shape, new Float32Array(shape.reduce((product, side) => product * side, 1)));
  }

  /** Values in a graph are freed by the runtime. */
  free(): void {
    // nothing to do
  }

  /** Makes the graph ready to run; needs the native backend. It stays loaded until the process ends. */
  compile(): GraphProgram {
    const info = new (proto().MetaGraphDef.MetaInfoDef)();
    info.addTags(TAG);
    const whole = new (proto().MetaGraphDef)();
    whole.setMetaInfoDef(info);
    whole.setGraphDef(this.graph);
    const saved = new (proto().SavedModel)();
    saved.setSavedModelSchemaVersion(1);
    saved.addMetaGraphs(whole);
    return new GraphProgram(load(saved.serializeBinary()), this.inputs);
  }

  private constant(dtype: Dtype, shape: readonly number[], values: Int32Array | Float32Array): Node {
    const key = `${dtype} ${shape.join()} ${values.join()}`;
    const known = this.constants.get(key);
    if (known !== undefined) return known;
    const node = this.add(
      "Const",
      [],
      [
        ["dtype", attribute(dtype)],
        ["value", constantValue(dtype, shape, values)],
      ],
    );
    this.constants.set(key, node);
    return node;
  }

  private add(
    name: string,
    inputs: readonly Node[],
    attributes: readonly (readonly [string, Proto.AttrValue])[],
  ): Node {
    const node = new (proto().NodeDef)();
    const id = `n${this.size++}`;
    node.setName(id);
    node.setOp(name);
    node.setInputList(inputs);
    for (const [key, value] of attributes) node.getAttrMap().set(key, value);
    this.graph.addNode(node);
    return id;
  }
}

/** A compiled graph. */
export class GraphProgram {
  private readonly inputs: string;

  constructor(
    private readonly id: number,
    inputs: readonly Node[],
  ) {
    this.inputs = inputs.map(withOutput).join();
  }

  /**
   * Computes what these outputs need, and no more.
   * @param inputs in the order in which the graph's inputs were made
   * @returns new tensors, owned by the caller
   */
  run(inputs: readonly Handle[], outputs: readonly Node[]): tf.Tensor[] {
    const backend = tf.backend() as unknown as GraphBackend;
    const made = backend.binding.runSavedModel(this.id, inputs, this.inputs, outputs.map(withOutput).join());
    return made.map((metadata) => backend.createOutputTensor(metadata));
  }
}

/** Loads a SavedModel through a temporary folder, the only door that the binding has. @returns its number */
function load(bytes: Uint8Array): number {
  const { binding } = tf.backend() as unknown as GraphBackend;
  const folder = temporaryFolder();
  try {
    write(path.join(folder, "saved_model.pb"), bytes);
    return binding.loadSavedModel(folder, TAG);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function write(file: string, bytes: Uint8Array): void {
  try {
    fs.writeFileSync(file, bytes);
  } catch (error) {
    throw unwritable(file, error);
  }
}

function temporaryFolder(): string {
  try {
    return fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-graph-"));
  } catch (error) {
    throw unwritable(os.tmpdir(), error);
  }
}

function withOutput(node: Node): string {
  return node.includes(":") ? node : `${node}:0`;
}

function attribute(value: AttributeValue): Proto.AttrValue {
  const attr = new (proto().AttrValue)();
  if (typeof value === "boolean") attr.setB(value);
  else if (typeof value === "number") attr.setI(value);
  else attr.setType(DTYPES[value]);
  return attr;
}

function constantValue(dtype: Dtype, shape: readonly number[], values: Int32Array | Float32Array): Proto.AttrValue {
  const sides = new (proto().TensorShape)();
  for (const side of shape) {
    const dim = new (proto().TensorShape.Dim)();
    dim.setSize(side);
    sides.addDim(dim);
  }
  const tensor = new (proto().Tensor)();
  tensor.setDtype(DTYPES[dtype]);
  tensor.setTensorShape(sides);
  tensor.setTensorContent(new Uint8Array(values.buffer));
  const attr = new (proto().AttrValue)();
  attr.setTensor(tensor);
  return attr;
}
