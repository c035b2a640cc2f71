/**
 * Sampling here beside vLLM's CPU engine, the same checkpoints and pictures of the same size, in one run, in turns; see
 * docs/performance.md. Usage: npm run bench -- generation --help
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { readStored } from "../src/config/stored";
import { LabError } from "../src/core/errors";
import { writeJson } from "../src/core/files";
import { describeMachine, machineLine, type Machine } from "./lib/machine";
import { markdownTable, withQuartiles } from "./lib/markdown";
import type { Memory } from "./lib/memory";
import { count, counts, publish, readOptions, ROOT, runMain } from "./lib/options";
import { oneThread } from "./lib/plan";
import { generationSchema, taskSchema, type GenerationReport, type GenerationTask } from "./lib/protocol";
import { takeTurns, withSides, type Side, type SideProgram } from "./lib/side";
import { pairedRatio, spread, type Spread } from "./lib/statistics";

const SAMPLES = 10;
const NEW_TOKENS = 96;
/** The sides' log-probs of the same tokens may differ by this: all run the same weights in float32. */
const PROBE_TOLERANCE = 2e-3;
const SETUP = path.join(ROOT, ".setup", "bench");
const PYTHON = path.join(ROOT, ".setup", "bench-vllm", "bin", "python");
/** A round of a larger model takes long, and its times differ less. */
const MOST_ROUNDS: Readonly<Record<string, number>> = { "10M": 3, "50M": 2 };

/** A checkpoint, and a question that its tokenizer knows. */
interface Checkpoint {
  readonly name: string;
  readonly folder: string;
  readonly task: GenerationTask;
}

function checkpoint(name: string): Checkpoint {
  const length = { samples: SAMPLES, newTokens: NEW_TOKENS };
  if (name === "mini") {
    const text = "What bird species is this? Think first, then answer.";
    const probe = Array.from({ length: 24 }, (_, i) => 20 + 7 * i); // some words of its vocabulary
    return { name, folder: path.join(ROOT, "assets", "mini", "base"), task: { text, imageSide: 84, probe, ...length } };
  }
  const file = path.join(SETUP, name, "task.json");
  const task = readStored(file, taskSchema, "task of the bench", "Run `node bench/setup-peer.mjs generation`.");
  const { text } = task.prompts[0]!;
  return {
    name,
    folder: path.join(SETUP, name, "model"),
    task: { text, imageSide: task.imageSide, probe: task.probe, ...length },
  };
}

function programs({ name, folder, task }: Checkpoint, cores: number): SideProgram[] {
  const file = path.join(SETUP, `generation-${name}.json`);
  writeJson(file, task);
  const ours = path.join(__dirname, "ours", "generate.js");
  const openMp = path.join(path.dirname(path.dirname(PYTHON)), "lib", "libiomp5.so");
  return [
    { name: "here", command: process.execPath, args: [ours, folder, file, `${cores}`], environment: oneThread() },
    {
      name: "vLLM",
      command: PYTHON,
      args: [path.join(ROOT, "bench", "peer", "vllm_generate.py"), "--model", folder, "--task", file],
      environment: {
        PYTHONPATH: path.join(ROOT, "bench", "peer", "start"),
        OMP_NUM_THREADS: `${cores}`,
        VLLM_CPU_OMP_THREADS_BIND: "nobind",
        VLLM_CACHE_ROOT: path.join(SETUP, "vllm-cache"),
        // vLLM's own advice: Intel's OpenMP is its faster one.
        ...(fs.existsSync(openMp) ? { LD_PRELOAD: openMp } : {}),
      },
    },
  ];
}

/** Tokens a second of both sides with so many rollouts at once. */
interface Speed {
  readonly rollouts: number;
  readonly here: Spread;
  readonly vllm: Spread;
  /** Ours divided by vLLM's of the same round; above 1 is faster. */
  readonly ratio: Spread;
}

interface Comparison {
  readonly model: string;
  readonly parameters: number;
  readonly cores: number;
  readonly versions: readonly string[];
  readonly probeDifference: number;
  readonly speeds: readonly Speed[];
  readonly memory: Readonly<Record<"here" | "vllm", Memory | undefined>>;
}

async function compare(
  which: Checkpoint,
  cores: number,
  pictures: readonly number[],
  rounds: number,
): Promise<Comparison> {
  return withSides(programs(which, cores), async (sides) => {
    const [here, vllm] = sides as [Side, Side];
    const probeDifference = Math.max(
      ...vllm.ready.probe.map((value, i) => Math.abs(value - (here.ready.probe[i] ?? NaN))),
    );
    if (!(probeDifference <= PROBE_TOLERANCE)) throw unfair(`the probe's log-probs differ by ${probeDifference}`);
    const speeds: Speed[] = [];
    for (const [at, many] of pictures.entries()) {
      const reports = await takeTurns(sides, { rounds, warmUp: 1 }, (side, round) =>
        side.ask({ command: "generate", pictures: many, round: 1000 * at + round }, generationSchema),
      );
      speeds.push(speedOf(many * SAMPLES, reports));
    }
    return {
      model: which.name,
      parameters: here.ready.parameters,
      cores,
      versions: sides.map(({ ready }) => ready.ready),
      probeDifference,
      speeds,
      memory: { here: here.memory(), vllm: vllm.memory() },
    };
  });
}

function speedOf(rollouts: number, reports: readonly (readonly GenerationReport[])[]): Speed {
  for (const { tokens } of reports.flat()) {
    if (tokens !== rollouts * NEW_TOKENS)
      throw unfair(`${tokens} tokens were sampled instead of ${rollouts * NEW_TOKENS}`);
  }
  const [here = [], vllm = []] = reports.map((list) => list.map(({ tokens, seconds }) => tokens / seconds));
  return { rollouts, here: spread(here), vllm: spread(vllm), ratio: pairedRatio(here, vllm) };
}

function unfair(reason: string): LabError {
  return new LabError(`the sides do not do the same work: ${reason}`, "Remove .setup/bench and run this again.");
}

function table(machine: Machine, rounds: number, comparisons: readonly Comparison[]): string {
  const perSecond = (value: number): string => Math.round(value).toLocaleString("en");
  const rows = comparisons.flatMap(({ model, parameters, cores, speeds, memory }) =>
    speeds.map(({ rollouts, here, vllm, ratio }, i) => [
      i === 0 ? `${model} (${parameters.toLocaleString("en")})` : "",
      i === 0 ? cores : "",
      rollouts,
      withQuartiles(here, perSecond),
      withQuartiles(vllm, perSecond),
      `**${withQuartiles(ratio)}**`,
      i === 0 ? `${mib(memory.here)} / ${mib(memory.vllm)}` : "",
    ]),
  );
  return [
    "# Sampling here beside vLLM on the processor",
    "",
    `${machineLine(machine)}.`,
    `${comparisons[0]?.versions.join("; ") ?? ""}; vLLM in its own process (\`LLM.generate\`), compiled, float32.`,
    `Tokens a second: medians of ${rounds} rounds in turns after one of warm-up, in brackets the quartiles. ${SAMPLES} answers of ${NEW_TOKENS} tokens`,
    "to each picture, temperature 1. Ratio: ours ÷ vLLM's of the same round. Memory: peak resident sets added up, ours / vLLM's, MiB",
    "(vLLM reserves 2 GiB for its cache).",
    "",
    ...markdownTable(["model", "cores each", "rollouts", "here", "vLLM", "ratio", "memory"], rows),
    "",
  ].join("\n");
}

function mib(memory: Memory | undefined): string {
  return memory === undefined ? "–" : memory.peakMib.toFixed(0);
}

runMain(async () => {
  const options = readOptions("Times sampling here and by vLLM's CPU engine, in turns.", {
    models: { is: "mini (the shipped base), and random ones", usual: "mini,10M,50M", quick: "mini" },
    pictures: { is: `pictures at once, ${SAMPLES} answers to each`, usual: "2,4,8,16", quick: "2" },
    cores: { is: "that each side has", usual: "1,all", quick: "1" },
    rounds: { is: "rounds that count", usual: "5", quick: "1" },
  });
  if (!fs.existsSync(path.join(path.dirname(path.dirname(PYTHON)), "requirements.installed"))) {
    const why = path.join(ROOT, ".setup", "logs", "bench-vllm-packages.log");
    console.log(
      `generation: skipped, since vLLM is not installed here (node bench/setup-peer.mjs generation; its log is ${why})`,
    );
    return;
  }
  const machine = await describeMachine();
  const rounds = count("rounds", options.rounds);
  const comparisons: Comparison[] = [];
  for (const name of options.models.split(",")) {
    const which = checkpoint(name);
    for (const cores of counts("cores", options.cores)) {
      if (name === "50M" && cores < os.availableParallelism()) continue; // minutes, and nobody would run it so
      const own = Math.min(rounds, MOST_ROUNDS[name] ?? rounds);
      comparisons.push(await compare(which, cores, counts("pictures", options.pictures), own));
      const ratios = comparisons.at(-1)?.speeds.map(({ rollouts, ratio }) => `${rollouts}: ${ratio.median.toFixed(2)}`);
      console.error(`${name}, ${cores} cores each: ${ratios?.join(", ") ?? ""} × vLLM's tokens a second`);
    }
  }
  publish("generation", options, { machine, rounds, comparisons }, table(machine, rounds, comparisons));
});
