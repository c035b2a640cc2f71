import { spawn } from "node:child_process";
import builtin, * as fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import * as os from "node:os";
import * as path from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LabError } from "../../src/core/errors";
import { digest, forgetStages, quietContext, runStage, stableJson } from "../../src/store/stage";

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-stage-"));
});
afterEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

/** Runs the stage "sum" and counts how often its body ran. */
let calls = 0;
const asNumber = (result: unknown): number => {
  if (typeof result !== "number") throw new TypeError("must be a number");
  return result;
};
/** A stage whose result is a number. */
const number = (run: () => number | Promise<number>) => ({ parse: asNumber, run: () => Promise.resolve(run()) });
const sum = (inputs: unknown, body: (folder: string) => unknown = () => ({ value: 3 })) =>
  runStage(quietContext(root), "sum", inputs, {
    parse: (result) => result,
    run: (folder) => {
      calls += 1;
      return Promise.resolve(body(folder));
    },
  });
beforeEach(() => {
  calls = 0;
});

describe("runStage", () => {
  it("runs once for its inputs and gives the same result from then on", async () => {
    const first = await sum({ a: 1 });
    const second = await sum({ a: 1 });
    expect(calls).toBe(1);
    expect([first.cached, second.cached]).toEqual([false, true]);
    expect(second).toEqual({ ...first, cached: true });
    expect(fs.readdirSync(first.folder)).toEqual(["stage.json"]); // and no lock
    const record = JSON.parse(fs.readFileSync(path.join(first.folder, "stage.json"), "utf8")) as unknown;
    expect(record).toMatchObject({ stage: "sum", inputs: { a: 1 }, result: { value: 3 } });
  });

  it("runs anew in a folder of its own for other inputs or another name, and keeps the old one", async () => {
    const first = await sum({ a: 1 });
    const changed = await sum({ a: 2 });
    const other = await runStage(
      quietContext(root),
      "other",
      { a: 1 },
      number(() => 0),
    );
    expect(new Set([first, changed, other].map((s) => s.folder)).size).toBe(3);
    expect(new Set([first, changed, other].map((s) => s.key)).size).toBe(3);
    expect((await sum({ a: 1 })).cached).toBe(true);
  });

  it("does not mind the order of keys, nor keys that are undefined", async () => {
    await sum({ a: 1, b: { c: 2, d: 3 } });
    expect((await sum({ b: { d: 3, c: 2 }, a: 1, e: undefined })).cached).toBe(true);
    expect(calls).toBe(1);
  });

  it("runs anew after the stages were forgotten, which a stage at work forbids", async () => {
    forgetStages(path.join(root, "never begun"));
    await sum({ a: 1 });
    fs.writeFileSync(path.join(root, "cache.json"), "{}");
    forgetStages(root);
    expect(fs.readdirSync(root)).toEqual([]);
    await sum({ a: 1 }, () => {
      expect(() => {
        forgetStages(root);
      }).toThrow(/is in use by process/);
      return { value: 3 };
    });
    expect((await sum({ a: 1 })).cached).toBe(true);
    expect(calls).toBe(2);
  });

  it("leaves no stage.json when the body fails, and finds its files when it runs again", async () => {
    const failing = sum({ a: 1 }, (folder) => {
      fs.writeFileSync(path.join(folder, "half"), "done so far");
      throw new Error("killed");
    });
    await expect(failing).rejects.toThrow("killed");
    const again = await sum({ a: 1 }, (folder) => fs.readFileSync(path.join(folder, "half"), "utf8"));
    expect([again.cached, again.result, calls]).toEqual([false, "done so far", 2]);
    expect(fs.readdirSync(again.folder).sort()).toEqual(["half", "stage.json"]);
  });

  it("names a stage.json that is torn", async () => {
    const { folder } = await sum({ a: 1 });
    fs.writeFileSync(path.join(folder, "stage.json"), '{"stage": ');
    await expect(sum({ a: 1 })).rejects.toThrow(/stage\.json: is not valid JSON.*Repair or remove/);
  });

  it.each([
    ["null", /is no record of a stage \(the whole file must be a group of keys, but is null\)/],
    ["{}", /is no record of a stage \(key stage is missing/],
    [
      '{"stage": "sum", "inputs": {"a": 1}, "startedAt": "", "seconds": "3"}',
      /key seconds must be a number, but is "3"/,
    ],
    [
      '{"stage": "sum", "inputs": {"a": 2}, "result": 3, "startedAt": "", "seconds": 3}',
      /another stage or of other inputs/,
    ],
    [
      '{"stage": "sum", "inputs": {"a": 1}, "result": null, "startedAt": "", "seconds": 3}',
      /holds no result of the stage "sum" \(must be a number\)/,
    ],
  ])("does not take %s for the record of a finished stage", async (content, reason) => {
    const stage = () => runStage(quietContext(root), "sum", { a: 1 }, number(() => 3)); // prettier-ignore
    const { folder } = await stage();
    fs.writeFileSync(path.join(folder, "stage.json"), content);
    await expect(stage()).rejects.toThrow(LabError);
    await expect(stage()).rejects.toThrow(reason);
    await expect(stage()).rejects.toThrow(`Remove ${folder}, and the stage is made again`);
  });

  it("clears its folder of what a killed writer left, and restores what it was about to replace", async () => {
    const { folder } = await sum({ a: 1 });
    fs.rmSync(path.join(folder, "stage.json"));
    const writer = process.pid; // the dead writer's number has come round again
    fs.mkdirSync(path.join(folder, `model.old-${writer}`));
    fs.writeFileSync(path.join(folder, `records.jsonl.tmp-${writer}`), "half");
    await sum({ a: 1 }, () => fs.readdirSync(folder).sort());
    expect(fs.readdirSync(folder).sort()).toEqual(["model", "stage.json"]);
  });

  it("takes no negative time when the clock is set back", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const { seconds } = await sum({ a: 1 }, () => vi.setSystemTime(Date.now() - 3_600_000).isFakeTimers());
      expect(seconds).toBeGreaterThanOrEqual(0);
      expect(seconds).toBeLessThan(60);
    } finally {
      vi.useRealTimers();
    }
  });

  it("says at once that the folder cannot be written, and does not try for ever", async () => {
    const file = path.join(root, "file");
    fs.writeFileSync(file, "in the way");
    const run = runStage(
      quietContext(path.join(file, "runs")),
      "sum",
      {},
      number(() => 1),
    );
    await expect(run).rejects.toThrow(LabError);
    await expect(run).rejects.toThrow(/file.*cannot be written.*writable/);
    expect(() => {
      forgetStages(file);
    }).toThrow(LabError);
  });
});

describe("the lock", () => {
  /** The folder of `sum({ a: 1 })`, with a lock left by `owner`. */
  async function lockedBy(owner: string): Promise<string> {
    const { folder } = await sum({ a: 1 });
    fs.rmSync(path.join(folder, "stage.json"));
    fs.writeFileSync(path.join(folder, "lock"), owner);
    fs.utimesSync(path.join(folder, "lock"), 0, 0);
    return folder;
  }

  it("keeps a second process out while the first one lives, naming folder and process", async () => {
    const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
    try {
      const folder = await lockedBy(String(other.pid));
      const second = sum({ a: 1 });
      await expect(second).rejects.toThrow(LabError);
      await expect(second).rejects.toThrow(`${folder}: is in use by process ${String(other.pid)}. Wait for it to end`);
      expect(fs.readFileSync(path.join(folder, "lock"), "utf8")).toBe(String(other.pid)); // untouched
    } finally {
      other.kill();
    }
  });

  it("of a process that is gone is taken over", async () => {
    const gone = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => gone.on("close", resolve));
    const folder = await lockedBy(String(gone.pid));
    expect((await sum({ a: 1 })).cached).toBe(false);
    expect(fs.readdirSync(folder)).toEqual(["stage.json"]);
  });

  it.each(["", "rubbish", "0", "-1", String(process.pid)])(
    "that says %j is a left-over and is taken over",
    async (owner) => {
      await lockedBy(owner); // this process's own id: an earlier process had the same one
      expect((await sum({ a: 1 })).cached).toBe(false);
    },
  );

  it("needs no hard links, which some file systems lack", async () => {
    const { linkSync } = builtin;
    builtin.linkSync = () => {
      throw Object.assign(new Error("EPERM: operation not permitted, link"), { code: "EPERM" });
    };
    syncBuiltinESMExports();
    try {
      expect((await sum({ a: 1 })).result).toEqual({ value: 3 });
    } finally {
      builtin.linkSync = linkSync;
      syncBuiltinESMExports();
    }
  });

  it("that is still empty may be another process's that is just writing into it", async () => {
    const folder = await lockedBy("");
    fs.writeFileSync(path.join(folder, "lock"), ""); // now
    await expect(sum({ a: 1 })).rejects.toThrow("is in use by process (just starting)");
  });

  it("keeps out a second run of this process: an interrupted notebook cell may still be at work", async () => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const first = runStage(
      quietContext(root),
      "sum",
      { a: 1 },
      number(() => held.then(() => 1)),
    );
    await expect(sum({ a: 1 })).rejects.toThrow(`is in use by process ${process.pid}`);
    letGo();
    expect((await first).result).toBe(1);
    expect((await sum({ a: 1 })).cached).toBe(true);
  });
});

describe("stableJson and digest", () => {
  it("are the same for equal values, whatever the order of their keys, and lose nothing", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (a) => {
        const copy = JSON.parse(JSON.stringify(a), (_, v: unknown) =>
          typeof v === "object" && v !== null && !Array.isArray(v)
            ? Object.fromEntries(Object.entries(v).reverse())
            : v,
        ) as unknown;
        expect(digest(copy)).toBe(digest(a));
        expect(JSON.parse(stableJson(a))).toEqual(JSON.parse(JSON.stringify(a))); // so other values give other text
      }),
    );
  });
});
