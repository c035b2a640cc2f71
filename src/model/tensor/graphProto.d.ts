/** The part of the native package's own protocol buffers (TensorFlow's SavedModel) that a graph is written with. */
declare module "@tensorflow/tfjs-node-gpu/dist/proto/api_pb" {
  class Message {
    serializeBinary(): Uint8Array;
  }
  class Dim {
    setSize(size: number): void;
  }
  export class TensorShape {
    static Dim: typeof Dim;
    addDim(dim: Dim): void;
  }
  export class Tensor {
    setDtype(dtype: number): void;
    setTensorShape(shape: TensorShape): void;
    setTensorContent(content: Uint8Array): void;
  }
  export class AttrValue {
    setB(value: boolean): void;
    setI(value: number): void;
    setType(type: number): void;
    setTensor(tensor: Tensor): void;
  }
  export class NodeDef {
    setName(name: string): void;
    setOp(op: string): void;
    setInputList(inputs: readonly string[]): void;
    getAttrMap(): { set(name: string, value: AttrValue): void };
  }
  export class VersionDef {
    setProducer(version: number): void;
  }
  export class GraphDef {
    setVersions(versions: VersionDef): void;
    addNode(node: NodeDef): void;
  }
  class MetaInfoDef {
    addTags(tag: string): void;
  }
  export class MetaGraphDef {
    static MetaInfoDef: typeof MetaInfoDef;
    setMetaInfoDef(info: MetaInfoDef): void;
    setGraphDef(graph: GraphDef): void;
  }
  export class SavedModel extends Message {
    setSavedModelSchemaVersion(version: number): void;
    addMetaGraphs(graph: MetaGraphDef): void;
  }
}
