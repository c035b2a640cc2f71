/**
 * One side of bench/tapo-vs-trl: this project's TAPO, a step on each command (bench/lib/protocol.ts).
 *
 *     node .setup/bench-build/bench/ours/worker.js .setup/bench/0.6M
 *
 * It runs `tapo` itself with the defaults of src/tapo/options, every part of the model trained, as TRL trains it:
 * 2 prompts × (5 anchor + 5 positive) rollouts, the negative pass, all terms of Eq. 4, AdamW. What is timed:
 *     generation  the model's `generate`: chat template, image processor, sampling, decoding
 *     scoring     log-probs under the negative images (one forward pass), rewards and advantages
 *     update      the rest of the step: forward, objective, backward, clipping, AdamW
 */
import * as fs from "node:fs";
import * as path from "node:path";
import * as readline from "node:readline";
import { loadBackend } from "../../src/core/backend";
import type { StepFigures } from "../../src/engine/train";
import { EVERYTHING } from "../../src/model/parameters";
import { QwenModel } from "../../src/model/qwen/model";
import { DEFAULTS, type TapoOptions } from "../../src/tapo/options";
import type { TapoExample } from "../../src/tapo/rollouts";
import { tapo } from "../../src/tapo/train";
import { peakMib } from "../lib/machine";
import type { BenchTask, Command, Ready, StepReport } from "../lib/protocol";
import { benchExample, judgedByParity } from "../lib/taskExamples";
import { runMain } from "../lib/options";

interface Clock {
  started: number;
  generated: number;
  tokens: number;
}

function examplesOf(task: BenchTask): TapoExample[] {
  return task.prompts.map((prompt, index) =>
    benchExample(`${index}`, prompt.text, (image) => ({
      width: task.imageSide,
      height: task.imageSide,
      data: new Uint8Array(Buffer.from(prompt[image], "base64")),
    })),
  );
}

function report(clock: Clock, figures: StepFigures): StepReport {
  const total = (performance.now() - clock.started) / 1000;
  const generation = (clock.generated - clock.started) / 1000;
  const scoring = figures["scoringSeconds"] ?? 0;
  return {
    total,
    generation,
    scoring,
    update: total - generation - scoring,
    tokens: clock.tokens,
    peakMib: peakMib(),
  };
}

function optionsFor(task: BenchTask): TapoOptions {
  return {
    ...DEFAULTS,
    n1: task.rollouts / 2,
    n2: task.rollouts / 2,
    dynamicSampling: false, // TRL draws once a step, too
    topP: 1,
    maxNewTokens: task.newTokens,
    promptsPerRollout: task.prompts.length,
    promptsPerUpdate: task.prompts.length,
    epochs: 1_000_000,
  };
}

function say(message: Ready | StepReport): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function main(folder: string): Promise<void> {
  const task = JSON.parse(fs.readFileSync(path.join(folder, "task.json"), "utf8")) as BenchTask;
  const backend = await loadBackend();
  const model = await QwenModel.load(path.join(folder, "model"), { suppressTokens: task.suppressedTokens });
  const examples = examplesOf(task);
  const first = await examples[0]!.prompt("anchor");
  const [probe] = await model.logProbs([{ prompt: first, tokenIds: task.probe }]);
  say({
    ready: `fine-r1-lab, ${backend.name}, Node ${process.version}`,
    parameters: [...model.parameters.values()].reduce((total, variable) => total + variable.size, 0),
    threads: Number(process.env["TF_NUM_INTRAOP_THREADS"] ?? 0),
    peakMib: peakMib(),
    probe: probe!,
  });
  const input = readline.createInterface({ input: process.stdin });
  const lines: AsyncIterator<string, undefined> = input[Symbol.asyncIterator]();
  const next = async (): Promise<void> => {
    const line = (await lines.next()).value;
    if (line === undefined || (JSON.parse(line) as Command).command === "stop") process.exit(0);
  };
  const clock: Clock = { started: 0, generated: 0, tokens: 0 };
  const options = optionsFor(task);
  const timed = judgedByParity(model, {
    before: async () => {
      await next();
      clock.started = performance.now();
    },
    after: (sampled) => {
      clock.generated = performance.now();
      clock.tokens = sampled.flat().reduce((total, c) => total + c.tokenIds.length, 0);
    },
  });
  await tapo(timed, examples, options, {
    label: "bench",
    microBatchSize: task.prompts.length * task.rollouts,
    train: EVERYTHING,
    onStep: (figures) => {
      say(report(clock, figures));
    },
  });
}

runMain(() => main(process.argv[2] ?? ""));
