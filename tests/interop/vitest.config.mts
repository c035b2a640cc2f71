import { defineConfig } from "vitest/config";

/** `npm run test:interop`: not a part of `npm test`, since it installs other programs and takes minutes. One suite after the other, for they time out when starved. */
export default defineConfig({
  test: {
    include: ["tests/interop/**/*.interop.ts"],
    setupFiles: ["tests/setup.ts"],
    pool: "forks",
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 1_200_000,
    env: { TF_NUM_INTRAOP_THREADS: "1", TF_NUM_INTEROP_THREADS: "1", FINE_R1_WORKERS: "1" },
  },
});
