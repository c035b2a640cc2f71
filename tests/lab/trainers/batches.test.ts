import { expect, it } from "vitest";
import { wholeEpochs } from "../../../src/lab/trainers/batches";
import { rolloutBatches } from "../../../src/tapo/train";

/** How many batches verl 0.9.1 trains on: the loop of its trainer_base.py. */
function stepsOfVerl(rows: number, batch: number, totalEpochs: number, totalSteps: number): number {
  const perEpoch = Math.floor(rows / batch);
  let step = 1;
  let epoch = 0;
  while (epoch < totalEpochs && step <= totalSteps) epoch = Math.floor(step++ / perEpoch);
  return step - 1;
}

it.each([
  [1812, 10, 384, 47], // the paper's: 141 updates of 128
  [1812, 5, 192, 47], // paper-7b
  [700, 2.5, 384, 5],
  [40, 0.5, 8, 3],
  [384, 0.2, 384, 1],
])("verl takes %i rows for %d epochs in batches of %i as our training does", (rows, epochs, batch, steps) => {
  expect(rolloutBatches(rows, { epochs, promptsPerRollout: batch })).toBe(steps);
  const enough = wholeEpochs(steps, rows, batch);
  expect(stepsOfVerl(rows, batch, enough, steps)).toBe(steps);
  expect(stepsOfVerl(rows, batch, enough - 1, steps)).toBeLessThan(steps); // no more epochs than it takes
});
