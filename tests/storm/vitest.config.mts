import { defineConfig } from "vitest/config";
import { SlowFirst } from "../slowFirst.mts";

/** `npm run test:storm`: not a part of `npm test`, since it takes minutes. Two files run side by side. */
export default defineConfig({
  test: {
    include: ["tests/storm/*.storm.ts"],
    globalSetup: ["tests/storm/figures.ts"],
    setupFiles: ["tests/setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
    env: { TF_NUM_INTRAOP_THREADS: "1", TF_NUM_INTEROP_THREADS: "1" },
  },
});
