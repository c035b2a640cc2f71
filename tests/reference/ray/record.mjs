// node tests/reference/ray/record.mjs ADDRESS: what a real Ray answers to what our client asks, as replies.json beside this file. For a cluster
// that asks for the token of RAY_AUTH_TOKEN, with one node of one CPU, no jobs yet, and RAY_JOB_START_TIMEOUT_SECONDS=20. Names of the
// machine are replaced.
import { writeFileSync } from "node:fs";
import * as http from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const WebSocket = createRequire(import.meta.url)("ws");
const address = process.argv[2];
const bearer = (token) => ({ authorization: `Bearer ${token}` });
const replies = {};

function ask(method, path, body, headers = bearer(process.env.RAY_AUTH_TOKEN)) {
  return new Promise((resolve, reject) => {
    const sent = http.request(new URL(path, address), { method, headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      answer.on("end", () => resolve({ status: answer.statusCode, body: text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
function tail(id, options) {
  return new Promise((resolve) => {
    const messages = [];
    const url = `${address.replace(/^http/u, "ws")}/api/jobs/${id}/logs/tail`;
    const socket = new WebSocket(url, { headers: bearer(process.env.RAY_AUTH_TOKEN), ...options });
    socket.on("message", (data) => messages.push(data.toString()));
    socket.on("close", (code) => resolve({ messages, code }));
    socket.on("error", () => undefined);
  });
}
const keep = async (name, asked) => (replies[name] = await asked);
const job = (id, entrypoint, cpus, more = {}) =>
  ask("POST", "/api/jobs/", JSON.stringify({ submission_id: id, entrypoint, entrypoint_num_cpus: cpus, ...more }));
async function when(id, ...statuses) {
  for (;;) {
    const answer = await ask("GET", `/api/jobs/${id}`);
    if (statuses.includes(JSON.parse(answer.body).status)) return answer;
    await delay(200);
  }
}

await keep("version", ask("GET", "/api/version"));
await keep("no token", ask("GET", "/api/version", undefined, {}));
await keep("wrong token", ask("GET", "/api/version", undefined, bearer("wrong")));
await keep("nodes", ask("GET", "/api/v0/nodes?detail=1&limit=10000"));
await keep("no jobs", ask("GET", "/api/jobs/"));
await keep("unknown job", ask("GET", "/api/jobs/nobody"));
await keep("unknown package", ask("GET", "/api/packages/gcs/_ray_pkg_none.zip"));
await keep("submitted", job("ends", "echo one; echo two", 1, { metadata: { stage: "a stage", kind: "sft", key: "k" } }));
await keep("submitted twice", job("ends", "echo one; echo two", 1));
await keep("pending", when("ends", "PENDING"));
await keep("succeeded", when("ends", "SUCCEEDED"));
await keep("logs", ask("GET", "/api/jobs/ends/logs"));
await keep("tail", tail("ends", { perMessageDeflate: false }));
await keep("tail, compressed", tail("ends", { perMessageDeflate: true }));
await job("fails", "echo 'fine-r1: FILE: is broken. Mend it.' >&2; exit 1", 1);
await keep("failed", when("fails", "FAILED"));
await keep("failed logs", ask("GET", "/api/jobs/fails/logs"));
await job("killed", "kill -9 $$", 1);
await keep("killed", when("killed", "FAILED"));
await job("stops", "sleep 100", 1);
await keep("running", when("stops", "RUNNING"));
await keep("stop", ask("POST", "/api/jobs/stops/stop"));
await keep("stopped", when("stops", "STOPPED"));
await job("waits", "true", 3);
await keep("no room", when("waits", "FAILED"));
await keep("bad request", ask("POST", "/api/jobs/", JSON.stringify({ entry: "true" })));
await keep("jobs", ask("GET", "/api/jobs/"));

const text = JSON.stringify(replies, null, 2)
  .replaceAll(/File \\"[^"]*?\/site-packages\//gu, 'File \\"site-packages/')
  .replaceAll(/\b\d+\.\d+\.\d+\.\d+(?=[:"\\])/gu, "10.0.0.1")
  .replaceAll(/session_[\d_-]+/gu, "session_1");
writeFileSync(join(import.meta.dirname, "replies.json"), `${text}\n`);
