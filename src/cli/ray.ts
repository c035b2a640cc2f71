import { randomUUID } from "node:crypto";
import * as path from "node:path";
import type { Command } from "commander";
import { LabError } from "../core/errors";
import { printable } from "../core/printable";
import { RayClient } from "../lab/ray/client";
import { quoted } from "../core/shell";
import { besidesReports, withoutReports } from "../lab/ray/lines";
import { pack } from "../lab/ray/package";
import { isOver, requireJob, type Job } from "../lab/ray/replies";
import { watchJob } from "../lab/ray/watch";
import { formatDuration } from "../report/display/pace";
import { resultTable, textColumn, type ResultTable } from "../report/table/table";
import { toText } from "../report/table/text";
import { commandLine } from "./again";
import { addAddressOption, addClusterOptions, resourcesOf, type ClusterArguments } from "./executor";
import { collectPairs, keysAndValues } from "./options";

interface SubmitArguments extends ClusterArguments {
  readonly workingDir?: string;
  readonly env: readonly string[];
  readonly id?: string;
  readonly wait: boolean;
}

/** `fine-r1 ray`: jobs of a Ray cluster, such as the trainers of docs/trainers.md. */
export function addRayCommand(program: Command): void {
  const ray = program
    .command("ray")
    .description("start a command on a Ray cluster, list its jobs, read their logs, stop them")
    .addHelpText(
      "after",
      `
Experiments run on a cluster by \`fine-r1 run … --executor ray\`; this is for other programs, such as trainers (docs/ray.md). A cluster
that asks for a token gets the one of RAY_AUTH_TOKEN or of the file that RAY_AUTH_TOKEN_PATH names.

  $ npx fine-r1 ray submit --address http://head:8265 --gpus 4 --working-dir out/verl -- bash train.sh
  $ npx fine-r1 ray jobs --address http://head:8265
  $ npx fine-r1 ray logs --address http://head:8265 --follow ID`,
    );
  addClusterOptions(ray.command("submit"))
    .description("run a command as a job of the cluster, and print what it prints")
    .argument("<command...>", "after --, as a shell takes it")
    .option(
      "--working-dir <folder>",
      "what the command needs: sent once, and unpacked where it runs (100 MiB at most, zipped)",
    )
    .option(
      "--env <key=value>",
      "a variable of the job; everybody on the cluster can read it (repeatable)",
      collectPairs,
      [],
    )
    .option("--id <name>", "the job's name on the cluster; default: a new one")
    .option("--no-wait", "return as soon as the job is submitted")
    .action(submit);
  addAddressOption(ray.command("jobs"))
    .description("the jobs that a cluster remembers, the newest last")
    .action(async ({ address }: ClusterArguments) => {
      const client = await RayClient.open(address);
      console.log(toText(jobTable(await client.jobs(), `Jobs of ${client.name}, Ray ${client.version}`)));
    });
  addAddressOption(ray.command("logs"))
    .description("what a job has printed")
    .argument("<id>")
    .option("-f, --follow", "go on until the job ends")
    .action(async (id: string, { address, follow }: ClusterArguments & { follow?: boolean }) => {
      const client = await RayClient.open(address);
      if (follow === true) await printOut(client, id);
      else process.stdout.write(printable(withoutReports(await client.logs(id))));
    });
  addAddressOption(ray.command("stop"))
    .description("stop a job; a stage of an experiment saves a checkpoint first")
    .argument("<id>")
    .action(async (id: string, { address }: ClusterArguments) => {
      const client = await RayClient.open(address);
      const before = requireJob(await client.job(id), id);
      if (isOver(before)) throw new LabError(`has ended already (${before.status})`, "There is nothing to stop.", { subject: id }); // prettier-ignore
      await client.stop(id);
      if (before.status === "PENDING")
        console.log(`${id} waits for room on the cluster, and will end when its turn comes.`);
      else console.log(`${id}: ${(await watchJob(client, id)).status}`);
    });
}

async function submit(words: readonly string[], options: SubmitArguments): Promise<void> {
  const { workingDir, env, id = `fine-r1-${randomUUID().slice(0, 8)}`, wait, address } = options;
  const client = await RayClient.open(address);
  if ((await client.job(id)) !== undefined) {
    throw new LabError("is a job of the cluster already", "Choose another --id.", { subject: id });
  }
  const folder = workingDir === undefined ? undefined : path.resolve(workingDir);
  const sent = folder === undefined ? undefined : await client.putPackage(await pack(folder));
  const variables = Object.fromEntries(keysAndValues(env));
  const command = words.length === 1 ? words.join("") : words.map(quoted).join(" "); // one word is a line for the shell
  await client.submit({ id, command, workingDir: sent?.uri, variables, ...resourcesOf(options) });
  const again = (verb: string, ...more: string[]): string =>
    commandLine("ray", verb, ...(address === undefined ? [] : ["--address", address]), ...more, id);
  const packed = sent === undefined ? "" : sent.sent ? "; its folder was sent" : "; the cluster had its folder already";
  console.error(
    `Job ${id}${packed}. Ctrl-C here leaves it running:\n  ${again("logs", "--follow")}\n  ${again("stop")}`,
  );
  if (wait) await printOut(client, id);
}

/** Prints what a job prints, without the lines that are for programs, and how it ended. */
async function printOut(client: RayClient, id: string): Promise<void> {
  const out = besidesReports((text) => process.stdout.write(printable(text)));
  const job = await watchJob(client, id, { heard: out.hear }).finally(out.end);
  tellEnd(job, id);
}

/** The exit code of this command is that of the job's. */
function tellEnd({ status, message, error_type: kind, driver_exit_code: code }: Job, id: string): void {
  console.error(`${id}: ${status}${typeof code === "number" && code !== 0 ? ` (exit code ${code})` : ""}`);
  if (status === "SUCCEEDED") return;
  if (kind !== "JOB_ENTRYPOINT_COMMAND_ERROR" && typeof message === "string") console.error(printable(message));
  process.exitCode = typeof code === "number" && code > 0 ? code : 1;
}

function jobTable(jobs: readonly Job[], caption: string): ResultTable {
  const now = Date.now();
  const rows = jobs
    .flatMap((job) => (typeof job.submission_id === "string" ? [{ ...job, id: job.submission_id }] : []))
    .sort((a, b) => (a.start_time ?? 0) - (b.start_time ?? 0))
    .map(({ id, status, metadata, entrypoint, start_time: began, end_time: ended }) => ({
      id,
      status,
      what: (metadata?.["stage"] ?? entrypoint).slice(0, 60),
      began: typeof began === "number" ? new Date(began).toISOString().slice(0, 19).replace("T", " ") : "",
      time: typeof began === "number" ? formatDuration((ended ?? now) - began) : "",
    }));
  const columns = [
    textColumn("id", "Job"),
    textColumn("status", "Status"),
    textColumn("what", "What"),
    textColumn("began", "Submitted (UTC)"),
    textColumn("time", "Time"),
  ];
  return resultTable({ caption, columns, rows });
}
