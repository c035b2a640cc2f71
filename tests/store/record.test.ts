import * as fs from "node:fs";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import { forget, verifyStore } from "../../src/store/store";
import { Sums, work, write } from "./sums";

let sums: Sums;
let store: string;
beforeEach(() => {
  sums = new Sums();
  store = sums.store;
});
afterEach(() => {
  fs.rmSync(store, { recursive: true, force: true });
});

describe("what lies in the store", () => {
  /** `outputs` and `result` of the work's record, or another one, in its place. */
  const rewrite = (folder: string, changes: object): void => {
    const file = path.join(folder, "stage.json");
    const record = JSON.parse(fs.readFileSync(file, "utf8")) as object;
    fs.writeFileSync(file, JSON.stringify({ ...record, ...changes }));
  };

  it.each([
    [{ kind: undefined }, /is no record of a stage \(key kind is missing/],
    [{ seconds: "3" }, /key seconds must be a number, but is "3"/],
    [{ inputs: { a: 2 } }, /another stage or of other inputs/],
    [{ version: 2 }, /another stage or of other inputs/],
    [{ result: null }, /holds no result of the stage "sum" \(must be a number\)/],
  ])("is not taken with %o in its record", async (changes, reason) => {
    const { folder } = await sums.make();
    rewrite(folder, changes);
    await expect(sums.make()).rejects.toThrow(LabError);
    await expect(sums.make()).rejects.toThrow(reason);
    await expect(sums.make()).rejects.toThrow(`Remove ${folder}, and the stage is made again`);
    expect((await verifyStore(sums.context))[0]?.findings).toHaveLength("result" in changes ? 0 : 1);
  });

  it("is named when its record is torn", async () => {
    const { folder } = await sums.make();
    write(folder, "stage.json", '{"kind": ');
    await expect(sums.make()).rejects.toThrow(/stage\.json: is not valid JSON.*Repair or remove/);
  });

  it.each<[string, (file: string) => void, RegExp]>([
    [
      "cut short",
      (file) => {
        fs.truncateSync(file, 8);
      },
      /has 8 bytes, and had 16 when its stage was finished/,
    ],
    [
      "a line longer",
      (file) => {
        fs.appendFileSync(file, '{"a":3}\n');
      },
      /has 24 bytes, and had 16/,
    ],
    [
      "changed in one bit",
      (file) => {
        fs.writeFileSync(file, '{"a":1}\n{"a":3}\n');
      },
      /has changed since its stage/,
    ],
    [
      "gone",
      (file) => {
        fs.rmSync(file);
      },
      /is not there any more/,
    ],
    [
      "a folder",
      (file) => {
        fs.rmSync(file);
        fs.mkdirSync(file);
      },
      /is not there any more/,
    ],
  ])("is not taken when a file of it is %s", async (_, damage, reason) => {
    // prettier-ignore
    const { folder } = await sums.filled();
    const file = path.join(folder, "records.jsonl");
    damage(file);
    const said = (await sums.make().catch((error: unknown) => error)) as LabError;
    expect(said).toBeInstanceOf(LabError);
    expect(said.subject).toBe(file);
    expect(said.message).toMatch(reason);
    expect(said.message).toContain(`Remove ${folder}, and the stage is made again; \`--fresh\``);
    expect(sums.calls).toBe(1);
    const [check] = await verifyStore(sums.context);
    expect(check?.findings).toEqual([{ file, what: expect.stringMatching(reason) as string }]);
    await forget(sums.context, [work()]);
    expect((await sums.filled()).cached).toBe(false);
    expect((await verifyStore(sums.context)).map((each) => each.findings)).toEqual([[]]);
  });

  it("is hashed once when it was copied, and then trusted", async () => {
    const { folder } = await sums.filled();
    const copy = path.join(store, "copy", path.basename(folder));
    fs.cpSync(folder, copy, { recursive: true });
    for (const file of ["records.jsonl", "model/weights"]) fs.utimesSync(path.join(copy, file), 1, 1);
    sums.context = { ...sums.context, store: path.dirname(copy) };
    expect((await sums.make()).cached).toBe(true);
    expect(sums.labels).toEqual([`checking ${path.basename(folder)}`]);
    expect((await sums.make()).cached).toBe(true);
    expect(sums.labels).toHaveLength(1);
    expect((await verifyStore(sums.context)).map((each) => each.findings)).toEqual([[]]);
    // the times that were noted are those of this content, and of no other
    fs.writeFileSync(path.join(copy, "model/weights"), "Weights");
    await expect(sums.make()).rejects.toThrow(/has changed/);
    fs.writeFileSync(path.join(copy, "model/weights"), "weights");
    expect((await sums.make()).cached).toBe(true);
    const record = fs.readFileSync(path.join(copy, "stage.json"), "utf8");
    write(copy, "stage.json", record.replace(/"sha256": "../g, '"sha256": "00'));
    await expect(sums.make()).rejects.toThrow(/has changed/);
  });

  it("may be read where nothing can be written", async () => {
    const { folder } = await sums.filled();
    fs.utimesSync(path.join(folder, "model/weights"), 1, 1);
    fs.mkdirSync(path.join(folder, "checked.json")); // so that nothing can be noted, whoever the tests run as
    expect((await sums.make()).cached).toBe(true);
    expect((await sums.make()).cached).toBe(true);
    expect(sums.labels).toHaveLength(2);
  });

  it("is looked at by every byte when it is verified, and strangers in it are named", async () => {
    const { folder } = await sums.filled();
    const { mtime } = fs.statSync(path.join(folder, "model/weights"));
    fs.writeFileSync(path.join(folder, "model/weights"), "Weights");
    fs.utimesSync(path.join(folder, "model/weights"), mtime, mtime);
    write(folder, "model/extra", "");
    write(store, "notes/mine", "not a stage");
    fs.cpSync(folder, path.join(store, "sum-copy"), { recursive: true });
    const checks = await verifyStore(sums.context);
    expect(checks.map(({ folder: at, title }) => [path.basename(at), title])).toEqual([
      [path.basename(folder), "sum, version 1"],
      ["sum-copy", "sum, version 1"],
    ]);
    expect(checks[0]?.findings.map(({ file, what }) => [path.relative(folder, file), what])).toEqual([
      ["model/weights", "has changed since its stage was finished: its SHA-256 is another one"],
      ["model/extra", "is not a file of this stage"],
    ]);
    expect(checks[1]?.findings[0]?.what).toBe("is the record of another stage or of other inputs");
  });
});
