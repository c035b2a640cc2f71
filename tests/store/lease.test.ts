import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import builtin, * as fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import { silent } from "../../src/core/progress";
import { Lease, takeLease, type LeaseOptions } from "../../src/store/lease";
import { MACHINE } from "../../src/store/machine";
import { leaseText, listening, sleep } from "./workers";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-lease-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const NAME = "sft-0123456789";
/** Whether this system tells when processes began. */
const TELLS = MACHINE.boot !== "";
const files = (): string[] => fs.readdirSync(folder).sort();
/** Leaves a lease of another owner. */
const leave = (changes: object, generation = 1): void => {
  fs.writeFileSync(path.join(folder, `${NAME}.${generation}`), leaseText(changes));
};
/** How many seconds a lease took to get, and what was shown meanwhile. */
async function timed(options: Partial<LeaseOptions> = {}): Promise<{ seconds: number; labels: string[] }> {
  const { progress, labels } = listening();
  const began = performance.now();
  const lease = await takeLease(folder, NAME, { progress, ...options });
  const seconds = (performance.now() - began) / 1000;
  lease?.release(false);
  return { seconds, labels };
}
const gone = (): number => spawnSync(process.execPath, ["-e", ""]).pid;

describe("a lease", () => {
  it("is one call's at a time, in one process too", async () => {
    const first = await takeLease(folder, NAME, { progress: silent });
    let second: Lease | undefined;
    const waiting = takeLease(folder, NAME, { progress: silent }).then((lease) => (second = lease));
    await sleep(500);
    expect(second).toBeUndefined();
    first?.release(true);
    await waiting;
    expect(second).toBeDefined();
    second?.release(true);
    expect(files()).toEqual([]);
  });

  it("names the process and the host that are waited for", async () => {
    leave({ host: "elsewhere", pid: 123, expirySeconds: 0.3 });
    expect((await timed()).labels).toEqual(["waiting for process 123 on elsewhere"]);
  });

  it("is waited for no longer than the signal lasts, and than it is needed", async () => {
    leave({ host: "elsewhere" });
    const stop = new AbortController();
    const waiting = takeLease(folder, NAME, { progress: silent, signal: stop.signal });
    setTimeout(() => {
      stop.abort(new Error("that's enough"));
    }, 50);
    await expect(waiting).rejects.toThrow("that's enough");
    let needed = true;
    setTimeout(() => (needed = false), 50);
    expect(await takeLease(folder, NAME, { progress: silent, until: () => !needed })).toBeUndefined();
  });

  it("keeps no process from ending", () => {
    const program = `require(${JSON.stringify(path.resolve(__dirname, "../../dist/store/lease.js"))}).takeLease(process.argv[1], "x", {})`;
    const { status } = spawnSync(process.execPath, ["-e", program, folder], { timeout: 20_000 });
    expect(status).toBe(0);
    expect(files()).toEqual(["x.1"]);
  });

  it("needs no hard links, which some file systems lack", async () => {
    const { linkSync } = builtin;
    builtin.linkSync = () => {
      throw Object.assign(new Error("EPERM: operation not permitted, link"), { code: "EPERM" });
    };
    syncBuiltinESMExports();
    try {
      leave({ pid: gone() });
      expect((await timed()).labels).toEqual([]);
    } finally {
      builtin.linkSync = linkSync;
      syncBuiltinESMExports();
    }
  });

  it("that a full disk leaves empty is removed, so that nobody waits for it", async () => {
    const { writeFileSync } = builtin;
    builtin.writeFileSync = (target, text, options) => {
      writeFileSync(target, "", options); // the file is made, and there is no room for what it says
      if (text !== "") throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    };
    syncBuiltinESMExports();
    try {
      await expect(takeLease(folder, NAME, { progress: silent })).rejects.toThrow(/cannot be written.*ENOSPC/);
    } finally {
      builtin.writeFileSync = writeFileSync;
      syncBuiltinESMExports();
    }
    expect(files()).toEqual([]);
    expect((await timed()).labels).toEqual([]);
  });

  it("that cannot be written or read is an error at once", async () => {
    const file = path.join(folder, "file");
    fs.writeFileSync(file, "in the way");
    await expect(takeLease(path.join(file, "x"), NAME, { progress: silent })).rejects.toThrow(/cannot be written/);
    fs.mkdirSync(path.join(folder, `${NAME}.1`)); // reading a folder fails
    await expect(takeLease(folder, NAME, { progress: silent })).rejects.toThrow(LabError);
  });
});

describe("a lease whose owner is gone", () => {
  it("from this machine is taken over at once", async () => {
    leave({ pid: gone() });
    expect(await timed()).toEqual({ seconds: expect.closeTo(0, 0) as number, labels: [] });
    expect(files()).toEqual([`${NAME}.2`]); // let go, not removed: the work is not finished
  });

  it.runIf(TELLS)("is told by the start of the process from another one of that number", async () => {
    const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
    try {
      leave({ pid: other.pid, started: "1" });
      expect((await timed()).labels).toEqual([]);
    } finally {
      other.kill();
    }
  });

  it.runIf(TELLS)("but whom nobody has asked how it ended is taken over at once", async () => {
    // a shell that becomes `sleep` and so never asks for its child: the child stays behind as a zombie
    const parent = spawn("sh", ["-c", "true & echo $!; exec sleep 60"]);
    const pid = Number(String(await once(parent.stdout, "data")));
    try {
      await sleep(200);
      leave({ pid, started: "" });
      expect((await timed()).labels).toEqual([]);
    } finally {
      parent.kill();
    }
  });

  it.each([{ host: "elsewhere" }, { boot: "before" }, { namespace: "pid:[1]" }, { started: "" }])(
    "or not, as far as can be told here (%o), is taken over after its silence",
    async (changes) => {
      leave({ ...changes, expirySeconds: 1 });
      const { seconds } = await timed();
      expect(seconds).toBeGreaterThan(1);
      expect(seconds).toBeLessThan(5);
    },
  );

  it("is not taken over while it is heard", async () => {
    const beat = (): void => {
      leave({ host: "elsewhere", expirySeconds: 1, heartbeat: new Date().toISOString() });
    };
    beat();
    const beats = setInterval(beat, 100);
    setTimeout(() => {
      clearInterval(beats);
    }, 2500);
    expect((await timed()).seconds).toBeGreaterThan(3); // 2.5 s of beats, less one poll, and 1 s of silence
  });

  it.each(["", "{", "null", '{"state": "held"}'])("and that says %j is taken over after some silence", async (text) => {
    fs.writeFileSync(path.join(folder, `${NAME}.1`), text);
    const { seconds } = await timed({ expirySeconds: 0.5 });
    expect(seconds).toBeGreaterThan(0.5);
    expect(seconds).toBeLessThan(5);
  });
});

describe("an owner", () => {
  it("is heard while it holds its lease, in a file of the same length", async () => {
    const lease = await takeLease(folder, NAME, { progress: silent, expirySeconds: 0.6 });
    const read = (): string => fs.readFileSync(path.join(folder, `${NAME}.1`), "utf8");
    const before = read();
    await sleep(300);
    expect(read()).not.toBe(before);
    expect(read()).toHaveLength(before.length);
    lease?.release(false);
    expect(JSON.parse(read())).toMatchObject({ state: "free", pid: process.pid, ...MACHINE });
    expect(read()).toHaveLength(before.length);
  });

  it("whose lease was taken over is told so, and leaves the other one's alone", async () => {
    const lease = await takeLease(folder, NAME, { progress: silent, expirySeconds: 0.6 });
    leave({ host: "elsewhere", pid: 123 }, 2);
    await sleep(300);
    expect(lease?.signal.aborted).toBe(true);
    const said = /was taken over by process 123 on elsewhere: this process had not been heard of for 0.6 s. Run again/;
    expect(() => lease?.confirm()).toThrow(said);
    lease?.release(true);
    expect(fs.readFileSync(path.join(folder, `${NAME}.2`), "utf8")).toBe(leaseText({ host: "elsewhere", pid: 123 }));
  });

  it("whose lease was removed is told so", async () => {
    const lease = await takeLease(folder, NAME, { progress: silent });
    fs.rmSync(folder, { recursive: true });
    expect(() => lease?.confirm()).toThrow(/its lease is gone/);
    lease?.release(true);
  });

  it("hears its caller's signal", async () => {
    const stop = new AbortController();
    const lease = await takeLease(folder, NAME, { progress: silent, signal: stop.signal });
    stop.abort(new Error("enough"));
    expect(() => lease?.confirm()).toThrow("enough");
    lease?.release(false);
  });
});

describe("of several that want a lease", () => {
  const claim = (generation: number): Lease | undefined => Lease.claim(folder, NAME, generation, { progress: silent });

  it("one gets it", () => {
    expect([claim(1), claim(1), claim(1)].filter((lease) => lease !== undefined)).toHaveLength(1);
  });

  it("one that looked long ago gets none, though the file that it makes was free again", () => {
    leave({ pid: gone() });
    claim(2)?.release(false); // took over, and let go
    const now = claim(3);
    expect(files()).toEqual([`${NAME}.3`]);
    expect(claim(2)).toBeUndefined(); // saw the first one only
    expect(files()).toEqual([`${NAME}.3`]);
    expect(() => now?.confirm()).not.toThrow();
    now?.release(true);
  });
});
