import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { memoryOfTree } from "../../bench/lib/memory";

it("adds up a process and all that it started, and nobody else", () => {
  const proc = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-proc-"));
  onTestFinished(() => {
    fs.rmSync(proc, { recursive: true });
  });
  const process = (pid: number, parent: number, peakKib: number, pssKib: number): void => {
    const folder = path.join(proc, `${pid}`);
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, "status"), `Name:\tx\nPPid:\t${parent}\nVmHWM:\t  ${peakKib} kB\n`);
    fs.writeFileSync(path.join(folder, "smaps_rollup"), `Rss: 1 kB\nPss:   ${pssKib} kB\nPss_Anon: 7 kB\n`);
  };
  process(10, 1, 1024, 512);
  process(11, 10, 2048, 256);
  process(12, 11, 1024, 256);
  process(13, 1, 9999, 9999);
  expect(memoryOfTree(10, proc)).toEqual({ peakMib: 4, proportionalMib: 1, processes: 3 });
  expect(memoryOfTree(99, proc)).toBeUndefined();
  expect(memoryOfTree(10, path.join(proc, "none"))).toBeUndefined();
});
