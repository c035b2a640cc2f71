import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { rayAddress } from "../../../src/lab/ray/address";
import { RayClient } from "../../../src/lab/ray/client";
import { watchJob } from "../../../src/lab/ray/watch";
import { JobsServer, reply } from "./jobsServer";

let server: JobsServer;
let address: string;
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-ray-"));
beforeEach(async () => {
  for (const name of [
    "RAY_AUTH_TOKEN",
    "RAY_AUTH_TOKEN_PATH",
    "RAY_AUTH_MODE",
    "RAY_ADDRESS",
    "RAY_API_SERVER_ADDRESS",
  ])
    vi.stubEnv(name, "");
  vi.stubEnv("HOME", scratch); // whoever runs this may have a token of his own
  server = new JobsServer();
  address = await server.start();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});

describe("a cluster's address", () => {
  it("is what is given, else what Ray's own variables say", () => {
    vi.stubEnv("RAY_ADDRESS", "http://b:2/under");
    expect(rayAddress("a:1").href).toBe("http://a:1/");
    expect(rayAddress().href).toBe("http://b:2/under/");
    vi.stubEnv("RAY_API_SERVER_ADDRESS", "https://c:3");
    expect(rayAddress().href).toBe("https://c:3/");
  });

  it("that is none, or another service's, is refused", () => {
    expect(() => rayAddress()).toThrow(/no Ray cluster is named. Give --address/u);
    expect(() => rayAddress("ray://head:10001")).toThrow(/"ray:\/\/head:10001": is no address of a Jobs server/u);
  });

  it("that is given with a password, a query or a # is refused, since a command is written down, and not repeated", () => {
    const secrets = ["me:hunter2@head:8265", "me:hun/ter2@head", "head:8265/?token=hunter2", "head:8265#hunter2"];
    for (const named of secrets.flatMap((each) => [each, `http://${each}`])) {
      const refused = /^--address: holds a name, a password, a query or a #, and a command is written down/u;
      expect(() => rayAddress(named)).toThrow(refused);
      expect(() => rayAddress(named)).not.toThrow(/hun/u);
    }
    vi.stubEnv("RAY_API_SERVER_ADDRESS", "ftp://me:hunter2@head");
    expect(() => rayAddress()).toThrow(/^the cluster's address: is no address of a Jobs server/u);
    vi.stubEnv("RAY_API_SERVER_ADDRESS", "http://me:hunter2@head:8265");
    expect(rayAddress().password).toBe("hunter2");
  });
});

describe("opening a cluster", () => {
  it("finds the token where Ray looks, and shows it to nobody", async () => {
    server.token = "s3cret";
    await expect(RayClient.open(address)).rejects.toThrow(/asks for a token, and none was given. Set RAY_AUTH_TOKEN/u);
    const file = path.join(scratch, "token");
    fs.writeFileSync(file, "wr0ng\n");
    vi.stubEnv("RAY_AUTH_TOKEN_PATH", file);
    const refused: unknown = await RayClient.open(address).catch((error: unknown) => error);
    expect(String(refused)).toContain(`does not accept the token of ${file} (403)`);
    expect(inspect(refused, { depth: 9, showHidden: true })).not.toContain("wr0ng");
    fs.writeFileSync(file, "\n");
    await expect(RayClient.open(address)).rejects.toThrow(/holds no token/u);
    vi.stubEnv("RAY_AUTH_TOKEN_PATH", "");
    fs.mkdirSync(path.join(scratch, ".ray"));
    fs.writeFileSync(path.join(scratch, ".ray", "auth_token"), "s3cret"); // Ray's own, for who is asked and names none
    expect((await RayClient.open(address)).version).toBe("2.60.0");
    vi.stubEnv("RAY_AUTH_MODE", "disabled");
    await expect(RayClient.open(address)).rejects.toThrow(/none was given/u);
    vi.stubEnv("RAY_AUTH_TOKEN", "s3cret");
    const client = await RayClient.open(address);
    expect(client.version).toBe("2.60.0");
    expect(inspect(client, { depth: 9, showHidden: true }) + JSON.stringify(client)).not.toContain("s3cret");
  });

  it("has no message with the token, though the cluster repeats it", async () => {
    const token = "tok-LEAKRAY";
    vi.stubEnv("RAY_AUTH_TOKEN", token);
    const { nodes } = server;
    const client = await RayClient.open(address);
    server.nodes = { status: 500, body: `oops token Bearer ${token}` };
    await expect(client.nodes()).rejects.toThrow(
      /^http:\S+ answers 500 to api\/v0\/nodes: oops token Bearer \(the secret\)\./u,
    );
    server.nodes = nodes;
    server.version = { status: 200, body: JSON.stringify({ version: "4", ray_version: [`x Bearer ${token}`] }) };
    const odd: unknown = await RayClient.open(address).catch((error: unknown) => error);
    expect(String(odd)).toContain("key ray_version must be a text");
    expect(inspect(odd, { depth: 9, showHidden: true })).not.toContain("LEAK");
    server.version = { status: 200, body: JSON.stringify({ version: "4", ray_version: `2.60.0 ${token}` }) };
    expect((await RayClient.open(address)).version).toBe("2.60.0 (the secret)");
    vi.stubEnv("RAY_AUTH_TOKEN", "short"); // a word of an answer, maybe: out of messages alone
    server.nodes = { status: 500, body: "oops Bearer short" };
    await expect((await RayClient.open(address)).nodes()).rejects.toThrow(/oops Bearer \(the secret\)/u);
  });

  it("refuses another API, and what is no Ray", async () => {
    server.version = { status: 200, body: reply("version").body.replace('"4"', '"5"') };
    await expect(RayClient.open(address)).rejects.toThrow(
      /Ray 2.60.0 speaks version 5 of the Jobs API, and this program version 4/u,
    );
    server.version = { status: 200, body: "<html>welcome</html>" };
    await expect(RayClient.open(address)).rejects.toThrow(/does not answer as Ray's Jobs server does/u);
    server.version = { status: 404, body: "Not Found" };
    await expect(RayClient.open(address)).rejects.toThrow(/answers 404 to api\/version: Not Found/u);
  });

  it("says when nobody answers, without the password of the address", async () => {
    await server.stop();
    vi.stubEnv("RAY_API_SERVER_ADDRESS", address.replace("//", "//me:hush@"));
    const said = await RayClient.open().catch(String);
    expect(said).toMatch(/127\.0\.0\.1:\d+: the cluster does not answer \(connect ECONNREFUSED/u);
    expect(said).not.toContain("hush");
    server = new JobsServer();
    await server.start();
  });
});

describe("a job", () => {
  const resources = { cpus: 1, gpus: 0, memory: 0 };

  it("is submitted once for its id; what the cluster refuses is told with its reason", async () => {
    const client = await RayClient.open(address);
    for (let i = 0; i < 2; i++) await client.submit({ id: "a", command: "true", ...resources });
    expect(server.submitted.map(({ submission_id: id }) => id)).toEqual(["a"]);
    const nothing = { id: "b", ...resources } as Parameters<RayClient["submit"]>[0];
    await expect(client.submit(nothing)).rejects.toThrow(/answers 400 to the job: TypeError: JobSubmitRequest/u);
    expect(await client.job("c")).toBeUndefined();
    await expect(client.logs("c")).rejects.toThrow(/c: is no job of this cluster/u);
  });

  it("is heard to its end, each part once, though the line is cut", async () => {
    const client = await RayClient.open(address);
    const log = "one\ntwo\nthree\n";
    server.jobs.set("a", { states: ["running", "running", "running", "succeeded"], log, cut: 6 });
    let heard = "";
    const { status } = await watchJob(client, "a", { heard: (text) => void (heard += text) });
    expect([status, heard]).toEqual(["SUCCEEDED", log]);
  });

  it("is stopped by the watcher's signal, which is then the error", async () => {
    const client = await RayClient.open(address);
    server.jobs.set("a", { states: ["running"] });
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort(new Error("enough"));
    }, 100);
    await expect(watchJob(client, "a", { signal: stop.signal })).rejects.toThrow("enough");
    expect(server.stopped).toEqual(["a"]);
  });

  it("is waited for while its cluster is away for a moment, and no longer than patience", async () => {
    const client = await RayClient.open(address, { patienceSeconds: 2 });
    server.jobs.set("a", { states: ["running", "succeeded"] });
    server.away = 1;
    expect((await watchJob(client, "a")).status).toBe("SUCCEEDED");
    server.away = 100;
    await expect(client.job("a")).rejects.toThrow(
      /does not answer \(status 503\) and has not for 2 s. What finished stages made is kept/u,
    );
  });

  it("has a package that is sent once", async () => {
    const client = await RayClient.open(address);
    const zip = { hash: "0123456789abcdef".repeat(4), bytes: new Uint8Array(1000) };
    const uri = "gcs://_ray_pkg_0123456789abcdef0123456789abcdef.zip";
    expect(await client.putPackage(zip)).toEqual({ uri, sent: true });
    expect(await client.putPackage(zip)).toEqual({ uri, sent: false });
    expect([...server.packages]).toEqual([["/api/packages/gcs/_ray_pkg_0123456789abcdef0123456789abcdef.zip", 1000]]);
  });
});
