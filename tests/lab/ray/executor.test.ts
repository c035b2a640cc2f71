import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { ROOT } from "../../../src/config/load";
import { silent, type Progress } from "../../../src/core/progress";
import { quoted } from "../../../src/core/shell";
import type { Lab } from "../../../src/lab/lab";
import { make } from "../../../src/lab/make";
import type { Job } from "../../../src/lab/ray/replies";
import { wasLost, rayExecutor, type RayOptions } from "../../../src/lab/ray/executor";
import { tripletStage } from "../../../src/lab/kinds/data";
import { jobName, jobOf, STAGE_VARIABLE, stageOfJob } from "../../../src/lab/ray/job";
import { reportInLines } from "../../../src/lab/ray/lines";
import { buildDigest } from "../../../src/lab/ray/package";
import { cotSft, testAnswers } from "../../../src/lab/recipe";
import { withInputs, type Stage } from "../../../src/lab/stage";
import { lookAtServer } from "../../../src/model/served/look";
import { chatServer } from "../../served/chatServer";
import { echo } from "../../served/script";
import { tinyLab } from "../tinyLab";
import { JobsServer, job, reply, type Course, type Submitted } from "./jobsServer";

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-ray-"));
let lab: Lab;
let cot: Stage;
let server: JobsServer;
let address: string;
let stores = 0;

beforeAll(async () => {
  lab = await tinyLab(path.join(scratch, "lab"), {}, []);
  [cot] = cotSft(lab.recipe(1)).needs as [Stage];
});
afterAll(() => {
  fs.rmSync(scratch, { recursive: true, force: true });
});
beforeEach(async () => {
  vi.stubEnv("RAY_AUTH_TOKEN", "");
  vi.stubEnv("RAY_AUTH_TOKEN_PATH", "");
  stores += 1;
  server = new JobsServer();
  address = await server.start();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});

async function onRay(options: RayOptions = {}, progress: Progress = silent): Promise<Lab> {
  return {
    ...lab,
    progress,
    store: path.join(scratch, `store-${stores}`),
    executor: await rayExecutor({ address, ...options }),
  };
}

/** What a node does: makes the stage of a job, from nothing but what the job brings, in the store that its command names. */
async function work(
  { entrypoint, runtime_env: { env_vars: variables } }: Submitted,
  progress: Progress = silent,
): Promise<void> {
  const store = /--store (\S+)/u.exec(entrypoint)?.[1] ?? "";
  await make({ ...lab, progress, store }, stageOfJob(variables[STAGE_VARIABLE] ?? ""));
}
const done: Course = { states: ["pending", "running", "succeeded"] };

describe("a stage on a cluster", () => {
  it("is a job that makes it in the store, and reports what it reports", async () => {
    let log = "Running entrypoint\n";
    server.course = async (submitted) => {
      await work(submitted, reportInLines((line) => (log += `${line}\n`)).progress);
      return { ...done, log };
    };
    const told: string[] = [];
    const progress: Progress = {
      start: (label, total) => ({
        update: (steps) => told.push(`${label} ${steps}/${total}`),
        finish: () => told.push(`${label} ends`),
      }),
    };
    const labHere = await onRay({ cpus: 0.5 }, progress);
    const { cached, result } = await make(labHere, cot);
    expect(cached).toBe(false);
    expect(told.at(-1)).toMatch(/ends$/u);
    expect(told.some((line) => /^Describing images (\d+)\/\1$/u.test(line))).toBe(true);
    const [submitted] = server.submitted;
    expect(submitted).toMatchObject({
      entrypoint_num_cpus: 0.5,
      runtime_env: { env_vars: { RAY_JOB_STOP_SIGNAL: "SIGINT" } },
    });
    const stageOf = `node dist/cli.js stage --report --store ${quoted(labHere.store)} --workers 1`;
    expect(submitted?.entrypoint).toBe(`cd ${quoted(ROOT)} && exec ${stageOf}`);
    // the same as without a cluster, and taken from the store the next time
    const alone = await make({ ...lab, store: path.join(scratch, "alone") }, cot);
    expect(result).toEqual(alone.result);
    expect((await make(labHere, cot)).cached).toBe(true);
    expect(server.submitted).toHaveLength(1);
  });

  it("is asked for again when its job is lost, three times in all", async () => {
    const ends = ["killed", "killed", "succeeded"];
    server.course = async (submitted) => {
      const end = ends.shift() ?? "killed";
      if (end === "succeeded") await work(submitted);
      return { states: [end] };
    };
    await make(await onRay(), cot);
    const ids = server.submitted.map(({ submission_id: id }) => id);
    expect(ids.map((id) => id.slice(-2))).toEqual(["-1", "-2", "-3"]);
    expect(new Set(ids.map((id) => id.slice(0, -2))).size).toBe(1);
    stores += 1;
    await expect(make(await onRay(), cot)).rejects.toThrow(
      /cot: its job was lost 3 times, last by signal 9. .*--memory/u,
    );
    expect(server.submitted).toHaveLength(6);
  });

  it("that is being made already is waited for, and one that a stopped run left is made anew", async () => {
    server.course = () => ({ states: ["failed"] });
    await make(await onRay(), cot).catch(() => undefined); // to learn the name of its job
    const id = server.submitted.pop()?.submission_id ?? "";
    server.jobs.set(id, { states: ["running", "running", "stopped"] });
    server.course = async (submitted) => {
      await work(submitted);
      return done;
    };
    await make(await onRay(), cot);
    expect(server.submitted.map(({ submission_id: next }) => next)).toEqual([id.replace(/-1$/u, "-2")]);
    // and a second one who asks while it is at work submits nothing
    stores += 1;
    server.course = async (submitted) => {
      await work(submitted);
      return { states: ["running", "running", "succeeded"] };
    };
    await Promise.all([make(await onRay(), cot), make(await onRay(), cot)]);
    expect(server.submitted).toHaveLength(2);
  });

  it("is no job of another build or of other digits, and the same one for the same", async () => {
    const { store } = await onRay();
    const places = { store, project: { at: "p" }, workers: "1", build: "b" };
    const name = jobName(cot, places);
    expect(jobName(cot, { ...places, build: "c" })).not.toBe(name);
    const deciding = ["FINE_R1_NUMERICS", "FINE_R1_BACKEND", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NVIDIA_TF32_OVERRIDE", "TF_DETERMINISTIC_OPS", "TF_ENABLE_ONEDNN_OPTS"]; // prettier-ignore
    for (const variable of deciding) {
      vi.stubEnv(variable, "7");
      expect(jobName(cot, places), variable).not.toBe(name);
      expect(jobOf(cot, places).variables, variable).toMatchObject({ [variable]: "7" });
      vi.unstubAllEnvs();
      expect(jobName(cot, places), variable).toBe(name);
    }
    vi.stubEnv("FINE_R1_NUMERICS", "portable"); // what counts where it is not set
    expect(jobName(cot, places)).toBe(name);
    vi.stubEnv("FINE_R1_API_KEY", "sk-secret");
    expect(JSON.stringify(jobOf(cot, places))).not.toContain("sk-secret");
  });

  it("fails with what went wrong on its node", async () => {
    server.course = () => ({
      states: ["failed"],
      log: (JSON.parse(reply("failed logs").body) as { logs: string }).logs,
    });
    await expect(make(await onRay(), cot)).rejects.toThrow(
      /cot: on its node: FILE: is broken. Mend it. The log: npx fine-r1 ray logs fine-r1-cot-/u,
    );
    stores += 1;
    server.course = () => ({ states: ["no room"] });
    await expect(make(await onRay(), cot)).rejects.toThrow(/had no room for its job within 2\d s: its queue is full/u);
    stores += 1;
    server.course = () => ({ states: ["stopped"] });
    await expect(make(await onRay(), cot)).rejects.toThrow(/its job was stopped by somebody else/u);
    expect(server.submitted).toHaveLength(3); // none of these is a loss
    stores += 1;
    server.course = () => done; // and nobody puts anything into our store
    await expect(make(await onRay({ settleSeconds: 1 }), cot)).rejects.toThrow(
      /cot: was made by Ray 2.60.0, 1 node, and is not in the store of this machine \(.*\). The store must be one folder for all/u,
    );
  });

  it("needs a node that has room for it; there are as many lanes as there is room", async () => {
    expect((await onRay()).executor).toMatchObject({ lanes: 1, name: "Ray 2.60.0, 1 node" });
    expect((await onRay({ cpus: 0.25 })).executor?.lanes).toBe(4);
    expect((await onRay({ cpus: 4, jobs: 7 })).executor?.lanes).toBe(7);
    await expect(onRay({ cpus: 4, gpus: 1 })).rejects.toThrow(
      /no node of 1 has 4 CPU \(the most that one has: 1 CPU\) and 1 GPU \(the most that one has: 0 GPU\)/u,
    );
  });
});

describe("a job's stage", () => {
  it("may name a served model, which its node asks what it serves before it is made", async () => {
    const chats = await chatServer({ model: echo() });
    const model = { given: "checkpoint", at: `served:${chats.url}#tiny` } as const;
    const { fingerprint } = await lookAtServer(`${chats.url}#tiny`); // unlike a lab, leaves nothing that this process knows
    const textOf = (seen: string): string => {
      const base = { name: "base", title: "Base", model: { ...model, fingerprint: seen }, thinking: false };
      const { variables = {} } = jobOf(testAnswers(lab.recipe(1), base, "closed"), { store: "s", project: { at: "p" }, workers: "1", build: buildDigest() }); // prettier-ignore
      return variables[STAGE_VARIABLE] ?? "";
    };
    const here = { ...lab, store: path.join(scratch, `store-${stores}`) };
    await expect(make(here, stageOfJob(textOf("other")))).rejects.toThrow(/serves something else than when this work/u);
    expect((await make(here, stageOfJob(textOf(fingerprint)))).cached).toBe(false);
    await chats.close();
  });

  it("names what lies in the project from its root, vectors of another program, too", () => {
    const at = (file: string) => `embeddings:${file}`;
    const inputs = (file: string) => ({ dataset: lab.recipe(1).dataset, encoder: { given: "encoder", at: at(file), fingerprint: "f" } as const, negatives: "hard", seed: 1 }) as const; // prettier-ignore
    const sent = (file: string): unknown => {
      const { variables = {} } = jobOf(tripletStage.stage(inputs(file)), { store: "s", project: { at: "p" }, workers: "1", build: "b" }); // prettier-ignore
      return JSON.parse(variables[STAGE_VARIABLE] ?? "");
    };
    const place = vi.spyOn(process, "cwd").mockReturnValue("/"); // wherever the command is given
    expect(sent(path.join(ROOT, "runs", "v.jsonl"))).toMatchObject({ inputs: { encoder: { at: at("runs/v.jsonl") } } });
    expect(sent("/elsewhere/v.jsonl")).toMatchObject({ inputs: { encoder: { at: at("/elsewhere/v.jsonl") } } });
    place.mockRestore();
  });

  it("is refused by another build, and beside other models", async () => {
    server.course = () => ({ states: ["failed"] });
    await make(await onRay(), cot).catch(() => undefined);
    const text = server.submitted[0]?.runtime_env.env_vars[STAGE_VARIABLE] ?? "";
    const task = JSON.parse(text) as { build: string; label: string };
    expect(stageOfJob(text)).toMatchObject({ key: cot.key, label: "cot" });
    expect(() => stageOfJob(JSON.stringify({ ...task, build: "0" }))).toThrow(/is another build of this program/u);
    expect(() => stageOfJob("{}")).toThrow(/is no description of a stage/u);
    const sft = withInputs(cotSft(lab.recipe(1)), { epochs: 1 });
    const from = { given: "checkpoint", fingerprint: "0", at: path.join(scratch, "lab", "base") };
    const other = { ...task, kind: "sft", version: sft.kind.version, inputs: { ...sft.inputs, from } };
    expect(() => stageOfJob(JSON.stringify(other))).toThrow(
      /base: is another one on this machine than where this work was described/u,
    );
    const gone = { ...other, inputs: { ...sft.inputs, from: { ...from, at: "/nowhere" } } };
    expect(() => stageOfJob(JSON.stringify(gone))).toThrow(/\/nowhere: is not on this machine/u);
  });
});

it("a job is lost when its process or its node is killed, and not when its work fails", () => {
  const seen = (name: string, more: Partial<Job> = {}): boolean => wasLost({ ...job(name, "a"), ...more });
  expect(["killed", "failed", "stopped", "no room", "succeeded"].map((name) => seen(name))).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
  const died = { driver_exit_code: null, error_type: "JOB_SUPERVISOR_ACTOR_DIED" };
  expect(seen("failed", died)).toBe(true);
  expect(seen("failed", { ...died, error_type: "RUNTIME_ENV_SETUP_FAILURE" })).toBe(false);
  expect(seen("failed", { driver_exit_code: 137 })).toBe(true); // 128 + 9, as a shell tells of a killed child
});
