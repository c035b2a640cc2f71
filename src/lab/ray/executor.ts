import * as os from "node:os";
import * as path from "node:path";
import { ROOT } from "../../config/load";
import { LabError } from "../../core/errors";
import { check, type ProgressTask } from "../../core/progress";
import type { Executor, LabContext, Stage } from "../stage";
import { RayClient, type RayResources } from "./client";
import { jobName, jobOf, type JobPlaces } from "./job";
import { isOver, type Job, type RayNode } from "./replies";
import { Listener, withoutReports } from "./lines";
import { buildDigest, packProject } from "./package";
import { watchJob } from "./watch";

export interface RayOptions extends Partial<RayResources> {
  /** Of the dashboard; default: RAY_API_SERVER_ADDRESS. */
  readonly address?: string | undefined;
  /** A prepared copy of this project on every node; default: where it lies here. "send": it is sent, and each node sets it up. */
  readonly project?: string | undefined;
  /** The store as the nodes name it, on storage that they share with this machine; default: as it is named here. */
  readonly store?: string | undefined;
  /** Jobs at a time; default: as many as the nodes have room for. */
  readonly jobs?: number | undefined;
  /** Processes that share the work of a job; default: as many as it has CPUs. */
  readonly workers?: string | undefined;
  readonly patienceSeconds?: number | undefined;
  /** Seconds after which the shared storage shows what a node wrote, at the latest; 90 (an NFS client's `acdirmax` is 60). */
  readonly settleSeconds?: number | undefined;
}

/** How often the job of a stage may be lost with its node or its process before that is an error. */
const MOST_LOSSES = 3;
/** Seconds after which somebody who waits for room in the cluster is told so. */
const TOLD_AFTER = 10;

/** Has stages made by the nodes of a Ray cluster: a stage is a job. @throws LabError where no node could take one */
export async function rayExecutor(options: RayOptions = {}): Promise<Executor> {
  const { cpus = 1, gpus = 0, memory = 0, project, patienceSeconds, settleSeconds = 90 } = options;
  const resources = { cpus, gpus, memory };
  const client = await RayClient.open(options.address, { patienceSeconds });
  const nodes = await client.nodes();
  const lanes = options.jobs ?? capacity(client, nodes, resources);
  const build = buildDigest();
  let sent: Promise<{ uri: string }> | undefined;
  const sending = (): Promise<{ uri: string }> => {
    sent ??= send(client).catch((error: unknown) => {
      sent = undefined; // the next stage tries again
      throw error;
    });
    return sent;
  };
  const places = async (context: LabContext): Promise<JobPlaces> => ({
    store: options.store ?? path.resolve(context.store),
    project: project === "send" ? { package: (await sending()).uri } : { at: project ?? ROOT },
    build,
    workers: options.workers ?? String(Math.max(1, Math.floor(gpus > 0 ? 1 : cpus))),
  });
  return {
    lanes,
    settleSeconds,
    name: `Ray ${client.version}, ${nodes.length} ${nodes.length === 1 ? "node" : "nodes"}`,
    make: async (stage, context) => {
      await makeByJobs(client, stage, context, { ...resources, ...(await places(context)) });
    },
  };
}

async function send(client: RayClient): Promise<{ uri: string }> {
  return client.putPackage(await packProject());
}

/** How many jobs the nodes have room for at a time. @throws LabError where that is none */
function capacity({ name }: RayClient, nodes: readonly RayNode[], { cpus, gpus, memory }: RayResources): number {
  const wanted = Object.entries({ CPU: cpus, GPU: gpus, memory }).filter(([, amount]) => amount > 0);
  const room = ({ resources_total: has }: RayNode): number =>
    Math.min(...wanted.map(([what, amount]) => Math.floor((has[what] ?? 0) / amount)));
  const sum = nodes.reduce((all, node) => all + room(node), 0);
  if (wanted.length === 0) return Math.max(1, nodes.length);
  if (sum > 0) return sum;
  const most = wanted.map(([what, amount]) => {
    const largest = Math.max(0, ...nodes.map(({ resources_total: has }) => has[what] ?? 0));
    return `${shown(what, amount)} (the most that one has: ${shown(what, largest)})`;
  });
  throw new LabError(
    `no node of ${nodes.length} has ${most.join(" and ")}`,
    "Ask for less with --cpus, --gpus and --memory. Where the cluster grows when jobs wait, say how many at a time: --jobs 4.",
    { subject: name },
  );
}

function shown(what: string, amount: number): string {
  return what === "memory" ? `${(amount / 2 ** 30).toFixed(1)} GiB` : `${amount} ${what}`;
}

/** Makes a stage by a job, or waits for the one that is at it; a job that is lost is followed by another. */
async function makeByJobs(
  client: RayClient,
  stage: Stage,
  context: LabContext,
  how: RayResources & JobPlaces,
): Promise<void> {
  const name = jobName(stage, how);
  let losses = 0;
  for (let attempt = 1; ; attempt++) {
    check(context.signal);
    const id = `${name}-${attempt}`;
    const before = await client.job(id);
    if (before !== undefined && isOver(before)) continue; // an earlier run's
    if (before === undefined) await client.submit({ id, ...how, ...jobOf(stage, how) });
    const job = await watchStage(client, id, stage, context);
    if (job.status === "SUCCEEDED") return;
    if (job.status === "STOPPED" && before !== undefined) continue; // stopped by the run that it was begun for
    losses += wasLost(job) ? 1 : MOST_LOSSES;
    if (losses >= MOST_LOSSES) throw await failure(client, id, job, stage);
    const told = context.progress.start(`${stage.label}: its job was lost, and is asked for again`, 1);
    told.update(1);
    told.finish();
  }
}

/** Reports here what the job of a stage reports there. */
async function watchStage(client: RayClient, id: string, stage: Stage, context: LabContext): Promise<Job> {
  const { progress, onStep, signal } = context;
  const listener = new Listener({ progress, ...(onStep === undefined ? {} : { onStep }) });
  const began = performance.now();
  let waiting: ProgressTask | undefined;
  const seen = ({ status }: Job): void => {
    if (status === "PENDING" && performance.now() - began > 1000 * TOLD_AFTER) {
      waiting ??= progress.start(`${stage.label}: waiting for a node of the cluster`, 1);
      waiting.update(0);
    } else if (status !== "PENDING" && waiting !== undefined) {
      waiting.update(1);
      waiting.finish();
      waiting = undefined;
    }
  };
  try {
    return await watchJob(client, id, { heard: (text) => { listener.hear(text); }, seen, signal }); // prettier-ignore
  } finally {
    waiting?.finish();
    listener.end();
  }
}

/** A node that died takes its job's supervisor with it. */
const LOST = /^JOB_SUPERVISOR_ACTOR_(?:DIED|UNKNOWN_FAILURE|START_FAILURE)$/u;

/** Whether a job ended by what its work is not to blame for: its node or its process was killed. */
export function wasLost({ status, error_type: kind, driver_exit_code: code, message }: Job): boolean {
  if (status !== "FAILED") return false;
  if (typeof code === "number") return killedBy(code) !== undefined;
  return LOST.test(kind ?? "") || (typeof kind !== "string" && /supervisor actor died/u.test(message ?? ""));
}

/** The number of the signal that ended a command, by its exit code as Python or a shell gives it. */
function killedBy(code: number): number | undefined {
  if (code < 0) return -code;
  return code > 128 && code <= 128 + os.constants.signals.SIGSYS ? code - 128 : undefined;
}

/** What a job that failed says of it. */
async function failure(client: RayClient, id: string, job: Job, { label }: Stage): Promise<LabError> {
  const log = `The log: npx fine-r1 ray logs ${id}`;
  const error = (reason: string, remedy: string): LabError =>
    new LabError(reason, `${remedy} ${log}`, { subject: label });
  if (job.status === "STOPPED") return error("its job was stopped by somebody else", "Run again to go on from there.");
  if (wasLost(job)) {
    const how = job.driver_exit_code == null ? "with its node" : `by signal ${killedBy(job.driver_exit_code)}`;
    const remedy =
      "The node may be short of memory: ask for more with --memory, or for fewer jobs at a time with --jobs.";
    return error(`its job was lost ${MOST_LOSSES} times, last ${how}`, remedy);
  }
  if (job.error_type === "JOB_SUPERVISOR_ACTOR_START_TIMEOUT") {
    const waited = ((job.end_time ?? 0) - (job.start_time ?? 0)) / 1000;
    const remedy =
      "Run again when others are done, ask for less, or let jobs wait for longer: RAY_JOB_START_TIMEOUT_SECONDS, set where the head is started.";
    return error(`the cluster had no room for its job within ${Math.round(waited)} s: its queue is full`, remedy);
  }
  const said =
    (job.driver_exit_code == null ? (job.message ?? "") : withoutReports(await client.logs(id).catch(() => job.message ?? ""))) // prettier-ignore
      .trim()
      .split("\n");
  const own = said
    .filter((line) => line.startsWith("fine-r1: "))
    .at(-1)
    ?.slice("fine-r1: ".length);
  if (own !== undefined) return new LabError(`on its node: ${own.replace(/\.$/u, "")}`, log, { subject: label });
  const remedy = "Every node needs Node and this project, set up, where --project says; or send it with --send.";
  return error(`its job failed: ${said.slice(-3).join(" | ").slice(-600)}`, remedy);
}
