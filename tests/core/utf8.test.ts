import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { expect, it } from "vitest";
import { readUsableJsonl } from "../../src/core/files";

it("a file too long for one text is read line by line, and a line that is too long itself is named", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-long-"));
  const file = path.join(folder, "long.jsonl");
  fs.writeFileSync(file, "1\n");
  fs.truncateSync(file, 540_000_000); // a hole, which takes no room
  fs.appendFileSync(file, "\n2\n");
  const { usable, malformed } = readUsableJsonl(file, Number);
  expect([usable, malformed]).toEqual([
    [1, 2],
    [{ line: 2, reason: expect.stringContaining("longer than") as string }],
  ]);
  fs.rmSync(folder, { recursive: true });
});
