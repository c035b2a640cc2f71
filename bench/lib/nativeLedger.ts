import * as tf from "@tensorflow/tfjs-core";

interface Binding {
  createTensor(...operands: unknown[]): number;
  deleteTensor(id: number): void;
  executeOp(...operands: unknown[]): readonly unknown[];
  runSavedModel(...operands: unknown[]): readonly unknown[];
}

/**
 * Counts the tensors of the native runtime from here on: made minus deleted. `tf.memory()` knows only what went through the
 * library; decoding runs on bare handles below it (src/model/tensor/raw.ts), which this counts, too.
 * @returns the present number
 */
export function countNativeTensors(): () => number {
  const backend = tf.backend() as unknown as { binding: Binding };
  const { binding } = backend;
  let live = 0;
  const counted: Binding = {
    createTensor: (...operands) => {
      live += 1;
      return binding.createTensor(...operands);
    },
    deleteTensor: (id) => {
      live -= 1;
      binding.deleteTensor(id);
    },
    executeOp: (...operands) => {
      const made = binding.executeOp(...operands);
      live += made.length;
      return made;
    },
    runSavedModel: (...operands) => {
      const made = binding.runSavedModel(...operands);
      live += made.length;
      return made;
    },
  };
  const own = new Map<string | symbol, unknown>(Object.entries(counted));
  // A bare object as target: the binding's own members are read-only, which a proxy on it would have to respect.
  backend.binding = new Proxy({} as Binding, {
    get: (_, key) => own.get(key) ?? (Reflect.get(binding, key) as unknown),
  });
  return () => live;
}
