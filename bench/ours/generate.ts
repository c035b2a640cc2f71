/**
 * This project's side of bench/generation: samples on each command (bench/lib/protocol.ts).
 *
 *     node .setup/bench-build/bench/ours/generate.js MODEL TASK WORKERS
 *
 * What is timed is one `generate`: image processor, prompts, sampling, text. Pictures are new in every round.
 */
import * as readline from "node:readline";
import { readStored } from "../../src/config/stored";
import { loadBackend } from "../../src/core/backend";
import { readCheckpointConfig } from "../../src/model/qwen/checkpoint";
import { QwenModel } from "../../src/model/qwen/model";
import { count, runMain } from "../lib/options";
import {
  generationTaskSchema,
  type Command,
  type GenerationReport,
  type GenerationTask,
  type Ready,
} from "../lib/protocol";
import { noisePicture } from "../lib/randomModel";
import { benchPrompt } from "../lib/taskExamples";
import { withWorkers } from "./workers";

function say(message: Ready | GenerationReport): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function sample(
  model: QwenModel,
  { text, imageSide, samples, newTokens }: GenerationTask,
  { pictures, round }: Extract<Command, { command: "generate" }>,
): Promise<GenerationReport> {
  const prompts = Array.from({ length: pictures }, (_, i) =>
    benchPrompt(text, noisePicture(imageSide, `${round}/${i}`)),
  );
  const started = performance.now();
  const answers = await model.generate(prompts, {
    samples,
    maxNewTokens: newTokens,
    temperature: 1,
    topP: 1,
    seed: round,
  });
  const seconds = (performance.now() - started) / 1000;
  return { seconds, tokens: answers.flat().reduce((total, { tokenIds }) => total + tokenIds.length, 0) };
}

/** log π of the task's probe under its grey picture: the bench compares it with the other side's. */
async function probeOf(model: QwenModel, { text, imageSide: side, probe }: GenerationTask): Promise<readonly number[]> {
  const grey = { width: side, height: side, data: new Uint8Array(3 * side * side).fill(128) };
  return (await model.logProbs([{ prompt: benchPrompt(text, grey), tokenIds: probe }]))[0] ?? [];
}

async function main(folder: string, taskFile: string, workerCount: number): Promise<void> {
  const task = readStored(taskFile, generationTaskSchema, "task of the bench", "Run the bench again.");
  const { name } = await loadBackend();
  await withWorkers(workerCount, async (workers) => {
    const suppressTokens = readCheckpointConfig(folder).eosTokenIds; // every answer has as many tokens as are allowed
    const model = await QwenModel.load(folder, { suppressTokens, ...workers });
    say({
      ready: `fine-r1-lab, ${name}, Node ${process.version}`,
      parameters: [...model.parameters.values()].reduce((total, { size }) => total + size, 0),
      probe: [...(await probeOf(model, task))],
    });
    for await (const line of readline.createInterface({ input: process.stdin })) {
      const command = JSON.parse(line) as Command;
      if (command.command !== "generate") break;
      say(await sample(model, task, command));
    }
    process.exit(0);
  });
}

runMain(() => {
  const [folder = "", task = "", workers = ""] = process.argv.slice(2);
  return main(folder, task, count("workers", workers));
});
