/**
 * Speed of this project's TAPO step beside TRL's GRPOTrainer with the DAPO loss, in one run, alternating; see
 * docs/performance.md. Usage: npm run bench -- [--rounds 12] [--sizes 0.6M,2M] [--threads 1,all] [--out results/bench]
 */
import * as path from "node:path";
import { parseArgs } from "node:util";
import { LabError } from "../src/core/errors";
import { writeFileAtomic, writeJson } from "../src/core/files";
import { describeMachine, machineLine, type Machine } from "./lib/machine";
import { count, RESULTS, ROOT, runMain, threadCounts } from "./lib/options";
import { PARTS, type Part, type Ready, type StepReport } from "./lib/protocol";
import { median, quantile } from "./lib/statistics";
import { startWorker, type Worker } from "./lib/worker";

const WARM_UP = 3;
/** The probe's log-probs may differ by this between the sides: both run the same weights in float32. */
const PROBE_TOLERANCE = 1e-3;

interface Figures {
  /** Seconds, medians over the rounds, with the quartiles of the whole step. */
  readonly median: Readonly<Record<Part, number>>;
  readonly quartiles: readonly [number, number];
  readonly peakMib: number;
  /** Peak memory before the first step: the libraries and the model. */
  readonly idleMib: number;
  readonly tokens: number;
  readonly seconds: readonly number[];
}

interface Comparison {
  readonly size: string;
  readonly threads: number;
  readonly parameters: number;
  readonly versions: { readonly ours: string; readonly trl: string };
  /** Largest difference of the probe's log-probs between the two sides. */
  readonly probeDifference: number;
  readonly ours: Figures;
  readonly trl: Figures;
  /** Ours divided by TRL's; below 1 is faster or smaller. */
  readonly ratio: Readonly<Record<Part, number>> & { readonly peakMib: number };
}

async function compare(size: string, threads: number, rounds: number): Promise<Comparison> {
  const folder = path.join(ROOT, ".setup", "bench", size);
  const ours = await startWorker("TAPO", process.execPath, [path.join(__dirname, "ours", "worker.js"), folder], {
    TF_NUM_INTRAOP_THREADS: `${threads}`,
    TF_NUM_INTEROP_THREADS: "1",
    OMP_NUM_THREADS: `${threads}`,
  });
  let trl: Worker | undefined;
  try {
    const python = path.join(ROOT, ".setup", "bench-venv", "bin", "python");
    const script = path.join(ROOT, "bench", "peer", "trl_step.py");
    trl = await startWorker("TRL", python, [script, "--task", folder], { OMP_NUM_THREADS: `${threads}` });
    const probeDifference = sameModel(ours.ready, trl.ready);
    const reports = { ours: [] as StepReport[], trl: [] as StepReport[] };
    for (let round = 0; round < WARM_UP + rounds; round++) {
      const [a, b] = [await ours.step(), await trl.step()];
      if (a.tokens !== b.tokens) throw unfair(`${a.tokens} tokens were sampled here and ${b.tokens} by TRL`);
      if (round < WARM_UP) continue;
      reports.ours.push(a);
      reports.trl.push(b);
    }
    return summarise(size, threads, ours.ready, trl.ready, probeDifference, reports);
  } finally {
    await ours.stop();
    await trl?.stop();
  }
}

/** Both sides must hold the same weights and read the prompt and its image alike. @returns the largest difference */
function sameModel(ours: Ready, trl: Ready): number {
  if (ours.parameters !== trl.parameters) {
    throw unfair(`this side trains ${ours.parameters} parameters and TRL ${trl.parameters}`);
  }
  const difference = Math.max(...trl.probe.map((value, i) => Math.abs(value - (ours.probe[i] ?? NaN))));
  if (!(difference <= PROBE_TOLERANCE)) throw unfair(`the probe's log-probs differ by ${difference}`);
  return difference;
}

function unfair(reason: string): LabError {
  return new LabError(`the two sides do not do the same work: ${reason}`, "Remove .setup/bench and run this again.");
}

function summarise(
  size: string,
  threads: number,
  ours: Ready,
  trl: Ready,
  probeDifference: number,
  reports: { ours: readonly StepReport[]; trl: readonly StepReport[] },
): Comparison {
  const a = figures(reports.ours, ours);
  const b = figures(reports.trl, trl);
  const ratio = Object.fromEntries(PARTS.map((part) => [part, a.median[part] / b.median[part]])) as Record<
    Part,
    number
  >;
  return {
    size,
    threads,
    parameters: ours.parameters,
    versions: { ours: ours.ready, trl: trl.ready },
    probeDifference,
    ours: a,
    trl: b,
    ratio: { ...ratio, peakMib: a.peakMib / b.peakMib },
  };
}

function figures(reports: readonly StepReport[], ready: Ready): Figures {
  const of = (part: Part): number[] => reports.map((report) => report[part]);
  return {
    median: Object.fromEntries(PARTS.map((part) => [part, median(of(part))])) as Record<Part, number>,
    quartiles: [quantile(of("total"), 0.25), quantile(of("total"), 0.75)],
    peakMib: Math.max(...reports.map((report) => report.peakMib)),
    idleMib: ready.peakMib,
    tokens: reports[0]?.tokens ?? 0,
    seconds: of("total"),
  };
}

function table(machine: Machine, rounds: number, comparisons: readonly Comparison[]): string {
  const ms = (seconds: number): string => (seconds * 1000).toFixed(0);
  const rows = comparisons.flatMap((c) => {
    const head = `${c.size} (${c.parameters.toLocaleString("en")}), ${c.ours.tokens} tokens`;
    const row = (side: string, f: Figures): string =>
      `| ${head} | ${c.threads} | ${side} | ${PARTS.map((p) => ms(f.median[p])).join(" | ")} | ` +
      `${f.quartiles.map(ms).join("–")} | ${f.peakMib.toFixed(0)} |`;
    const ratios = [...PARTS.map((p) => c.ratio[p].toFixed(2)), "", c.ratio.peakMib.toFixed(2)].join(" | ");
    return [row("TAPO, here", c.ours), row("DAPO, TRL", c.trl), `| ${head} | ${c.threads} | **ratio** | ${ratios} |`];
  });
  return [
    "# TAPO here beside DAPO in TRL",
    "",
    `${machineLine(machine)}.`,
    `Here: ${comparisons[0]?.versions.ours ?? ""}. Peer: ${comparisons[0]?.versions.trl ?? ""}.`,
    `Medians over ${rounds} alternating steps after ${WARM_UP} of warm-up; milliseconds, MiB. Ratio: here ÷ TRL.`,
    "",
    "| model, step | threads | side | whole step | generation | scoring | update | quartiles of the step | peak memory |",
    "|---|---|---|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "12" },
      sizes: { type: "string", default: "0.6M,2M" },
      threads: { type: "string", default: "1,all" },
      out: { type: "string", default: RESULTS },
    },
  });
  const machine = describeMachine();
  const rounds = count("rounds", values.rounds);
  const comparisons: Comparison[] = [];
  for (const threads of threadCounts(values.threads)) {
    for (const size of values.sizes.split(",")) {
      const comparison = await compare(size, threads, rounds);
      comparisons.push(comparison);
      console.error(`${size}, threads ${threads}: whole step ${comparison.ratio.total.toFixed(2)} of TRL's`);
    }
  }
  const text = table(machine, rounds, comparisons);
  writeJson(path.join(values.out, "tapo-vs-trl.json"), { machine, rounds, warmUp: WARM_UP, comparisons });
  writeFileAtomic(path.join(values.out, "tapo-vs-trl.md"), text);
  console.log(text);
}

runMain(main);
