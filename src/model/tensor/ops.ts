import * as tf from "@tensorflow/tfjs-core";
import { nativeOps } from "./opsTensorFlow";
import { portableOps } from "./opsPortable";
import type { Ops } from "./opsContract";

/** The operations of the backend in use. */
export function ops(): Ops {
  return tf.getBackend() === "tensorflow" ? nativeOps() : portableOps;
}
