/**
 * Counts the live tensors after each of many TAPO steps on a tiny model; see docs/performance.md. Fails when the count moves.
 * Usage: npm run bench -- tensor-count --help
 */
import * as tf from "@tensorflow/tfjs-core";
import { requireTraining } from "../src/core/backend";
import { LabError } from "../src/core/errors";
import { EVERYTHING } from "../src/model/parameters";
import { DEFAULTS } from "../src/tapo/options";
import { tapo } from "../src/tapo/train";
import { describeMachine } from "./lib/machine";
import { markdownTable } from "./lib/markdown";
import { countNativeTensors } from "./lib/nativeLedger";
import { count, publish, readOptions, runMain } from "./lib/options";
import { noisePicture, withRandomModel } from "./lib/randomModel";
import { benchExample, judgedByParity } from "./lib/taskExamples";

const IMAGE_SIDE = 56;
/** The optimiser's moments exist after the first step; from the second on nothing may be added. */
const SETTLED = 2;

interface Count {
  readonly step: number;
  /** Of the library, by `tf.memory()`. */
  readonly tensors: number;
  readonly bytes: number;
  /** Of the runtime below it, made minus deleted. */
  readonly native: number;
  readonly heapMib: number;
  /** Typed arrays, the processed pictures among them. */
  readonly buffersMib: number;
  readonly rssMib: number;
}

const mib = (bytes: number): number => Math.round(bytes / 2 ** 20);

async function countSteps(steps: number, native: () => number): Promise<Count[]> {
  const counts: Count[] = [];
  await withRandomModel({ size: "tiny" }, async ({ model }) => {
    const examples = ["w1 w2", "w3 w4 w5"].map((text, i) =>
      benchExample(`${i}`, text, (image) => noisePicture(IMAGE_SIDE, `${i}/${image}`)),
    );
    const options = { ...DEFAULTS, n1: 2, n2: 2, maxNewTokens: 8, promptsPerRollout: 2, promptsPerUpdate: 2 };
    await tapo(
      judgedByParity(model),
      examples,
      { ...options, dynamicSampling: false, epochs: steps },
      {
        label: "tensor count",
        microBatchSize: 4,
        train: EVERYTHING,
        onStep: ({ step }) => {
          const { numTensors: tensors, numBytes: bytes } = tf.memory();
          const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
          const [heapMib, buffersMib, rssMib] = [mib(heapUsed), mib(arrayBuffers), mib(rss)];
          counts.push({ step, tensors, bytes, native: native(), heapMib, buffersMib, rssMib });
        },
      },
    );
  });
  return counts;
}

function range(values: readonly number[]): { least: number; most: number } {
  return { least: Math.min(...values), most: Math.max(...values) };
}

interface Summary {
  readonly steps: number;
  readonly tensors: { readonly most: number };
  readonly native: { readonly most: number };
  readonly leftAfterDispose: number;
  readonly every100: readonly Count[];
}

function table({ steps, tensors, native, leftAfterDispose, every100 }: Summary): string {
  return [
    "# Tensors stay flat",
    "",
    `${steps} steps: ${tensors.most} tensors and ${native.most} native handles after each, ${leftAfterDispose} left at the end.`,
    "",
    ...markdownTable(
      ["step", "resident set, MiB", "typed arrays, MiB", "heap, MiB"],
      every100.map((c) => [c.step + 1, c.rssMib, c.buffersMib, c.heapMib]),
    ),
    "",
  ].join("\n");
}

runMain(async () => {
  const options = readOptions("Counts the tensors that are alive after each step of a long run of TAPO.", {
    steps: { is: "TAPO steps", usual: "1000", quick: "20" },
  });
  const machine = await describeMachine();
  await requireTraining();
  const before = tf.memory().numTensors;
  const native = countNativeTensors();
  const started = performance.now();
  const counts = await countSteps(count("steps", options.steps), native);
  const later = counts.slice(SETTLED - 1);
  const summary = {
    steps: counts.length,
    seconds: (performance.now() - started) / 1000,
    tensors: range(later.map((c) => c.tensors)),
    bytes: range(later.map((c) => c.bytes)),
    native: range(later.map((c) => c.native)),
    leftAfterDispose: tf.memory().numTensors - before,
    every100: counts.filter((c) => c.step % 100 === 99),
  };
  const { tensors, native: handles, leftAfterDispose } = summary;
  publish("tensor-count", options, { machine, ...summary }, table(summary));
  if (tensors.least !== tensors.most || handles.least !== handles.most || leftAfterDispose !== 0) {
    throw new LabError(
      `the number of tensors moved: ${tensors.least} to ${tensors.most} in the library and ${handles.least} to ` +
        `${handles.most} below it over the steps, ${leftAfterDispose} left at the end`,
      "A step keeps tensors that nobody disposes of: look for the first step in tensor-count.json that has more.",
    );
  }
});
