import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parserOf, readStored } from "../../src/config/stored";
import { LabError } from "../../src/core/errors";

const schema = z.strictObject({ count: z.int().min(0), name: z.string() });

describe("readStored", () => {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-stored-")), "value.json");
  const read = () => readStored(file, schema, "count of things", "Count again.");

  it("gives what the schema describes", () => {
    fs.writeFileSync(file, '{"count": 3, "name": "x"}');
    expect(read()).toEqual({ count: 3, name: "x" });
  });

  it.each([
    ["null", "is no count of things (the whole file must be a group of keys, but is null). Count again."],
    ['{"name": 1, "counts": 2}', "is no count of things (key count is missing; it must be a number; key name must be"],
    ["[1, 2", "is not valid JSON"],
  ])("says in words what is wrong with %s", (content, message) => {
    fs.writeFileSync(file, content);
    expect(read).toThrow(LabError);
    expect(read).toThrow(message);
    expect(read).toThrow(file);
  });
});

describe("parserOf", () => {
  it("asks for a key of any value in words", () => {
    expect(() => parserOf(z.strictObject({ inputs: z.unknown() }))({})).toThrow(/^key inputs is missing$/);
  });

  it("has no raw dump of the schema's library in its message", () => {
    expect(() => parserOf(schema)({ count: -1, name: "x" })).toThrow(/^key count must be at least 0, but is -1$/);
  });
});
