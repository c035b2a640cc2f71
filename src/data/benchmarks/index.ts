import type { BenchmarkName, BenchmarkReader } from "./benchmark";
import { imageWikiQa } from "./imageWikiQa";
import { mmbench } from "./mmbench";
import { mme } from "./mme";
import { seedBench } from "./seedBench";

/** Every benchmark by its name, which begins its spec. */
export const BENCHMARK_READERS: Readonly<Record<BenchmarkName, BenchmarkReader>> = {
  imagewikiqa: imageWikiQa,
  mme,
  mmbench,
  seedbench: seedBench,
};
