import { Option, type Command } from "commander";
import { loadBackend, requireTraining } from "../core/backend";
import { LabError } from "../core/errors";
import { rayExecutor } from "../lab/ray/executor";
import type { RayResources } from "../lab/ray/client";
import type { LabContext, Stage } from "../lab/stage";
import { wholeFrom } from "./options";
import { withWorkers, type WorkersArgument } from "./workers";

/** What a job asks of a cluster, as commands take it. */
export interface ClusterArguments {
  readonly address?: string;
  readonly cpus?: number;
  readonly gpus?: number;
  /** GiB. */
  readonly memory?: number;
}

/** Who makes the stages of a command. */
export interface ExecutorArguments extends ClusterArguments, WorkersArgument {
  readonly executor?: string;
  readonly jobs?: number;
  readonly project?: string;
  readonly send?: boolean;
  readonly store?: string;
}

export function addAddressOption(command: Command): Command {
  return command.option(
    "--address <url>",
    "a Ray cluster's dashboard, such as http://head:8265 (RAY_API_SERVER_ADDRESS)",
  );
}

/** The options that name a cluster, and what a job needs of a node. */
export function addClusterOptions(command: Command): Command {
  return addAddressOption(command)
    .option("--cpus <n>", "CPUs that a job takes of its node; default: 1", amount)
    .option("--gpus <n>", "GPUs that a job takes; default: none", amount)
    .option("--memory <GiB>", "memory that a job takes; default: not asked for", amount);
}

export function addExecutorOptions(command: Command): Command {
  command.addOption(new Option("--executor <name>", "who makes the stages: this machine, or the nodes of a Ray cluster").choices(["local", "ray"])); // prettier-ignore
  return addClusterOptions(command)
    .option("--jobs <n>", "jobs on the cluster at a time; default: as many as its nodes have room for", wholeFrom(1))
    .addOption(
      new Option("--project <path>", "a prepared copy of this project on every node; default: where it lies here").conflicts("send"), // prettier-ignore
    )
    .option("--send", "send this project to the cluster instead; each node sets it up on first use")
    .option("--store <path>", "runs/store as the nodes name it, on storage that they share; default: as it is here");
}

const REMOTE = ["address", "cpus", "gpus", "memory", "jobs", "project", "send", "store"] as const;

/** Asked first, before anything is shown or made. @throws LabError for an option of a cluster where none is asked to make the stages */
export function requireExecutor(options: ExecutorArguments): void {
  const stray = isElsewhere(options) ? undefined : REMOTE.find((name) => options[name] !== undefined);
  if (stray !== undefined) throw new LabError(`--${stray} is for a cluster`, "Add --executor ray, or leave it out.");
}

/** Loads the engine, before any stage is made. @throws LabError where this machine is to train with one that cannot */
export async function requireEngine(stages: readonly Stage[], options: ExecutorArguments): Promise<void> {
  const trains = stages.some(({ kind, inputs }) => Object.values(kind.asks(inputs)).flat().includes("train"));
  await (trains && !isElsewhere(options) ? requireTraining() : loadBackend());
}

/** Does work with whoever is asked to: worker processes of this machine, or a cluster. Called after `loadBackend`. */
export async function withHands<T>(
  options: ExecutorArguments,
  body: (hands: Pick<LabContext, "workers" | "executor">) => Promise<T>,
): Promise<T> {
  if (!isElsewhere(options)) return withWorkers(options, (workers) => body({ workers }));
  const { address, jobs, store, workers } = options;
  const project = options.send === true ? "send" : options.project;
  return body({ executor: await rayExecutor({ ...resourcesOf(options), address, jobs, project, store, workers }) });
}

/** Whether stages are made elsewhere, so that this machine need not be able to. */
function isElsewhere({ executor }: ExecutorArguments): boolean {
  return executor === "ray";
}

export function resourcesOf({ cpus = 1, gpus = 0, memory = 0 }: ClusterArguments): RayResources {
  return { cpus, gpus, memory: Math.round(memory * 2 ** 30) };
}

function amount(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (value >= 0 && Number.isFinite(value)) return value;
  throw new LabError(`"${text}" is no amount`, "Give a number, such as 1, 0.5 or 16.");
}
