// A worker for tests of the pool alone: run after `npm run build`.
const { setTimeout } = require("node:timers");
const { serve } = require("../../dist/workers/serve.js");
const { LabError } = require("../../dist/core/errors.js");

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
serve({
  replicas: [{ kind: "numbers", make: ({ sizes }) => numbers(sizes) }],
  jobs: [
    { name: "sum", run: ({ parameters }, x) => [...parameters.values()].map((v) => v.dataSync()[0] + x) },
    { name: "tensors", run: () => require("@tensorflow/tfjs-core").memory().numTensors },
    { name: "pid", run: () => process.pid },
    { name: "die", run: () => process.kill(process.pid, "SIGKILL") && wait(10_000) },
    { name: "lab error", run: () => Promise.reject(new LabError("is wrong", "Mend it.", { subject: "it" })) },
    { name: "error", run: () => Promise.reject(new RangeError("a bug")) },
    { name: "vectors", run: (_, n) => ({ n, vectors: [new Float32Array(n).fill(n), Float32Array.of(1, 2)] }) },
    {
      name: "wait",
      run: async (_, ms, signal) => {
        for (let t = 0; t < ms; t += 10) {
          await wait(10);
          signal.throwIfAborted();
        }
        return ms;
      },
    },
  ],
});

function numbers(sizes) {
  const tf = require("@tensorflow/tfjs-core");
  const parameters = new Map(sizes.map((size, i) => [`${i}`, tf.tidy(() => tf.variable(tf.zeros([size])))]));
  return { parameters, dispose: () => tf.dispose([...parameters.values()]) };
}
