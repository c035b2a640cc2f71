/**
 * The general benchmarks of Table 7 in the formats of their authors, as datasets that have questions for more than a name. What counts as
 * right is `eval/benchmarks.ts`; nothing here asks a model or downloads a picture.
 */
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
