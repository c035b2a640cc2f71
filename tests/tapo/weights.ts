import * as tf from "@tensorflow/tfjs-core";

export type Weights = ReadonlyMap<string, readonly number[]>;

/** Puts plain numbers back into variables. */
export function assignAll(parameters: ReadonlyMap<string, tf.Variable>, values: Weights): void {
  for (const [name, variable] of parameters) {
    tf.tidy(() => {
      variable.assign(tf.tensor([...(values.get(name) ?? [])], variable.shape));
    });
  }
}
