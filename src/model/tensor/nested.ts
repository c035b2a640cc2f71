import * as tf from "@tensorflow/tfjs-core";

/** Tensors and settings, nested as suits the reader, with values V in place of the tensors. */
export type With<V, T> = T extends tf.Tensor
  ? V
  : T extends number | string | boolean | undefined
    ? T
    : { readonly [K in keyof T]: With<V, T[K]> };

/** The tensors within a structure by their path, and the rest as text: names, settings and types. */
export function tensorsIn(structure: unknown): { tensors: Record<string, tf.Tensor>; form: string } {
  const tensors: Record<string, tf.Tensor> = {};
  let form = "";
  const visit = (value: unknown, path: string): void => {
    if (isTensor(value)) {
      tensors[path] = value;
      form += `${path} ${value.dtype};`;
    } else if (typeof value === "object" && value !== null) {
      for (const [name, inner] of Object.entries(value)) visit(inner, path === "" ? name : `${path}.${name}`);
    } else if (value !== undefined) form += `${path}=${JSON.stringify(value)};`;
  };
  visit(structure, "");
  return { tensors, form };
}

/** The same structure with something else in place of its tensors, in the order of `tensorsIn`; the caller says what. */
export function mapTensors<R>(structure: unknown, by: (tensor: tf.Tensor) => unknown): R {
  return mapLeaves(structure, isTensor, by);
}

function isTensor(value: unknown): value is tf.Tensor {
  return value instanceof tf.Tensor;
}

/** `mapTensors` for other values than tensors. */
export function mapLeaves<L, R>(
  structure: unknown,
  isLeaf: (value: unknown) => value is L,
  by: (leaf: L) => unknown,
): R {
  const visit = (value: unknown): unknown => {
    if (isLeaf(value)) return by(value);
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, visit(inner)]));
  };
  return visit(structure) as R;
}

/** Frees every tensor within a structure. */
export function disposeTensors(structure: unknown): void {
  tf.dispose(Object.values(tensorsIn(structure).tensors));
}

/** `tf.tidy` for any structure: what `make` computes is freed, but for the tensors within its result. */
export function tidied<R>(make: () => R): R {
  const results: R[] = [];
  tf.tidy(() => {
    results.push(make());
    return Object.values(tensorsIn(results).tensors);
  });
  return results[0] as R;
}
