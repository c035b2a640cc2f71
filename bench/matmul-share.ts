/**
 * What share of the machine's own product rate the gradient of a micro-batch reaches, in one process and in as many at once as there
 * are cores; see docs/performance.md. Usage: npm run bench -- matmul-share --help
 */
import { execFile } from "node:child_process";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { parserOf } from "../src/config/stored";
import { describeMachine, machineLine, type Machine } from "./lib/machine";
import { markdownTable, ms } from "./lib/markdown";
import type { OperationTime } from "./lib/operationTimes";
import { count, counts, publish, readOptions, runMain } from "./lib/options";
import { oneThread } from "./lib/plan";
import { shareSchema, type Share } from "./lib/share";
import { median } from "./lib/statistics";

const run = promisify(execFile);

/** Processes that measured at the same time. */
interface Together {
  readonly processes: number;
  readonly rows: number;
  readonly shares: readonly Share[];
}

async function together(processes: number, rows: number, steps: number): Promise<Together> {
  const child = path.join(__dirname, "ours", "share.js");
  const one = async (): Promise<Share> => {
    const { stdout } = await run(process.execPath, [child, `${rows}`, `${steps}`], {
      env: { ...process.env, ...oneThread() },
    });
    return parserOf(shareSchema)(JSON.parse(stdout));
  };
  return { processes, rows, shares: await Promise.all(Array.from({ length: processes }, one)) };
}

function table(machine: Machine, steps: number, all: readonly Together[]): string {
  const rows = all.map(({ processes, rows: inBatch, shares }) => {
    const of = (value: (share: Share) => number): number => median(shares.map(value));
    return [
      processes,
      inBatch,
      of((s) => s.matmulRate).toFixed(0),
      (of((s) => s.stepFlops) / 1e9).toFixed(1),
      `${ms(of((s) => s.step.median))} (${ms(of((s) => s.step.low))}–${ms(of((s) => s.step.high))})`,
      of((s) => s.trainRate).toFixed(0),
      `**${percent(of((s) => s.share))}**`,
      percent(of((s) => s.forwardShare)),
      of((s) => s.peakMib).toFixed(0),
    ];
  });
  return [
    "# Share of the machine's own product rate",
    "",
    `${machineLine(machine)}.`,
    `Medians over ${steps} gradients after 3 of warm-up, in turns with 1024 × 1024 products; mini size, one thread for each process. Where`,
    "several processes measured at once, the median of theirs.",
    "",
    ...markdownTable(
      [
        ...[
          "processes",
          "rows",
          "product, GFLOP/s",
          "gradient, GFLOP",
          "gradient, ms (quartiles)",
          "gradient, GFLOP/s",
        ],
        ...["**share**", "forward alone", "peak memory, MiB"],
      ],
      rows,
    ),
    "",
    ...operationTable(all[0]!),
  ].join("\n");
}

/** The operations that take 2 % of the time or more; what is not listed is JavaScript. */
function operationTable({ rows: inBatch, shares: [share] }: Together): string[] {
  const { operations, step } = share!;
  const whole = 1000 * step.median;
  const long = operations.filter((operation) => operation.ms >= 0.02 * whole);
  const others = operations.slice(long.length);
  const sum = (list: readonly OperationTime[], of: "calls" | "ms") => list.reduce((total, o) => total + o[of], 0);
  const rows = [...long, { name: "others", calls: sum(others, "calls"), ms: sum(others, "ms") }];
  return [
    `Where the time of a gradient of ${inBatch} rows goes, one process:`,
    "",
    ...markdownTable(
      ["operation", "calls", "ms", "share of the time"],
      rows.map((o) => [o.name, o.calls.toFixed(0), o.ms.toFixed(1), percent(o.ms / whole)]),
    ),
    "",
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

runMain(async () => {
  const options = readOptions("Times the gradient of a micro-batch beside the machine's own rate of products.", {
    steps: { is: "gradients that count", usual: "20", quick: "2" },
    rows: { is: "rows of the micro-batch: the profile's, then others", usual: "20,80", quick: "20" },
  });
  const machine = await describeMachine();
  const steps = count("steps", options.steps);
  const [own = 20, ...others] = counts("rows", options.rows);
  const cores = os.availableParallelism();
  const all = [await together(1, own, steps)];
  if (cores > 1) all.push(await together(cores, own, steps));
  for (const rows of others) all.push(await together(1, rows, steps));
  publish("matmul-share", options, { machine, steps, all }, table(machine, steps, all));
});
