/**
 * One contract for every model, and the models that run here: Qwen2-VL and Qwen2.5-VL in TensorFlow.js, a SigLIP-style encoder, a
 * scripted one. Nothing here trains or knows what is asked.
 */

export type {
  Capability,
  ChatMessage,
  Completion,
  Engine,
  HiddenStateOptions,
  PreparedBatch,
  Prompt,
  SamplingOptions,
  Scored,
  Seen,
  TrainableModel,
  Usage,
  VisionLanguageModel,
} from "./contract";
export type { DualEncoder } from "./dualEncoder";
export { EVERYTHING, LANGUAGE_ONLY, selectParameters, type TrainableParts } from "./parameters";
export { openModel, openTrainable } from "./open";
export { OnnxEncoder } from "./onnx/encoder";
export { readQwenConfig, type QwenConfig } from "./qwen/config";
export { fitImage, processImage, smartResize, type ImageProcessorConfig } from "./qwen/imageProcessor";
export { QwenModel, type QwenOptions } from "./qwen/model";
export { QwenTokenizer } from "./qwen/tokenizer";
export { readScript, type Script, type ScriptedAnswer } from "./scripted/script";
export { ScriptedModel } from "./scripted/scriptedModel";
export { MiniDualEncoder } from "./siglip/dualEncoder";
