import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isRunning, sweepLeftovers } from "../../src/core/leftovers";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-leftovers-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** The number of a process that has just ended. */
const dead = spawnSync(process.execPath, ["-e", ""]).pid;
const put = (name: string, content = name): void => {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  fs.writeFileSync(path.join(folder, name), content);
};
const left = (): string[] => fs.readdirSync(folder).sort();

describe("sweepLeftovers", () => {
  it("removes what dead writers left, and nothing of a living one or of anybody else", () => {
    put(`table.json.tmp-${dead}`);
    put(`model.tmp-${dead}/config.json`);
    put(`.writable-${dead}`);
    const stay = [
      `table.json.tmp-${process.pid}`,
      `.writable-${process.pid}`,
      "lock",
      "a.tmp-",
      "b.old-x",
      "stage.json",
    ];
    stay.forEach((name) => {
      put(name);
    });
    sweepLeftovers(folder);
    expect(left()).toEqual([...stay].sort());
  });

  it("puts the old folder back where the kill came between the two renames, and removes it where it came after", () => {
    put(`model.old-${dead}/config.json`, "old");
    put(`model.tmp-${dead}/config.json`, "new"); // whole or not: only its writer knew
    put("base/config.json", "new");
    put(`base.old-${dead}/config.json`, "old");
    sweepLeftovers(folder);
    expect(left()).toEqual(["base", "model"]);
    expect(fs.readFileSync(path.join(folder, "model", "config.json"), "utf8")).toBe("old");
    expect(fs.readFileSync(path.join(folder, "base", "config.json"), "utf8")).toBe("new");
  });

  it("takes the holder of the folder at its word that a number is that of a dead writer", () => {
    put(`model.tmp-${process.pid}/config.json`);
    sweepLeftovers(folder, () => true);
    expect(left()).toEqual([]);
  });

  it("leaves what only has such a name, where it is asked whose it is", () => {
    put(`site.tmp-${dead}/index.html`);
    put(`notes.old-${dead}`);
    sweepLeftovers(folder, undefined, (left) => path.basename(left).startsWith("site."));
    expect(left()).toEqual([`notes.old-${dead}`]);
  });

  it("finds nothing in a folder that is not there, or in a file", () => {
    put("file");
    sweepLeftovers(path.join(folder, "none"));
    sweepLeftovers(path.join(folder, "file"));
    expect(left()).toEqual(["file"]);
  });
});

describe("isRunning", () => {
  it("knows this process, a dead one, and numbers that are none", () => {
    expect([process.pid, dead, 0, -1].map(isRunning)).toEqual([true, false, false, false]);
  });
});
