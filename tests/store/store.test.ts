import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LabError } from "../../src/core/errors";
import { findFinished, forget, listFinished, makeOnce, verifyStore } from "../../src/store/store";
import { asNumber, files, Sums, work, write } from "./sums";
import { leaseText, sleep } from "./workers";

let sums: Sums;
let store: string;
beforeEach(() => {
  sums = new Sums();
  store = sums.store;
});
afterEach(() => {
  fs.rmSync(store, { recursive: true, force: true });
});

describe("makeOnce", () => {
  it("does a work once for its key, and gives the same result from then on", async () => {
    const first = await sums.make({ a: 1, from: { given: "checkpoint", fingerprint: "f", at: "/here" } });
    const second = await sums.make({ from: { given: "checkpoint", at: "/there", fingerprint: "f" }, a: 1 });
    expect(sums.calls).toBe(1);
    expect([first.cached, second.cached]).toEqual([false, true]);
    expect(second).toEqual({ ...first, cached: true });
    expect(path.basename(first.folder)).toBe(`sum-${first.key.slice(0, 10)}`);
    expect(files(store)).toEqual(["leases", path.basename(first.folder), `${path.basename(first.folder)}/stage.json`]);
    expect(sums.labels).toEqual([]);
  });

  it("does it anew in a folder of its own for other inputs, another version or kind, and keeps the old one", async () => {
    const body = { parse: asNumber, run: () => Promise.resolve(0) };
    const made = [await sums.make({ a: 1 }), await sums.make({ a: 2 })];
    for (const other of [work({ a: 1 }, "sum", 2), work({ a: 1 }, "other")])
      made.push(await makeOnce(sums.context, other, body));
    expect(new Set(made.map((each) => each.folder)).size).toBe(4);
    expect((await sums.make({ a: 1 })).cached).toBe(true);
  });

  it("records what it was made from and every file that it left", async () => {
    const { folder } = await sums.filled();
    const record = JSON.parse(fs.readFileSync(path.join(folder, "stage.json"), "utf8")) as unknown;
    const modified = (name: string) => fs.statSync(path.join(folder, name)).mtimeMs;
    // printf weights | sha256sum; printf '{"a":1}\n{"a":2}\n' | sha256sum
    const [weights, records] = [
      "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c",
      "e91bd3062f38c3f1df2165d987872b022fb39a08c642a6fbc3b862dd2a2aaf24",
    ];
    expect(record).toMatchObject({
      ...work(),
      result: 3,
      outputs: [
        { path: "model/weights", bytes: 7, sha256: weights, modified: modified("model/weights") },
        { path: "records.jsonl", bytes: 16, sha256: records, modified: modified("records.jsonl") },
      ],
    });
  });

  it("leaves no stage.json when the body fails, and finds its files when it runs again", async () => {
    const failing = sums.make({ a: 1 }, (folder) => {
      write(folder, "half", "12");
      throw new Error("killed");
    });
    await expect(failing).rejects.toThrow("killed");
    const again = await sums.make({ a: 1 }, (folder) => Number(fs.readFileSync(path.join(folder, "half"), "utf8")));
    expect([again.cached, again.result, sums.calls]).toEqual([false, 12, 2]);
    expect(files(again.folder)).toEqual(["half", "stage.json"]);
    expect(files(path.join(store, "leases"))).toEqual([]);
  });

  it("removes scraps once stage.json is there, also those that a kill left between the two", async () => {
    const run = (folder: string) => {
      for (const name of ["checkpoint-5/w", "checkpoint-10/w", "blank", "blank2", "model/checkpoint-1"])
        write(folder, name, "");
      return 3;
    };
    const scraps = ["checkpoint-*", "blank"];
    const { folder } = await sums.make({ a: 1 }, run, scraps);
    const left = ["blank2", "model", "model/checkpoint-1", "stage.json"];
    expect(files(folder)).toEqual(left);
    expect(findFinished(store, work())?.outputs.map((output) => output.path)).toEqual(["blank2", "model/checkpoint-1"]);
    write(folder, "checkpoint-10/w", "");
    await sums.make({ a: 1 }, run, scraps);
    expect(files(folder)).toEqual(left);
  });

  it("clears its folder of what a killed writer left, and restores what it was about to replace", async () => {
    const { folder } = await sums.make();
    fs.rmSync(path.join(folder, "stage.json"));
    const writer = process.pid; // the dead writer's number has come round again
    fs.mkdirSync(path.join(folder, `model.old-${writer}`));
    write(folder, `records.jsonl.tmp-${writer}`, "half");
    await sums.make({ a: 1 }, () => 3);
    expect(files(folder)).toEqual(["model", "stage.json"]);
  });

  it("does not count what a writer has not finished among the files that it left", async () => {
    const { folder } = await sums.make({ a: 1 }, (folder) => {
      write(folder, "model/weights.tmp-1", "");
      return 3;
    });
    expect(findFinished(store, work())?.outputs).toEqual([]);
    expect(fs.existsSync(folder)).toBe(true);
  });

  it("takes a result that is no JSON, or that could not be read again, for the mistake that it is", async () => {
    await expect(sums.make({ a: 1 }, () => NaN)).rejects.toThrow(/the result of sum: is NaN/);
    const body = { run: () => Promise.resolve(3), parse: () => asNumber("3") };
    await expect(makeOnce(sums.context, work(), body)).rejects.toThrow("must be a number");
    expect(findFinished(store, work())).toBeUndefined();
  });

  it("takes no negative time when the clock is set back", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const { seconds } = await sums.make({ a: 1 }, () => vi.setSystemTime(Date.now() - 3_600_000).getTimerCount());
      expect(seconds).toBeGreaterThanOrEqual(0);
      expect(seconds).toBeLessThan(60);
    } finally {
      vi.useRealTimers();
    }
  });

  it("says at once that the folder cannot be written, and does not try for ever", async () => {
    write(store, "file", "in the way");
    sums.context = { ...sums.context, store: path.join(store, "file", "runs") };
    await expect(sums.make()).rejects.toThrow(LabError);
    await expect(sums.make()).rejects.toThrow(/file.*cannot be written.*writable/);
  });

  it("waits for a call of this process: an interrupted notebook cell may still be at work", async () => {
    const [first, second] = await Promise.all([sums.make({ a: 1 }, () => sleep(300).then(() => 5)), sums.make()]);
    expect([first.cached, second.cached, second.result, sums.calls]).toEqual([false, true, 5, 1]);
    expect(sums.labels).toEqual([`waiting for process ${process.pid} on ${os.hostname()}`]);
  });

  it("whose work was taken over stops the body, and writes no stage.json", async () => {
    sums.context = { ...sums.context, expirySeconds: 0.6 };
    let told = false;
    const late = sums.make({ a: 1 }, async (folder, signal) => {
      const taken = path.join(store, "leases", `${path.basename(folder)}.2`);
      fs.writeFileSync(taken, leaseText({ host: "elsewhere", pid: 123 }));
      await sleep(300);
      told = signal.aborted;
      return 3;
    });
    await expect(late).rejects.toThrow(/its lease was taken over by process 123 on elsewhere/);
    expect(told).toBe(true);
    expect(findFinished(store, work())).toBeUndefined();
  });
});

describe("findFinished, listFinished and forget", () => {
  it("find what is finished, the oldest first, and nothing else", async () => {
    expect([findFinished(store, work()), listFinished(path.join(store, "never begun"))]).toEqual([undefined, []]);
    const made = [await sums.make({ a: 2 }), await sums.make({ a: 1 })];
    await sums.make({ a: 3 }, () => Promise.reject(new Error("stopped"))).catch(() => undefined);
    write(store, "cache.json", "{}");
    fs.cpSync(made[0]!.folder, path.join(store, "sum-copy"), { recursive: true });
    write(path.join(store, "sum-torn"), "stage.json", "{"); // one that cannot be read is no reason to find none
    write(
      path.join(store, "sum-named"),
      "stage.json",
      fs.readFileSync(path.join(made[0]!.folder, "stage.json"), "utf8").replace('"sum"', '"a sum"'),
    );
    const checks = await verifyStore(sums.context);
    expect(checks.flatMap(({ findings }) => findings.map(({ what }) => what))).toEqual([
      expect.stringContaining("another stage") as string, // the copy
      expect.stringContaining("another stage") as string, // no kind is called so
      expect.stringMatching(/JSON/u) as string,
    ]);
    expect(listFinished(store).map(({ key, folder }) => ({ key, folder }))).toEqual(
      made.map(({ key, folder }) => ({ key, folder })),
    );
    expect(findFinished(store, work({ a: 1 }))).toMatchObject({ ...work({ a: 1 }), key: made[1]?.key, result: 3 });
    expect(findFinished(store, work({ a: 3 }))).toBeUndefined();
  });

  it("removes these works and no other ones, finished or not", async () => {
    const [one, two] = [await sums.make({ a: 1 }), await sums.make({ a: 2 })];
    await sums.make({ a: 3 }, () => Promise.reject(new Error("stopped"))).catch(() => undefined);
    write(one.folder, "stage.json", "{"); // torn: a reason to want it anew
    await forget(sums.context, [work({ a: 1 }), work({ a: 3 }), work({ a: 4 })]);
    expect(listFinished(store).map((each) => each.folder)).toEqual([two.folder]);
    expect(fs.readdirSync(store).sort()).toEqual(["leases", path.basename(two.folder)]);
    expect((await sums.make({ a: 1 })).cached).toBe(false);
  });

  it("waits for one that is being made", async () => {
    const making = sums.make({ a: 1 }, () => sleep(300).then(() => 3));
    await sleep(50);
    await forget(sums.context, [work()]);
    expect((await making).result).toBe(3);
    expect(listFinished(store)).toEqual([]);
    expect(sums.labels).toEqual([`waiting for process ${process.pid} on ${os.hostname()}`]);
  });
});
