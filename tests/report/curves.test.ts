import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseCsv } from "../../src/core/csv";
import { curvesBelow } from "../../src/lab/curves";
import { curvesCsv, type Curve } from "../../src/report/curves/curve";
import { crc32c, eventFile, writeEventFiles } from "../../src/report/curves/tensorboard";

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "metrics-"));
afterAll(() => {
  fs.rmSync(scratch, { recursive: true });
});

const curve: Curve = {
  run: "seed-1-tapo",
  startedAt: 1_790_000_000.5,
  steps: [
    { step: 0, loss: 0.1, seconds: 0.25 },
    { step: 300, loss: -2.5e-7, reward: NaN, seconds: 1.5 },
  ],
};

/** What TensorBoard 2.21's own writer makes of the same: python tests/interop/tensorboard/record_events.py (test:interop compares it anew). */
const RECORDED = fs.readFileSync(path.join(__dirname, "../reference/tensorboard/events.hex"), "utf8").trim();

describe("TensorBoard's event files", () => {
  it("are, byte for byte, those of its own writer", () => {
    expect(eventFile(curve).toString("hex")).toBe(RECORDED);
  });

  it("carry CRC-32C", () => {
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283); // the check value of the CRC catalogues
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa); // RFC 3720, B.4: 32 bytes of zeros
  });

  it("grow by what is new, and are written anew when the curve is another", () => {
    const [file = ""] = writeEventFiles(scratch, [{ ...curve, steps: curve.steps.slice(0, 1) }]);
    const inode = fs.statSync(file).ino;
    writeEventFiles(scratch, [{ ...curve, startedAt: curve.startedAt + 3 }]); // as a finished stage's record has it
    expect(fs.statSync(file).ino).toBe(inode); // appended: who reads it sees the new step
    expect(fs.readFileSync(file).equals(eventFile(curve))).toBe(true);
    const other = { ...curve, startedAt: 5, steps: curve.steps.slice(1) };
    writeEventFiles(scratch, [other]);
    expect(fs.readFileSync(file).equals(eventFile(other))).toBe(true);
  });
});

describe("CSV", () => {
  it("has a row for each step, every digit, and nothing for what is not a number", () => {
    const other: Curve = { run: 'a,"b"', startedAt: 0, steps: [{ step: 1, kl: 1 / 3 }] };
    expect(parseCsv(curvesCsv([curve, other]))).toEqual([
      ["run", "step", "loss", "seconds", "reward", "kl"],
      ["seed-1-tapo", "0", "0.1", "0.25", null, null],
      ["seed-1-tapo", "300", "-2.5e-7", "1.5", null, null],
      ['a,"b"', "1", null, null, null, String(1 / 3)],
    ]);
  });
});

it("where no event file can be written, the file is named", () => {
  const file = path.join(scratch, "a-file");
  fs.writeFileSync(file, "");
  expect(() => writeEventFiles(file, [curve])).toThrow(/a-file.*: cannot be written/);
  const folder = path.join(scratch, "taken");
  fs.mkdirSync(path.join(folder, curve.run, "events.out.tfevents.fine-r1"), { recursive: true });
  expect(() => writeEventFiles(folder, [curve])).toThrow(
    /events\.out\.tfevents\.fine-r1: (cannot be written|is a folder)/,
  );
});

describe("curves in folders", () => {
  it("are found below, called by their folders, whole lines only", () => {
    const store = path.join(scratch, "store");
    for (const name of ["rl-1", "sft-2"]) fs.mkdirSync(path.join(store, name), { recursive: true });
    fs.writeFileSync(path.join(store, "rl-1", "metrics.jsonl"), '{"step":0,"loss":null}\n{"step":1,"lo'); // being written
    fs.writeFileSync(path.join(store, "sft-2", "metrics.jsonl"), '{"step":0,"loss":1}\n');
    const found = curvesBelow(store);
    expect(found.map(({ run, steps }) => [run, steps])).toEqual([
      ["rl-1", [{ step: 0, loss: NaN }]],
      ["sft-2", [{ step: 0, loss: 1 }]],
    ]);
    expect(curvesBelow(path.join(store, "sft-2")).map(({ run }) => run)).toEqual(["sft-2"]);
    expect(() => curvesBelow(path.join(store, "rl-1", ".."))).not.toThrow();
    fs.mkdirSync(path.join(scratch, "empty"));
    expect(() => curvesBelow(path.join(scratch, "empty"))).toThrow(/holds no metrics\.jsonl/);
  });
});
