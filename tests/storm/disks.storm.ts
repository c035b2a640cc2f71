import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, expect, it } from "vitest";
import { Random } from "../../src/core/random";
import { report } from "./figures";
import { leftovers, newHome, outcome, QUICKSTART, start } from "./runs";
import { SEED } from "./seed";

/** A disk that is full says so in plain words; with room again the same command ends with the same bytes. */
const ROUNDS = 3;

const scratch = newHome("disks");
const disk = path.join(scratch, "disk");
const whole = path.join(scratch, "whole");

const mount = (options: string): boolean =>
  spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", disk], { stdio: "ignore" }).status === 0;
const unmount = (): void => {
  spawnSync("umount", [disk], { stdio: "ignore" });
};
afterAll(() => {
  unmount();
  fs.rmSync(scratch, { recursive: true, force: true });
});

fs.mkdirSync(disk);
const mounts = mount("size=1m");
unmount();
const FULL = /cannot be written|no room|ENOSPC|EFBIG/;

it("a full disk is a clear error, and is all that is lost", async () => {
  const random = new Random(`disks ${SEED}`);
  expect(await start(QUICKSTART, whole).end).toMatchObject({ how: "done" });
  const wanted = outcome(whole);
  let said = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const kilobytes = 64 + random.integer(2500);
    if (mounts) {
      expect(mount(`size=${kilobytes}k`)).toBe(true);
      const { how, errors } = await start(QUICKSTART, disk).end;
      expect(how, `${kilobytes} kB: ${errors}`).toBe("said");
      expect(errors).toMatch(FULL);
      expect(mount("remount,size=256m")).toBe(true);
    } else {
      // no file may be longer, which is what a full disk does to the large ones
      const limit = ["bash", "-c", `ulimit -f ${Math.ceil(kilobytes / 8)}; exec "$0" "$@"`];
      const { how, errors } = await start(QUICKSTART, disk, limit).end;
      expect(how, `${kilobytes} kB: ${errors}`).toBe("said");
      expect(errors).toMatch(FULL);
    }
    said++;
    expect(await start(QUICKSTART, disk).end).toMatchObject({ how: "done" });
    expect(outcome(disk)).toEqual(wanted);
    expect(leftovers(disk)).toEqual([]);
    if (mounts) unmount();
    else for (const name of fs.readdirSync(disk)) fs.rmSync(path.join(disk, name), { recursive: true });
  }
  const how = mounts ? "full disks" : "limits on the size of files (no disk may be mounted here)";
  report("disks", `${said} ${how}, then room again`, `${said} clear errors, ${said} same`);
});

it("a full temporary folder is a clear error", async () => {
  if (!mounts) {
    report("disks", "a full temporary folder", "not tried: no disk may be mounted here");
    return;
  }
  expect(mount("size=4k")).toBe(true);
  fs.writeFileSync(path.join(disk, "full"), Buffer.alloc(4096));
  const { how, errors } = await start(QUICKSTART, path.join(scratch, "temporary"), [], { TMPDIR: disk }).end;
  unmount();
  expect(how, errors).toBe("said");
  expect(errors).toMatch(FULL);
  report("disks", "a full temporary folder", "1 clear error");
});
