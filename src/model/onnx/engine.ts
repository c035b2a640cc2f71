import type { Engine } from "../contract";
import { onnxFiles } from "./folder";

/** Encoders from a folder in the layout of the hub. They are opened as such (lab/encoder), and nothing else can be asked of them. */
export const onnx: Engine = {
  name: "onnx",
  can: [],
  takes: "path",
  open: (folder) => Promise.reject(new RangeError(`onnx: ${folder} is an encoder, and was opened as a model`)),
  files: onnxFiles,
};
