import { defineConfig } from "vitest/config";
import { SlowFirst } from "./tests/slowFirst.mts";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    // they install PyTorch and transformers in an environment of their own: .ci/run asks for them, a newcomer need not
    exclude: process.env["FINE_R1_REFERENCE"] === "1" ? [] : ["tests/reference/**"],
    setupFiles: ["tests/setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // commands that tests run do without workers, but for the tests of workers: two files run at a time already
    env: { TF_NUM_INTRAOP_THREADS: "1", TF_NUM_INTEROP_THREADS: "1", FINE_R1_WORKERS: "1" },
  },
});
