import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { countNativeTensors } from "../../bench/lib/nativeLedger";
import { RawArena } from "../../src/model/tensor/raw";

it("counts library tensors and bare handles alike", () => {
  const native = countNativeTensors();
  const two = tf.tensor1d([1, 2]);
  const sum = tf.add(two, two);
  expect(native()).toBe(2); // the operand is handed over when it is first used, then there is the sum
  expect([...sum.dataSync()]).toEqual([2, 4]);
  const arena = new RawArena();
  const known = tf.memory().numTensors;
  arena.integers([1], Int32Array.of(7));
  arena.floats([2], Float32Array.of(1, 2));
  expect(tf.memory().numTensors).toBe(known); // the library does not see these two
  expect(native()).toBe(4);
  arena.dispose();
  tf.dispose([two, sum]);
  expect(native()).toBe(0);
});
