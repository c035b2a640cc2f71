import * as tf from "@tensorflow/tfjs-core";

/** What the bench watches of the binding below the native backend. */
export interface Binding {
  createTensor(...operands: unknown[]): number;
  deleteTensor(id: number): void;
  executeOp(name: string, ...operands: unknown[]): readonly unknown[];
  runSavedModel(...operands: unknown[]): readonly unknown[];
}

/** Puts functions in front of the binding's own, for the rest of the process. */
export function watchBinding(watchers: (binding: Binding) => Partial<Binding>): void {
  const backend = tf.backend() as unknown as { binding: Binding };
  const { binding } = backend;
  const own = new Map<string | symbol, unknown>(Object.entries(watchers(binding)));
  // A bare object as target: the binding's own members are read-only, which a proxy on it would have to respect.
  backend.binding = new Proxy({} as Binding, {
    get: (_, key) => own.get(key) ?? (Reflect.get(binding, key) as unknown),
  });
}
