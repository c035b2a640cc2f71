import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { Random } from "../../../src/core/random";
import type { StepFigures } from "../../../src/engine/train";
import type { Curve } from "../../../src/report/curves/curve";
import { writeEventFiles } from "../../../src/report/curves/tensorboard";
import { PythonEnvironment } from "../../pythonEnvironment";

const python = new PythonEnvironment({
  folder: "interop/tensorboard",
  requirements: [path.join(__dirname, "requirements.txt")],
});
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "events-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});

/** Figures over many orders of magnitude; every third step has one more. */
function curve(run: string, steps: number): Curve {
  const random = new Random(run);
  const figures = (step: number): StepFigures => ({
    ...{
      step,
      loss: random.normal(0, 10 ** random.integer(30)),
      learningRate: 10 ** -random.integer(30),
      seconds: 0.25,
    },
    ...(step % 3 === 0 ? { "rollout/größe": step * 70_000 } : {}),
  });
  return { run, startedAt: 1_790_000_000.5, steps: Array.from({ length: steps }, (_, step) => figures(step)) };
}

/** What TensorBoard should show: float32 values, each event at the end of its step. */
function expected({ steps, startedAt }: Curve): Record<string, [number, number, number][]> {
  const out: Record<string, [number, number, number][]> = {};
  steps.forEach(({ step, ...figures }, i) => {
    for (const [name, value] of Object.entries(figures))
      (out[name] ??= []).push([startedAt + 0.25 * (i + 1), step, Math.fround(value)]);
  });
  return out;
}

it("the real TensorBoard reads every step of every run, and goes on where a run grew", async () => {
  const read = async (): Promise<unknown> =>
    JSON.parse(await python.run(path.join(__dirname, "read_events.py"), [scratch]));
  const [short, long] = [curve("seed-1-cot-sft", 40), curve("seed 2/tapo", 1000)];
  const begun = { ...long, steps: long.steps.slice(0, 600) };
  writeEventFiles(scratch, [short, begun]);
  expect(await read()).toEqual({ [short.run]: expected(short), [long.run]: expected(begun) });
  const [, file = ""] = writeEventFiles(scratch, [short, long]);
  expect(await read()).toEqual({ [short.run]: expected(short), [long.run]: expected(long) });
  // one wrong byte, and TensorBoard refuses what follows: the checksums are really checked
  const bytes = fs.readFileSync(file);
  bytes[bytes.length - 6] = (bytes[bytes.length - 6] ?? 0) ^ 1;
  fs.writeFileSync(file, bytes);
  const broken = { ...long, steps: long.steps.slice(0, 999) };
  expect(await read()).toEqual({ [short.run]: expected(short), [long.run]: expected(broken) });
});

it("our bytes are those of TensorBoard's own writer, as npm test has them recorded", async () => {
  const recorded = fs.readFileSync(path.join(__dirname, "../../reference/tensorboard/events.hex"), "utf8").trim();
  expect((await python.run(path.join(__dirname, "record_events.py"), [])).trim()).toBe(recorded);
});
