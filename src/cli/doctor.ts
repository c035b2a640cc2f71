import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { numericsMode } from "../core/backend";
import { LabError } from "../core/errors";
import { gibibytes } from "../core/memory";
import { workerCount } from "../workers/count";
import { processorGap } from "../verify/numerics/record";
import { modelFolders, npmVersion, outputOf, pythonVersion } from "./facts";
import { type EngineProbe, probeEngine } from "./probe";

/** "note" is information; "warning" leaves something out; "problem" keeps the main job from running. */
export type Status = "ok" | "note" | "warning" | "problem";

/** One line of the examination. */
export interface Finding {
  readonly subject: string;
  readonly status: Status;
  readonly value: string;
  /** What to do, where something is to be done. */
  readonly remedy?: string;
}

export interface Examination {
  readonly findings: readonly Finding[];
  /** No finding is a problem. */
  readonly healthy: boolean;
}

const SET_UP = "Run `npm run setup`.";
const NPM_PACKAGES = [
  "@tensorflow/tfjs-core",
  "@tensorflow/tfjs-node-gpu",
  "@xenova/transformers",
  "danfojs-node",
  "plotly.js",
  "sharp",
  "tslab",
  "zod",
];
const PYTHON_PACKAGES = ["jupyterlab", "nbconvert", "plotly"];
const LEAST_MEMORY = 4 * 2 ** 30;
const LEAST_DISK = 2 * 2 ** 30;

/**
 * Looks at everything the project rests on, and has the tensor engine compute something.
 * @param root the project folder
 */
export async function examine(root: string): Promise<Examination> {
  const engine = await probeEngine();
  const findings = [
    ...programs(root),
    ...packages(root),
    ...engineFindings(root, engine),
    threads(),
    workers(),
    numerics(engine),
    gpu(engine.usesGpu),
    ...machine(root),
    kernel(root),
    assets(root),
  ];
  return { findings, healthy: findings.every(({ status }) => status !== "problem") };
}

/** The examination as a table: a mark, the subject, what was found, and what to do about it. */
export function formatExamination({ findings, healthy }: Examination): string {
  const marks: Record<Status, string> = { ok: "ok", note: "--", warning: "!", problem: "WRONG" };
  const width = Math.max(...findings.map(({ subject }) => subject.length));
  const lines = findings.flatMap(({ subject, status, value, remedy }) => [
    `${marks[status].padEnd(5)}  ${subject.padEnd(width)}  ${value}`,
    ...(remedy === undefined ? [] : [`${" ".repeat(width + 9)}→ ${remedy}`]),
  ]);
  return [...lines, "", healthy ? "This installation works." : "Something is wrong; follow the arrows above."].join(
    "\n",
  );
}

function programs(root: string): Finding[] {
  const python = outputOf(path.join(root, ".venv", "bin", "python"), ["--version"])?.replace("Python ", "");
  return [
    { subject: "Node", status: "ok", value: process.versions.node }, // another one does not get as far as here
    { subject: "npm", status: "note", value: outputOf("npm", ["--version"]) ?? "not on the PATH" },
    present("Python (.venv)", python),
  ];
}

function packages(root: string): Finding[] {
  const tensorflow = ["tensorflow_cpu", "tensorflow"].map((name) => [name, pythonVersion(root, name)] as const);
  const wheel = tensorflow.find(([, version]) => version !== undefined);
  return [
    present("TensorFlow wheel", wheel === undefined ? undefined : `${wheel[1] ?? ""} (${wheel[0]})`),
    ...NPM_PACKAGES.map((name) => present(name, npmVersion(root, name))),
    ...PYTHON_PACKAGES.map((name) => present(`${name} (Python)`, pythonVersion(root, name))),
  ];
}

function present(subject: string, version: string | undefined): Finding {
  return version === undefined
    ? { subject, status: "problem", value: "missing", remedy: SET_UP }
    : { subject, status: "ok", value: version };
}

function engineFindings(
  root: string,
  { backend, computes, differentiates, problem, remedy: mend = SET_UP }: EngineProbe,
): Finding[] {
  const subject = "Tensor engine";
  if (backend === undefined || !computes) {
    return [{ subject, status: "problem", value: problem ?? "computes wrongly", remedy: mend }];
  }
  const engine: Finding = { subject, status: "ok", value: `${backend.name}, computes rightly${twinNote(root)}` };
  if (differentiates) return [engine, { subject: "Training", status: "ok", value: "gradients are right" }];
  const why = backend.canTrain ? "gradients are wrong" : `not with wasm: ${firstLine(backend.reason ?? "")}`;
  const asked = process.env["FINE_R1_BACKEND"] === "wasm";
  const remedy = asked
    ? "Unset FINE_R1_BACKEND for the native engine."
    : "Install a C++ compiler, then run `npm run setup`; until then only inference and demos run.";
  return [engine, { subject: "Training", status: backend.canTrain ? "problem" : "warning", value: why, remedy }];
}

/** danfojs must share our engine: a second copy would hold tensors that ours cannot read. */
function twinNote(root: string): string {
  const real = (name: string): string | undefined => {
    const folder = path.join(root, "node_modules", "@tensorflow", name);
    return fs.existsSync(folder) ? fs.realpathSync(folder) : undefined;
  };
  return real("tfjs-node") === real("tfjs-node-gpu") ? ", shared with danfojs" : "";
}

/** What a look finds; where a variable is set wrongly, that. */
function found(subject: string, look: () => Omit<Finding, "subject">): Finding {
  try {
    return { subject, ...look() };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { subject, status: "problem", value: error.reason, remedy: error.remedy };
  }
}

function workers(): Finding {
  return found("Worker processes", () => {
    const { workers: count, because } = workerCount();
    const value = because ?? (count === 1 ? "none: all is computed in one process" : `${count}`);
    return { status: because === undefined ? "ok" : "note", value };
  });
}

function threads(): Finding {
  const set = ["TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [`${name}=${value}`];
  });
  const cores = `${os.availableParallelism()} cores`;
  return { subject: "Threads", status: "note", value: [cores, ...set].join(", ") };
}

/** Whether tables can come out to the last digit as recorded; `--numerics` computes it. */
function numerics({ backend, usesGpu }: EngineProbe): Finding {
  return found("Last digits", () => {
    if (backend === undefined) return { status: "note", value: "cannot be told: no engine was loaded" };
    const gap =
      (backend.name === "tensorflow" ? undefined : `the ${backend.name} engine`) ??
      (usesGpu ? "the engine computes on the GPU" : undefined) ??
      (numericsMode() === "native" ? "FINE_R1_NUMERICS=native" : processorGap());
    if (gap === undefined) return { status: "ok", value: "as on every x86-64 processor with AVX2 and FMA" };
    return { status: "note", value: `can differ from the recorded ones: ${gap}` };
  });
}

function gpu(used: boolean): Finding {
  const subject = "GPU";
  const found = outputOf("nvidia-smi", ["--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]) ?? "";
  if (found === "") return { subject, status: "note", value: "no NVIDIA GPU; the CPU is used" };
  const value = found.split("\n").join("; ");
  if (used) return { subject, status: "ok", value: `${value}, in use` };
  const remedy = "Run `FINE_R1_CUDA=1 npm run setup` for TensorFlow with CUDA.";
  return { subject, status: "warning", value: `${value}, not in use`, remedy };
}

function machine(root: string): Finding[] {
  // In a container the limit counts, not the machine; Node gives 0 or a huge number where there is none.
  const limit = process.constrainedMemory();
  const memory = limit > 0 && limit < os.totalmem() ? limit : os.totalmem();
  const { bavail, bsize } = fs.statfsSync(root);
  return [
    enough(
      "Memory",
      memory,
      LEAST_MEMORY,
      "The mini profile needs about 4 GiB; close other programs or use the smoke profile.",
    ),
    enough("Free disk", bavail * bsize, LEAST_DISK, "Free at least 2 GiB for runs and results."),
  ];
}

function enough(subject: string, bytes: number, least: number, remedy: string): Finding {
  const value = gibibytes(bytes);
  return bytes >= least ? { subject, status: "ok", value } : { subject, status: "warning", value, remedy };
}

function kernel(root: string): Finding {
  const subject = "Jupyter kernel";
  const file = path.join(root, ".venv", "share", "jupyter", "kernels", "tslab", "kernel.json");
  if (!fs.existsSync(file)) return { subject, status: "problem", value: "not registered", remedy: SET_UP };
  const launcher = path.join(root, "scripts", "kernel.mjs");
  return fs.readFileSync(file, "utf8").includes(JSON.stringify(launcher))
    ? { subject, status: "ok", value: "tslab, registered in .venv" }
    : { subject, status: "problem", value: "registered for another folder, or by an older set-up", remedy: SET_UP };
}

function assets(root: string): Finding {
  const folders = modelFolders(root);
  return folders.length > 0
    ? { subject: "Shipped models", status: "ok", value: folders.join(", ") }
    : {
        subject: "Shipped models",
        status: "warning",
        value: "none under assets/",
        remedy: "Check the clone out again, or make them: `npx fine-r1 base build`.",
      };
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0] ?? "";
}
