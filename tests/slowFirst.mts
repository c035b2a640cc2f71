import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes minutes, the slowest first. */
const SLOW = [
  ...[
    "verify/numerics.test",
    "notebooks/experiments.test",
    "cli/runs.test",
    "tapo/train.test",
    "notebooks/kernel.test",
  ],
  ...["storm/broken.storm", "storm/build.storm", "storm/kills.storm"],
];

/** Begins with the slow files: one that is left for the end would be waited for by every other core. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = SLOW.findIndex((name) => moduleId.endsWith(`/tests/${name}.ts`));
      return found === -1 ? SLOW.length : found;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
