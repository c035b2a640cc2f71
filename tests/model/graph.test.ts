import * as fs from "node:fs";
import * as os from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { nativeOnCpu } from "../../src/core/backend";
import { Graph, type Node } from "../../src/model/tensor/graph";
import { RawArena, type Handle } from "../../src/model/tensor/raw";

/** Each row of a matrix, and a row put in its place at `slots`. */
function writer() {
  const graph = new Graph();
  const [memory, slots, rows] = [graph.input("float32"), graph.input("int32"), graph.input("float32")];
  const written = graph.op("InplaceUpdate", { T: "float32" })(memory, slots, rows);
  const result = graph.op("Mul", { T: "float32" })(written, graph.number(10));
  const program = graph.compile();
  return (inputs: readonly Handle[]): tf.Tensor => program.run(inputs, [result])[0]!;
}

it("runs what was written, on tensors of any shape, and leaves no file behind", () => {
  expect(nativeOnCpu()).toBe(true);
  const left = (): string[] => fs.readdirSync(os.tmpdir()).filter((name) => name.startsWith("fine-r1-graph-"));
  const before = left();
  const graph = new Graph();
  const [a, b] = [graph.input("float32"), graph.input("float32")];
  const product = graph.op("MatMul", { T: "float32", transpose_a: false, transpose_b: true })(a, b);
  const split = graph.split("SplitV", { T: "float32", Tlen: "int32", num_split: 2 }, 2);
  const [front, back] = split(product, graph.integers([1, 1]), graph.integer(1)) as [Node, Node];
  const difference = graph.op("Sub", { T: "float32" })(back, front);
  const program = graph.compile();
  expect(left().filter((name) => !before.includes(name))).toEqual([]);
  const arena = new RawArena();
  const run = (x: number[], rows: number, y: number[]): number[] => {
    const width = x.length / rows;
    const inputs = [arena.floats([rows, width], Float32Array.from(x)), arena.floats([2, width], Float32Array.from(y))];
    // several outputs, in the order asked for
    const [out, first] = program.run(inputs, [difference, front]) as [tf.Tensor, tf.Tensor];
    expect(first.shape).toEqual([rows, 1]);
    const values = [...out.dataSync()];
    tf.dispose([out, first]);
    return values;
  };
  // [1 2]·[5 6] − [1 2]·[3 4] = 17 − 11
  expect(run([1, 2], 1, [3, 4, 5, 6])).toEqual([6]);
  // rows 1, 2, 3 times 7 − 4
  expect(run([1, 2, 3], 3, [4, 7])).toEqual([3, 6, 9]);
  arena.dispose();
});

it("writes in place into the memory it was given: a cache keeps what each run put there", () => {
  const before = tf.memory().numTensors;
  const run = writer();
  const arena = new RawArena();
  const memory = tf.zeros([3, 2]);
  const handle = arena.handleOf(memory);
  for (const [slot, value] of [
    [0, 1],
    [2, 5],
  ] as const) {
    const slots = arena.integers([1], Int32Array.of(slot));
    run([handle, slots, arena.floats([1, 2], Float32Array.of(value, value))]).dispose();
  }
  expect([...memory.dataSync()]).toEqual([1, 1, 0, 0, 5, 5]);
  arena.dispose();
  memory.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

it("passes on what the runtime says of inputs that do not fit", () => {
  const run = writer();
  const arena = new RawArena();
  expect(() => run([arena.floats([1], Float32Array.of(1))])).toThrow(/Length of input op names \(3\)/);
  arena.dispose();
});

it("names the temporary folder when that cannot be written to", () => {
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = "/nowhere/at/all";
  try {
    expect(() => writer()).toThrow(/\/nowhere\/at\/all: cannot be written \(ENOENT/);
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
});
