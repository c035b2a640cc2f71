import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { parserOf } from "../../config/stored";
import { LabError, messageOf } from "../../core/errors";
import { parseJson } from "../../core/files";
import type { RawReply } from "../../core/http";
import { withoutSecret } from "../../core/secret";
import { ownToken, rayAddress, rayToken, type Token } from "./address";
import { nameOf, request, Unreachable, type Question } from "./http";
import { jobSchema, logsSchema, nodesSchema, stoppedSchema, unknownJob, versionSchema, type Job, type RayNode } from "./replies"; // prettier-ignore

/** What the command of a job needs of a node. */
export interface RayResources {
  readonly cpus: number;
  readonly gpus: number;
  /** Bytes; 0: not asked for. */
  readonly memory: number;
}

/** A job to be. */
export interface Submission extends RayResources {
  readonly id: string;
  /** For the shell of a node. */
  readonly command: string;
  /** A package (`putPackage`) that is unpacked where the command runs. */
  readonly workingDir?: string | undefined;
  readonly variables?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The version of the Jobs API that this program speaks: Ray raises it with what would break a client. */
const API = "4";
/** What a package may have: more is refused by the cluster's HTTP server. */
export const MOST_PACKAGE_BYTES = 100 * 2 ** 20;

export interface ClientOptions {
  /** Seconds for which a cluster that has answered before may be silent; 60. */
  readonly patienceSeconds?: number | undefined;
}

class TokenWanted extends LabError {}

/** A cluster, through its Jobs REST API. */
export class RayClient {
  readonly #token: Token | undefined; // no inspection and no JSON of a client shows it
  private patient = false;

  private constructor(
    readonly address: URL,
    token: Token | undefined,
    private readonly patienceSeconds: number,
    public version = "",
  ) {
    this.#token = token;
  }

  /** @throws LabError where nobody answers, a token is wrong, or the API has another version */
  static async open(address?: string, { patienceSeconds = 60 }: ClientOptions = {}): Promise<RayClient> {
    const [url, named] = [rayAddress(address), rayToken()];
    try {
      return await new RayClient(url, named, patienceSeconds).greeted();
    } catch (error) {
      const own = named === undefined && error instanceof TokenWanted ? ownToken() : undefined;
      if (own === undefined) throw error;
      return new RayClient(url, own, patienceSeconds).greeted();
    }
  }

  private async greeted(): Promise<this> {
    const { version, ray_version: ray } = await this.json("api/version", versionSchema);
    if (version !== API) {
      const reason = `Ray ${ray} speaks version ${version} of the Jobs API, and this program version ${API}`;
      throw new LabError(reason, "Take a Ray of docs/ray.md.", { subject: this.name });
    }
    this.version = ray;
    this.patient = true;
    return this;
  }

  /** Its address, as messages have it. */
  get name(): string {
    return nameOf(this.address);
  }

  /** The machines that it has now. */
  async nodes(): Promise<readonly RayNode[]> {
    const { data } = await this.json("api/v0/nodes?detail=1&limit=10000", nodesSchema);
    return data.result.result.filter(({ state }) => state === "ALIVE");
  }

  jobs(): Promise<Job[]> {
    return this.json("api/jobs/", z.array(jobSchema));
  }

  /** `undefined` where it is not known. */
  async job(id: string): Promise<Job | undefined> {
    const reply = await this.ask(`api/jobs/${encodeURIComponent(id)}`, {}, [404]);
    return reply.status === 404 ? undefined : this.read(reply, jobSchema);
  }

  /** Does nothing where there is a job of that id. */
  async submit(submission: Submission): Promise<void> {
    const { id, command, workingDir, variables = {}, metadata = {}, cpus, gpus, memory } = submission;
    const body = JSON.stringify({
      entrypoint: command,
      submission_id: id,
      runtime_env: { env_vars: variables, ...(workingDir === undefined ? {} : { working_dir: workingDir }) },
      metadata,
      entrypoint_num_cpus: cpus,
      entrypoint_num_gpus: gpus,
      ...(memory === 0 ? {} : { entrypoint_memory: memory }),
    });
    const question = { method: "POST" as const, body, headers: { "content-type": "application/json" } };
    const reply = await this.ask("api/jobs/", question, [400, 500]);
    if (reply.status === 200 || reply.text.includes(`submission_id ${id} already exists`)) return;
    throw this.refused(reply, "the job");
  }

  /** Asks a job to end. @returns whether there was one to ask @throws LabError for an unknown one */
  async stop(id: string): Promise<boolean> {
    const reply = await this.ask(`api/jobs/${encodeURIComponent(id)}/stop`, { method: "POST" }, [404]);
    if (reply.status === 404) throw unknownJob(id);
    return this.read(reply, stoppedSchema).stopped;
  }

  /** All that a job has printed. @throws LabError for an unknown one */
  async logs(id: string): Promise<string> {
    const reply = await this.ask(`api/jobs/${encodeURIComponent(id)}/logs`, { seconds: 120 }, [404]);
    if (reply.status === 404) throw unknownJob(id);
    return this.read(reply, logsSchema).logs;
  }

  /**
   * Hands out what a job prints, from its beginning, as it prints it.
   * @returns when the cluster has no more of it, or the line was cut, or `signal` ends
   */
  async tail(id: string, heard: (text: string) => void, signal: AbortSignal): Promise<void> {
    const { WebSocket } = await import("ws");
    const url = new URL(`api/jobs/${encodeURIComponent(id)}/logs/tail`, this.address);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    // compressed, Ray's dashboard loses every message on its way from one of its processes to the other (seen with 2.60)
    const socket = new WebSocket(url, { headers: this.headers(), perMessageDeflate: false });
    await new Promise<void>((resolve) => {
      const end = (): void => {
        signal.removeEventListener("abort", end);
        socket.terminate();
        resolve();
      };
      socket.on("message", (data: Buffer) => {
        if (!signal.aborted) heard(this.masked(data.toString("utf8")));
      });
      socket.on("close", end);
      socket.on("error", end);
      if (signal.aborted) end();
      else signal.addEventListener("abort", end);
    });
  }

  /** Sends a zip file, unless the cluster has it. @returns its name there, for `workingDir`, and whether it was sent */
  async putPackage({ hash, bytes }: { hash: string; bytes: Uint8Array }): Promise<{ uri: string; sent: boolean }> {
    const file = `_ray_pkg_${hash.slice(0, 32)}.zip`;
    const uri = `gcs://${file}`;
    const there = await this.ask(`api/packages/gcs/${file}`, {}, [404]);
    if (there.status !== 404) return { uri, sent: false };
    const headers = { "content-type": "application/octet-stream" };
    await this.ask(`api/packages/gcs/${file}`, { method: "PUT", body: bytes, headers, seconds: 600 });
    return { uri, sent: true };
  }

  private headers(): Record<string, string> {
    return this.#token === undefined ? {} : { authorization: `Bearer ${this.#token.token}` };
  }

  /** What the cluster said, without the token, should it repeat that. */
  private masked(text: string, shortest?: number): string {
    return withoutSecret(text, this.#token?.token ?? "", shortest);
  }

  private async json<T>(place: string, schema: z.ZodType<T>): Promise<T> {
    return this.read(await this.ask(place), schema);
  }

  private read<T>({ text }: RawReply, schema: z.ZodType<T>): T {
    try {
      return parserOf(schema)(parseJson(text));
    } catch (error) {
      const said = this.masked(messageOf(error), 1).slice(0, 300);
      const reason = `does not answer as Ray's Jobs server does (${said})`;
      throw new LabError(reason, "Check --address: it is that of the dashboard.", { subject: this.name });
    }
  }

  /** Every question may be asked twice: an id or a hash tells that it is the same. @param expected statuses that are answers, too */
  private async ask(place: string, question: Question = {}, expected: readonly number[] = []): Promise<RawReply> {
    const headers = { ...question.headers, ...this.headers() };
    const silent: { since?: number } = {};
    for (;;) {
      try {
        const whole = await request(new URL(place, this.address), { ...question, headers });
        const reply = { ...whole, text: this.masked(whole.text) };
        if (reply.status >= 502 && reply.status <= 504) throw new Unreachable(this.name, `status ${reply.status}`);
        if (reply.status === 200 || expected.includes(reply.status)) return reply;
        throw this.refused(reply, place.replace(/\?.*$/u, ""));
      } catch (error) {
        if (!(error instanceof Unreachable) || !this.patient) throw error;
        silent.since ??= performance.now();
        if (performance.now() - silent.since > 1000 * this.patienceSeconds) throw this.gone(error);
        await delay(1000);
      }
    }
  }

  private gone(error: Unreachable): LabError {
    return new LabError(
      `${error.reason} and has not for ${this.patienceSeconds} s`,
      "What finished stages made is kept: the same command goes on when the cluster is up again.",
      { subject: this.name, cause: error },
    );
  }

  private refused({ status, text }: RawReply, what: string): LabError {
    const subject = this.name;
    const remedy = "Set RAY_AUTH_TOKEN, or name a file that holds it with RAY_AUTH_TOKEN_PATH.";
    if (status === 401) return new TokenWanted("asks for a token, and none was given", remedy, { subject });
    if (status === 403) {
      const whose =
        this.#token === undefined ? "refuses this request" : `does not accept the token of ${this.#token.from}`;
      return new LabError(`${whose} (403)`, remedy, { subject });
    }
    const said =
      this.masked(text, 1)
        .split("\n")
        .filter((line) => /\w/u.test(line))
        .at(-1) ?? "nothing";
    const reason = `answers ${status} to ${what}: ${said.trim().slice(0, 300)}`;
    return new LabError(reason, "The dashboard's own log may say more.", { subject });
  }
}
