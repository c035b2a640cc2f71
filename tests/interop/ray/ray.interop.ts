import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { silent } from "../../../src/core/progress";
import { labOf } from "../../../src/lab/lab";
import { make } from "../../../src/lab/make";
import { loadProfile } from "../../../src/lab/profile";
import { RayClient } from "../../../src/lab/ray/client";
import type { Job } from "../../../src/lab/ray/replies";
import { rayExecutor } from "../../../src/lab/ray/executor";
import { cotSft } from "../../../src/lab/recipe";
import { withInputs } from "../../../src/lab/stage";
import { fineR1, kindsIn, measuredIn, newHome, refusal, removeHome, startFineR1, type Started } from "../../cli/home";
import { Cluster, freePort } from "./cluster";

/** The sweep of Table 3a at its smallest: two of its five shares, and a CoT SFT after which rewards differ within groups. */
const SETTINGS = ["--set", "sft.epochs=4", "--set", "rl.maxNewTokens=48"];
const SWEEP = ["run", "ratio", "-p", "smoke", "--only", "10:0,5:5", ...SETTINGS];
const TOKEN = "a-token-of-at-least-thirty-two-letters";

const homes: string[] = [];
const clusters: Cluster[] = [];
const home = (name: string): string => {
  const made = newHome(`ray-${name}`);
  homes.push(made);
  return made;
};
async function clusterOf(nodes: number, variables: Readonly<Record<string, string>> = {}): Promise<Cluster> {
  const cluster = await Cluster.start(nodes, { RAY_AUTH_MODE: "token", RAY_AUTH_TOKEN: TOKEN, ...variables });
  clusters.push(cluster);
  return cluster;
}

beforeAll(() => {
  process.env["RAY_AUTH_TOKEN"] = TOKEN;
});
afterAll(() => {
  delete process.env["RAY_AUTH_TOKEN"];
  clusters.forEach((cluster) => {
    cluster.stop();
  });
  homes.forEach(removeHome);
});

/** The folder of the sweep's report. */
const reportOf = (of: string): string => {
  const folder = path.join(of, "runs", "ratio");
  return path.join(folder, fs.readdirSync(folder)[0] ?? "none");
};

describe("a cluster of two nodes", () => {
  it("makes the table of one machine to the bit, through a client that is killed, a Ctrl-C and the death of a node", async () => {
    const [here, there] = [home("here"), home("there")];
    const cluster = await clusterOf(2);
    const client = await RayClient.open(cluster.address);
    expect((await startFineR1(here, SWEEP).end).how).toBe("exit 0");

    const start = (): Started => startFineR1(there, [...SWEEP, "--executor", "ray", "--address", cluster.address]);
    const running = async (kind: string, run: Started): Promise<Job> => {
      for (;;) {
        const found = (await client.jobs()).find(
          ({ status, metadata }) => status === "RUNNING" && metadata?.["kind"] === kind,
        );
        if (found !== undefined) return found;
        if (run.child.exitCode !== null) throw new Error(`the run ended first: ${(await run.end).errors}`);
        await delay(200);
      }
    };

    // the client dies; its job goes on, and the next client waits for it
    const first = start();
    const abandoned = await running("cot", first);
    first.child.kill("SIGKILL");
    await first.end;

    // a job's process dies; then Ctrl-C: jobs stop with a checkpoint
    const second = start();
    const struck = (await running("sft", second)).submission_id ?? "";
    while (cluster.killJob(struck) === 0) await delay(100);
    await running("rl", second);
    expect(await client.job(struck)).toMatchObject({ status: "FAILED", driver_exit_code: -9 });
    await delay(2000);
    second.child.kill("SIGINT");
    const stopped = await second.end;
    expect(stopped.how).toBe("exit 130");
    expect(stopped.errors).toContain("Stopped");
    const states = (await client.jobs())
      .filter(({ metadata }) => metadata?.["kind"] === "rl")
      .map(({ status }) => status);
    expect(states).toContain("STOPPED");

    // a node dies with what runs on it
    const third = start();
    await running("rl", third);
    await delay(3000);
    cluster.killNode(1);
    const { how, errors } = await third.end;
    expect(errors.split("\n").slice(-20).join("\n")).not.toContain("fine-r1:");
    expect(how).toBe("exit 0");

    const jobs = await client.jobs();
    expect(jobs.filter(({ metadata }) => metadata?.["kind"] === "cot").map(({ submission_id: id }) => id)).toEqual([
      abandoned.submission_id,
    ]);
    expect(jobs.some(({ error_type: kind }) => kind === "JOB_SUPERVISOR_ACTOR_DIED")).toBe(true);
    expect(measuredIn(reportOf(there))).toEqual(measuredIn(reportOf(here)));
    expect(kindsIn(there)).toEqual(kindsIn(here));
    for (const file of ["table.csv", "outcomes.json"]) {
      const text = (of: string): string => fs.readFileSync(path.join(reportOf(of), file), "utf8");
      expect(text(there)).toBe(text(here));
    }
    const record = JSON.parse(fs.readFileSync(path.join(reportOf(there), "run.json"), "utf8")) as { executor: string };
    expect(record.executor).toMatch(/^Ray \d+\.\d+\.\d+, \d nodes?$/u);
    const all = fs.readdirSync(there, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(all.filter(({ parentPath, name }) => fs.readFileSync(path.join(parentPath, name)).includes(TOKEN))).toEqual(
      [],
    );
    cluster.stop();
  });
});

describe("a cluster of one node", () => {
  it("refuses what it cannot do, in words", async () => {
    const cluster = await clusterOf(1, { RAY_JOB_START_TIMEOUT_SECONDS: "8" });
    const { address } = cluster;
    const at = home("errors");
    const onRay = [...SWEEP, "--executor", "ray", "--address", address];
    expect(refusal(at, onRay, { RAY_AUTH_TOKEN: "another-token-of-thirty-two-letters" })).toContain(
      "does not accept the token of RAY_AUTH_TOKEN (403)",
    );
    expect(refusal(at, onRay, { RAY_AUTH_TOKEN: "", HOME: at })).toContain("asks for a token, and none was given");
    expect(refusal(at, [...onRay, "--cpus", "3"])).toContain("no node of 1 has 3 CPU (the most that one has: 1 CPU)");
    const nobody = `http://127.0.0.1:${await freePort()}`;
    expect(refusal(at, [...SWEEP, "--executor", "ray", "--address", nobody])).toContain(
      `${nobody}: the cluster does not answer (connect ECONNREFUSED`,
    );
    const noProject = fineR1(at, [...onRay, "--project", "/nowhere"]);
    expect(noProject.stderr).toMatch(/its job failed: .*\/nowhere.* Every node needs Node and this project/su);

    // somebody else has its only CPU
    const busy = fineR1(at, ["ray", "submit", "--address", address, "--no-wait", "--id", "busy", "--", "sleep", "600"]);
    expect(busy.status, busy.stderr).toBe(0);
    const client = await RayClient.open(address);
    while ((await client.job("busy"))?.status === "PENDING") await delay(200);
    const full = fineR1(at, onRay);
    expect(full.status).toBe(1);
    expect(full.stderr).toMatch(/the cluster had no room for its job within \d+ s: its queue is full/u);
    expect(fineR1(at, ["ray", "stop", "--address", address, "busy"]).stdout.trim()).toBe("busy: STOPPED");

    // a folder is sent with a command, once
    const folder = path.join(at, "work");
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, "train.sh"), 'echo "training $SEED"; exit 7\n');
    const submit = (): ReturnType<typeof fineR1> =>
      fineR1(at, [
        "ray",
        "submit",
        "--address",
        address,
        "--working-dir",
        folder,
        "--env",
        "SEED=3",
        "--",
        "sh",
        "train.sh",
      ]);
    const trained = submit();
    expect([trained.status, trained.stderr]).toEqual([7, expect.stringContaining("its folder was sent")]);
    expect(trained.stdout).toContain("training 3\n");
    expect(submit().stderr).toContain("the cluster had its folder already");
    const listed = fineR1(at, ["ray", "jobs", "--address", address]).stdout;
    expect(listed).toMatch(/busy +STOPPED +sleep 600/u);

    // its head dies while it is at work
    const lab = await labOf(loadProfile("smoke"), { progress: silent, store: path.join(at, "store") });
    const executor = await rayExecutor({ address, patienceSeconds: 3 });
    const long = withInputs(cotSft(lab.recipe(1)), { epochs: 500 });
    const made = make({ ...lab, executor }, long);
    const outcome = made.catch((error: unknown) => (error instanceof Error ? error.message : ""));
    while (!(await client.jobs()).some(({ status, metadata }) => metadata?.["kind"] === "sft" && status === "RUNNING"))
      await delay(300);
    cluster.killNode(0);
    expect(await outcome).toMatch(
      /the cluster does not answer \(.*\) and has not for 3 s\. What finished stages made is kept/u,
    );
  });
});
