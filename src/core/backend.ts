import * as tf from "@tensorflow/tfjs-core";
import { LabError, messageOf } from "./errors";

/** Which engine runs the tensors: TensorFlow's C library, or WebAssembly where that is not to be had. */
export interface BackendInfo {
  readonly name: "tensorflow" | "wasm";
  /** Gradients of gather and convolution exist only in the native engine, so only it can train. */
  readonly canTrain: boolean;
  /** Why the native engine is not in use, if it is not. */
  readonly reason?: string;
}

/**
 * Whether products are computed alike on every x86-64 processor with AVX2 and FMA, or in the processor's own way, which is
 * somewhat faster.
 */
export const NUMERICS_MODES = ["portable", "native"] as const;
export type NumericsMode = (typeof NUMERICS_MODES)[number];

/** The mode that FINE_R1_NUMERICS asks for; `portable` where it is not set. Set-up's `portable.cc` puts it into effect. */
export function numericsMode(): NumericsMode {
  const asked = process.env["FINE_R1_NUMERICS"] ?? "";
  if (asked === "") return "portable";
  if (asked === "portable" || asked === "native") return asked;
  throw new LabError(`FINE_R1_NUMERICS is "${asked}"`, 'Set it to "portable" (the default) or "native", or unset it.');
}

/** The variables that decide digits, each with what counts where it is not set. The engine reads its own when it is loaded. */
const DECIDING = {
  FINE_R1_NUMERICS: "portable",
  FINE_R1_BACKEND: "tensorflow",
  // on, it takes products that differ by processor, and makes small operations dearer
  TF_ENABLE_ONEDNN_OPTS: "0",
  TF_NUM_INTEROP_THREADS: "1",
  // A fixed number, since sums are split by it: the same digits on every machine. At the mini-world's sizes a second
  // thread gains nothing (docs/performance.md).
  TF_NUM_INTRAOP_THREADS: "1",
  // On a GPU: products of float32 with all their digits (TF32 keeps 10 bits of 23, and breaks agreement with the reference).
  NVIDIA_TF32_OVERRIDE: "0",
  TF_DETERMINISTIC_OPS: "0",
} as const;

/** What decides the digits of work, by the names of the variables: for whoever has it done elsewhere. It does not depend on `loadBackend`. */
export function decidingVariables(): Readonly<Record<string, string>> {
  const entries = Object.entries(DECIDING).map(([name, usual]): [string, string] => {
    const set = process.env[name] ?? "";
    return [name, set === "" ? usual : set];
  });
  return Object.fromEntries(entries);
}

let loaded: Promise<BackendInfo> | undefined;

/**
 * Loads the tensor engine once per process and makes it current. Thread counts come from TF_NUM_INTRAOP_THREADS and
 * TF_NUM_INTEROP_THREADS (both 1 by default), read at this first call. `FINE_R1_BACKEND=wasm` asks for WebAssembly.
 */
export function loadBackend(): Promise<BackendInfo> {
  loaded ??= loadAsked();
  return loaded;
}

async function loadAsked(): Promise<BackendInfo> {
  const asked = process.env["FINE_R1_BACKEND"] ?? "";
  if (asked === "wasm") return loadWasm("FINE_R1_BACKEND=wasm asks for it");
  if (asked === "" || asked === "tensorflow") return loadNative();
  throw new LabError(`FINE_R1_BACKEND is "${asked}"`, 'Set it to "tensorflow" (the default) or "wasm", or unset it.');
}

async function loadNative(): Promise<BackendInfo> {
  numericsMode(); // a misspelt one is refused before anything is computed
  process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "2";
  process.env["TF_FORCE_GPU_ALLOW_GROWTH"] ??= "true"; // else the first process would take the whole card
  Object.assign(process.env, decidingVariables());
  tf.env().set("IS_TEST", true); // silences the banner
  try {
    await import("@tensorflow/tfjs-node-gpu");
  } catch (error) {
    tf.env().set("IS_TEST", false);
    return loadWasm(messageOf(error));
  }
  await tf.setBackend("tensorflow");
  tf.env().set("IS_TEST", false); // left on, it counts data ids after every operation and forbids saving intermediates
  return { name: "tensorflow", canTrain: true };
}

async function loadWasm(reason: string): Promise<BackendInfo> {
  try {
    await import("@tensorflow/tfjs-backend-wasm");
    await tf.setBackend("wasm");
    await tf.ready();
  } catch (error) {
    throw new LabError(
      `no tensor engine could be loaded (native: ${reason}; wasm: ${messageOf(error)})`,
      "Run `npm run setup`, then `npx fine-r1 doctor`.",
      {
        cause: error,
      },
    );
  }
  return { name: "wasm", canTrain: false, reason };
}

/** Whether tensors are computed by the native engine, in the host's memory. Asked after `loadBackend`. */
export function nativeOnCpu(): boolean {
  return tf.getBackend() === "tensorflow" && !onGpu();
}

/** Whether tensors lie in the memory of a GPU. Asked after `loadBackend`. */
export function onGpu(): boolean {
  if (tf.getBackend() !== "tensorflow") return false;
  return (tf.backend() as unknown as { readonly isUsingGpuDevice: boolean }).isUsingGpuDevice;
}

/**
 * A new tensor, once its values lie where tensors do. The native engine takes them at their first use and holds on to the array that they
 * came in until then: of a large model, one after the other would still be there. Uses it at once.
 */
export function settled<T extends tf.Tensor>(tensor: T): T {
  const { shape } = tensor;
  const each = (value: number) => new Array<number>(shape.length).fill(value);
  if (shape.length > 0) tf.slice(tensor, each(0), each(1)).dispose();
  return tensor;
}

/** Throws, with the remedy, unless the loaded engine can train. */
export async function requireTraining(): Promise<void> {
  const backend = await loadBackend();
  if (!backend.canTrain) {
    throw new LabError(
      `training needs the native TensorFlow engine, which is not loaded (${backend.reason ?? "unknown reason"})`,
      "Run `npm run setup` with a C++ compiler installed.",
    );
  }
}
