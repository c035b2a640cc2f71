import type * as tf from "@tensorflow/tfjs-core";
import { nativeOnCpu } from "../../core/backend";
import { Graph, type GraphProgram, type Node } from "./graph";
import { mapLeaves, mapTensors, tensorsIn, tidied, type With } from "./nested";
import { ops } from "./ops";
import type { Ops } from "./opsContract";
import { tensorFlowOps } from "./opsTensorFlow";
import { handlesOf } from "./raw";

/** A pure function of tensors, written in `Ops` for any kind of value. */
export type Formula<T, R> = <V>(o: Ops<V>, operands: With<V, T>) => With<V, R>;

/** A formula ready to run: gives the results that are asked for, owned by the caller, and computes no more than they need. */
export type Fused<T, R> = <W extends keyof R & string>(operands: T, wanted: readonly W[]) => Pick<R, W>;

/**
 * Makes a formula one call of the runtime instead of one for each operation. On the CPU's native backend it is written
 * into a TensorFlow graph, once for each set of operands and settings (shapes may differ from run to run); elsewhere its
 * operations run one by one.
 */
export function fused<T extends object, R extends object>(formula: Formula<T, R>): Fused<T, R> {
  const written = new Map<string, { readonly program: GraphProgram; readonly results: With<Node, R> }>();
  return <W extends keyof R & string>(operands: T, wanted: readonly W[]): Pick<R, W> => {
    if (!nativeOnCpu()) return runEagerly(formula, operands, wanted);
    const { tensors, form } = tensorsIn(operands);
    let graph = written.get(form);
    if (graph === undefined) written.set(form, (graph = write(formula, operands)));
    const nodes: Node[] = [];
    const results = pick(graph.results, wanted);
    mapLeaves(results, isNode, (node) => nodes.push(node));
    const made = graph.program.run(handlesOf(Object.values(tensors)), nodes);
    return mapLeaves(results, isNode, () => made.shift());
  };
}

function write<T extends object, R extends object>(
  formula: Formula<T, R>,
  operands: T,
): { program: GraphProgram; results: With<Node, R> } {
  const graph = new Graph();
  const nodes = mapTensors<With<Node, T>>(operands, ({ dtype }) =>
    graph.input(dtype === "int32" ? "int32" : "float32"),
  );
  const results = formula<Node>(tensorFlowOps<Node, Node>(graph), nodes);
  return { program: graph.compile(), results };
}

function runEagerly<T extends object, R extends object, W extends keyof R & string>(
  formula: Formula<T, R>,
  operands: T,
  wanted: readonly W[],
): Pick<R, W> {
  return tidied(() => {
    const results = pick(
      formula<tf.Tensor>(
        ops(),
        mapTensors(operands, (tensor) => tensor),
      ),
      wanted,
    );
    return mapTensors<Pick<R, W>>(results, (tensor) => tensor);
  });
}

function pick(results: unknown, wanted: readonly string[]): object {
  return Object.fromEntries(wanted.map((name) => [name, (results as Record<string, unknown>)[name]]));
}

function isNode(value: unknown): value is Node {
  return typeof value === "string";
}
