import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { z } from "zod";
import { WebSocketServer } from "ws";
import type { Job } from "../../../src/lab/ray/replies";

/** What a real Ray answered (tests/reference/ray/record.mjs). */
const replySchema = z.object({ status: z.int(), body: z.string() });
const recorded = z
  .record(z.string(), z.union([replySchema, z.object({ messages: z.array(z.string()), code: z.int() })]))
  .parse(JSON.parse(fs.readFileSync(path.resolve(__dirname, "../../reference/ray/replies.json"), "utf8")));

export function reply(name: string): { status: number; body: string } {
  return replySchema.parse(recorded[name]);
}

/** A job as recorded under a name, by an id of ours. */
export function job(name: string, id: string): Job {
  return { ...(JSON.parse(reply(name).body) as Job), submission_id: id };
}

/** What becomes of a job: recorded answers one after the other, the last one for good, and what it prints. */
export interface Course {
  states: string[];
  log?: string;
  /** How many characters of the log a line carries before it is cut, the first time. */
  cut?: number;
}

export interface Submitted {
  readonly submission_id: string;
  readonly entrypoint: string;
  readonly runtime_env: { readonly env_vars: Readonly<Record<string, string>>; readonly working_dir?: string };
  readonly entrypoint_num_cpus: number;
}

/** A Jobs server that answers as the recorded one, of jobs whose courses a test decides. */
export class JobsServer {
  readonly jobs = new Map<string, Course>();
  readonly submitted: Submitted[] = [];
  readonly stopped: string[] = [];
  readonly packages = new Map<string, number>();
  /** Method and path of every request. */
  readonly requests: string[] = [];
  token: string | undefined;
  version = reply("version");
  nodes = reply("nodes");
  /** The next so many requests are answered with 503, as by a proxy whose Ray is away. */
  away = 0;
  /** Called for each new job, which waits until it has an answer. */
  course: (job: Submitted) => Course | Promise<Course> = () => ({ states: ["pending", "running", "succeeded"] });
  private readonly server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { status, body } = this.answer(request, Buffer.concat(chunks));
      response.writeHead(status).end(body);
    });
  });
  private readonly lines = new WebSocketServer({ noServer: true });

  async start(): Promise<string> {
    this.server.on("upgrade", (request, socket, head) => {
      const course = this.jobs.get(request.url?.split("/")[3] ?? "");
      // the recorded one loses every message where compression is agreed on ("tail, compressed")
      const compressed = request.headers["sec-websocket-extensions"]?.includes("permessage-deflate") === true;
      this.lines.handleUpgrade(request, socket, head, (line) => {
        const { log = "", cut } = course ?? {};
        if (!compressed && log !== "") line.send(log.slice(0, cut));
        if (course !== undefined) delete course.cut;
        if (cut !== undefined || course?.states.length === 1) line.close();
      });
    });
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    const address = this.server.address();
    return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  }

  async stop(): Promise<void> {
    this.lines.clients.forEach((line) => {
      line.terminate();
    });
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(
    { method = "", url = "", headers }: http.IncomingMessage,
    body: Buffer,
  ): { status: number; body: string } {
    this.requests.push(`${method} ${url}`);
    if (this.token !== undefined && headers.authorization === undefined) return reply("no token");
    if (this.token !== undefined && headers.authorization !== `Bearer ${this.token}`) return reply("wrong token");
    if (this.away > 0) {
      this.away -= 1;
      return { status: 503, body: "no healthy upstream" };
    }
    const [, , place, id = "", what] = url.split("/"); // "/api/jobs/ID/stop"
    if (url === "/api/version") return this.version;
    if (url.startsWith("/api/v0/nodes?")) return this.nodes;
    if (place === "packages") return this.package(method, url, body);
    if (method === "POST" && url === "/api/jobs/") return this.submit(body);
    if (url === "/api/jobs/")
      return { status: 200, body: JSON.stringify([...this.jobs.keys()].map((each) => job(this.state(each), each))) };
    const course = this.jobs.get(id);
    if (course === undefined) return reply("unknown job");
    if (what === "stop") {
      this.stopped.push(id);
      course.states = ["stopped"];
      return reply("stop");
    }
    if (what === "logs") return { status: 200, body: JSON.stringify({ logs: course.log ?? "" }) };
    const state = this.state(id);
    if (course.states.length > 1) course.states.shift();
    return { status: 200, body: JSON.stringify(job(state, id)) };
  }

  private state(id: string): string {
    return this.jobs.get(id)?.states[0] ?? "succeeded";
  }

  private package(method: string, url: string, body: Buffer): { status: number; body: string } {
    if (method === "PUT") this.packages.set(url, body.length);
    return this.packages.has(url) ? { status: 200, body: "" } : reply("unknown package");
  }

  private submit(body: Buffer): { status: number; body: string } {
    const asked = JSON.parse(body.toString()) as Partial<Submitted>;
    if (asked.entrypoint === undefined || asked.submission_id === undefined) return reply("bad request");
    if (this.jobs.has(asked.submission_id)) {
      const twice = reply("submitted twice");
      return { ...twice, body: twice.body.replaceAll("submission_id ends ", `submission_id ${asked.submission_id} `) };
    }
    const own = asked as Submitted;
    this.submitted.push(own);
    this.jobs.set(own.submission_id, { states: ["pending"] });
    void Promise.resolve(this.course(own)).then((course) => this.jobs.set(own.submission_id, course));
    return { status: 200, body: reply("submitted").body.replaceAll("ends", own.submission_id) };
  }
}
