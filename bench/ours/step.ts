/**
 * This project's side of a bench: a training step on each command (bench/lib/protocol.ts), as a plan says (bench/lib/plan.ts).
 *
 *     node .setup/bench-build/bench/ours/step.js '{"kind":"task","folder":".setup/bench/0.6M","objective":"tapo","microBatchSize":10,"workers":1}'
 *
 * It runs `tapo` itself. What is timed is a whole step, from the drawing of its prompts to the moved weights:
 *     generation  chat template, image processor, sampling, decoding, rewards
 *     scoring     log-probs under the negative images (TAPO only) and advantages
 *     update      the rest of the step: forward, objective, backward, clipping, AdamW
 */
import * as readline from "node:readline";
import { loadBackend } from "../../src/core/backend";
import { parserOf } from "../../src/config/stored";
import type { StepFigures } from "../../src/engine/train";
import type { TapoExample } from "../../src/tapo/rollouts";
import { tapo } from "../../src/tapo/train";
import { runMain } from "../lib/options";
import { stepPlanSchema, type StepPlan } from "../lib/plan";
import type { Command, Ready, StepReport } from "../lib/protocol";
import { withWork, type TapoWork } from "./work";
import { withWorkers } from "./workers";

/** Waits for commands, and remembers how long the step under way had to wait for its own. */
class Gate {
  waited = 0;
  private opening: Promise<void> | undefined;
  private readonly lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

  /** Resolves once the present step may go on. */
  pass(): Promise<void> {
    return (this.opening ??= this.wait());
  }

  close(): void {
    this.opening = undefined;
  }

  private async wait(): Promise<void> {
    const started = performance.now();
    const next: IteratorResult<string, undefined> = await this.lines.next();
    if (next.done === true || (JSON.parse(next.value) as Command).command === "stop") process.exit(0);
    this.waited = (performance.now() - started) / 1000;
  }
}

/** Every step begins with asking its examples for their prompts: there it waits for its command. */
function gated(example: TapoExample, gate: Gate): TapoExample {
  return {
    ...example,
    prompt: async (image) => {
      await gate.pass();
      return example.prompt(image);
    },
  };
}

function report(figures: StepFigures, { waited }: Gate, rollouts: number): StepReport {
  const { seconds = NaN, generationSeconds = NaN, scoringSeconds = NaN, length = NaN, sampledGroups = NaN } = figures;
  const total = seconds - waited;
  const generation = generationSeconds - waited;
  return {
    total,
    generation,
    scoring: scoringSeconds,
    update: total - generation - scoringSeconds,
    tokens: Math.round(length * sampledGroups * rollouts),
    ...(figures["loss"] === undefined ? {} : { loss: figures["loss"] }),
  };
}

function say(message: Ready | StepReport): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function steps(backend: string, { model, examples, options, run, probe }: TapoWork): Promise<void> {
  say({
    ready: `fine-r1-lab, ${backend}, Node ${process.version}`,
    parameters: [...model.parameters.values()].reduce((total, { size }) => total + size, 0),
    probe: [...probe],
  });
  const gate = new Gate();
  await tapo(
    model,
    examples.map((example) => gated(example, gate)),
    options,
    {
      ...run,
      label: "bench",
      onStep: (figures) => {
        say(report(figures, gate, options.n1 + options.n2));
        gate.close();
      },
    },
  );
}

async function main(text: string): Promise<void> {
  const plan: StepPlan = parserOf(stepPlanSchema)(JSON.parse(text));
  const { name } = await loadBackend();
  await withWorkers(plan.workers, (workers) => withWork(plan, workers, (work) => steps(name, work)));
}

runMain(() => main(process.argv[2] ?? "null"));
