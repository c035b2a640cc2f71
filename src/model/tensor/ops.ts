import * as tf from "@tensorflow/tfjs-core";
import { nativeRunner } from "./native";
import type { Ops } from "./opsContract";
import { portableOps } from "./opsPortable";
import { tensorFlowOps } from "./opsTensorFlow";

let made: Ops | undefined;

/** `Ops` computed at once by the native backend. */
export function nativeOps(): Ops {
  return (made ??= tensorFlowOps<tf.Tensor, tf.TensorInfo>(nativeRunner()));
}

/** The operations of the backend in use. */
export function ops(): Ops {
  return tf.getBackend() === "tensorflow" ? nativeOps() : portableOps;
}
