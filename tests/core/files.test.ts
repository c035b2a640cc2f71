import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import { isFolder } from "../../src/core/folders";
import {
  JsonlFile,
  parseJson,
  readJson,
  readJsonl,
  readText,
  requireWritable,
  writeFileAtomic,
  writeFolderAtomic,
  writeJson,
  writeNewFolder,
} from "../../src/core/files";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-files-"));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});
const at = (...parts: string[]): string => path.join(folder, ...parts);

/** A path below a file: nothing can be written there, not even by root. */
function impossible(): string {
  fs.writeFileSync(at("file"), "in the way");
  return at("file", "below", "it");
}

function expectUnwritable(error: unknown, file: string): void {
  expect(error).toBeInstanceOf(LabError);
  expect((error as LabError).subject).toBe(file);
  expect((error as LabError).message).toMatch(/cannot be written \(E(NOTDIR|EXIST).*writable/);
}

const thrown = (body: () => unknown): unknown => {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
};

describe("writeFileAtomic", () => {
  it("makes folders, replaces content, and leaves nothing else behind", () => {
    writeFileAtomic(at("a", "b", "c.txt"), "old");
    writeFileAtomic(at("a", "b", "c.txt"), Buffer.from("new"));
    expect(readText(at("a", "b", "c.txt"))).toBe("new");
    expect(fs.readdirSync(at("a", "b"))).toEqual(["c.txt"]);
  });

  it("names the file when its parent is no folder, and removes its temporary file when the rename fails", () => {
    const file = impossible();
    expectUnwritable(
      thrown(() => {
        writeFileAtomic(file, "x");
      }),
      file,
    );
    fs.mkdirSync(at("full", "inside"), { recursive: true });
    expect(() => {
      writeFileAtomic(at("full"), "x"); // a file cannot take a folder's place
    }).toThrow(LabError);
    expect(fs.readdirSync(folder).sort()).toEqual(["file", "full"]);
  });
});

describe("writeFolderAtomic", () => {
  it("puts a whole folder in the place of the old one", async () => {
    await writeFolderAtomic(at("out"), (temporary) => {
      fs.writeFileSync(path.join(temporary, "one"), "1");
    });
    await writeFolderAtomic(at("out"), (temporary) => {
      expect(fs.readdirSync(at("out"))).toEqual(["one"]); // still there while the new one is made
      fs.writeFileSync(path.join(temporary, "two"), "2");
    });
    expect(fs.readdirSync(at("out"))).toEqual(["two"]);
    expect(fs.readdirSync(folder)).toEqual(["out"]);
  });

  it("leaves the old folder as it was when filling fails, and passes the error on", async () => {
    writeJson(at("out", "kept.json"), 1);
    const failure = new RangeError("a bug of ours is no trouble with the disc");
    const fill = (temporary: string): never => {
      fs.writeFileSync(path.join(temporary, "part"), "half");
      throw failure;
    };
    await expect(writeFolderAtomic(at("out"), fill)).rejects.toBe(failure);
    expect(fs.readdirSync(at("out"))).toEqual(["kept.json"]);
    expect(fs.readdirSync(folder)).toEqual(["out"]);
  });

  it("takes a name that ends with a slash", async () => {
    for (const content of ["1", "2"]) {
      await writeFolderAtomic(`${at("out")}/`, (temporary) => {
        fs.writeFileSync(path.join(temporary, "one"), content);
      });
    }
    expect(fs.readFileSync(at("out", "one"), "utf8")).toBe("2");
    expect(fs.readdirSync(folder)).toEqual(["out"]);
  });

  it("does not put a folder in the place of a file", async () => {
    fs.writeFileSync(at("mine.txt"), "a file of the reader's own");
    const error: unknown = await writeFolderAtomic(at("mine.txt"), () => undefined).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LabError);
    expect((error as LabError).message).toMatch(/mine\.txt: is a file, and a folder is to be written there/);
    expect(fs.readFileSync(at("mine.txt"), "utf8")).toBe("a file of the reader's own");
    expect(fs.readdirSync(folder)).toEqual(["mine.txt"]);
  });

  it("names the folder when its parent is no folder", async () => {
    const target = impossible();
    const error = await writeFolderAtomic(target, () => undefined).catch((e: unknown) => e);
    expectUnwritable(error, target);
  });
});

describe("writeNewFolder", () => {
  it("takes the place of nothing, or of an empty folder", async () => {
    fs.mkdirSync(at("empty"));
    for (const name of ["new", "empty"]) {
      await writeNewFolder(at(name), (temporary) => {
        fs.writeFileSync(path.join(temporary, "one"), "1");
      });
      expect(fs.readdirSync(at(name))).toEqual(["one"]);
    }
    expect(fs.readdirSync(folder).sort()).toEqual(["empty", "new"]);
  });

  it("leaves what another process has put there meanwhile", async () => {
    const late = writeNewFolder(at("out"), () => {
      writeJson(at("out", "first.json"), 1);
    });
    await expect(late).rejects.toThrow(/out: is not empty\. Choose a new folder/);
    expect(fs.readdirSync(at("out"))).toEqual(["first.json"]);
    expect(fs.readdirSync(folder)).toEqual(["out"]);
  });
});

describe("requireWritable", () => {
  it.runIf(process.platform === "linux")("refuses at once a place where nothing can ever be made", () => {
    // in a process of its own: the old code never came back
    const dist = path.resolve(__dirname, "../../dist/core/files.js");
    const program = `try { require(${JSON.stringify(dist)}).requireWritable("/proc/x/y") } catch (e) { console.log(e.name) }`;
    const { stdout } = spawnSync(process.execPath, ["-e", program], { encoding: "utf8", timeout: 30_000 });
    expect(stdout).toBe("LabError\n");
  });
  it("makes the folder and leaves it empty, or says why not", () => {
    requireWritable(at("new", "one"));
    expect(fs.readdirSync(at("new", "one"))).toEqual([]);
    const target = impossible();
    expectUnwritable(
      thrown(() => {
        requireWritable(target);
      }),
      target,
    );
  });
});

describe("JSON", () => {
  it("comes back as it was written", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        writeJson(at("value.json"), value);
        expect(readJson(at("value.json"))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 25 }, // each write waits for the disc
    );
  });

  it("names a missing and a torn file", () => {
    expect(() => readJson(at("none.json"))).toThrow(/none\.json: cannot be read \(ENOENT.*Check the path/);
    fs.writeFileSync(at("torn.json"), '{"a": [1, 2');
    expect(() => readJson(at("torn.json"))).toThrow(/torn\.json: is not valid JSON .*Repair or remove/);
  });
});

describe("what is no file, or no JSON to be walked through", () => {
  it("names a folder and a pipe, without waiting for a writer", () => {
    const pipe = path.join(folder, "config.json");
    spawnSync("mkfifo", [pipe]);
    expect(() => readJson(pipe)).toThrow(/config\.json: is a pipe or a device, not a file/u);
    expect(() => readText(folder)).toThrow(/is a folder, not a file/u);
  });

  it("takes 200 lists in one another and refuses 201, brackets in texts not counted", () => {
    const nested = (depth: number) => "[".repeat(depth) + '"]]\\"[{"' + "]".repeat(depth);
    expect(parseJson(nested(200))).toEqual(JSON.parse(nested(200)));
    expect(() => parseJson(nested(201))).toThrow(SyntaxError);
    const file = path.join(folder, "deep.json");
    fs.writeFileSync(file, "[".repeat(1e6));
    expect(() => readJson(file)).toThrow(/deep\.json: is not valid JSON \(more than 200/u);
    fs.writeFileSync(file, `1\n${nested(5000)}\n`);
    expect(() => readJsonl(file, Number)).toThrow(/line 2 cannot be used/u);
  });
});

describe("JsonlFile", () => {
  const number = (value: unknown): number => {
    if (typeof value !== "number") throw new TypeError("no number");
    return value;
  };
  const asIs = (value: unknown): unknown => value;

  it("keeps all whole lines wherever a kill tears the file", () => {
    const records = fc.array(fc.record({ id: fc.nat(), text: fc.string({ unit: "grapheme" }) }), { maxLength: 6 });
    fc.assert(
      fc.property(records, fc.double({ min: 0, max: 1, noNaN: true }), fc.string(), (before, cut, after) => {
        const file = at("records.jsonl");
        fs.rmSync(file, { force: true });
        const first = JsonlFile.open(file, asIs);
        for (const record of before) first.append(record);
        first.close();
        const bytes = fs.readFileSync(file);
        const kept = bytes.subarray(0, Math.round(cut * bytes.length)); // may end inside a character
        fs.writeFileSync(file, kept);
        const whole = kept.filter((byte) => byte === 10).length;
        const again = JsonlFile.open(file, asIs);
        expect(again.existing).toEqual(before.slice(0, whole));
        again.append({ after });
        again.close();
        expect(readJsonl(file, asIs)).toEqual([...before.slice(0, whole), { after }]);
      }),
    );
  });

  it("has on disc what was appended before a kill, without being closed", () => {
    const file = JsonlFile.open(at("live.jsonl"), number);
    file.append(1);
    file.append(2);
    expect(readJsonl(at("live.jsonl"), number)).toEqual([1, 2]);
    file.close();
  });

  it("names file and line of a whole line that is of no use", () => {
    fs.writeFileSync(at("bad.jsonl"), '1\n"two"\n');
    expect(() => JsonlFile.open(at("bad.jsonl"), number)).toThrow(/bad\.jsonl: line 2 .*no number.*Repair or remove/);
    fs.writeFileSync(at("bad.jsonl"), "1\n\n{\n");
    expect(() => readJsonl(at("bad.jsonl"), number)).toThrow(/bad\.jsonl: line 3 /);
  });

  it("names a file that cannot be written", () => {
    const target = impossible();
    expectUnwritable(
      thrown(() => JsonlFile.open(target, number)),
      target,
    );
    const file = JsonlFile.open(at("shut.jsonl"), number);
    file.close();
    expect(() => {
      file.append(1); // a bad descriptor stands for a full disc
    }).toThrow(/shut\.jsonl: cannot be written/);
  });
});

describe("a text file", () => {
  it("is read without the mark that an editor put before it (BOM)", () => {
    fs.writeFileSync(at("a.json"), '\ufeff{"a":1}');
    expect(readJson(at("a.json"))).toEqual({ a: 1 });
    fs.writeFileSync(at("a.jsonl"), '\ufeff{"a":1}\n{"a":2}\n');
    expect(readJsonl(at("a.jsonl"), (value) => value)).toEqual([{ a: 1 }, { a: 2 }]);
    const records = JsonlFile.open(at("a.jsonl"), (value) => value);
    records.close();
    expect(records.existing).toHaveLength(2);
  });

  it("in another encoding is refused by its line, not read with signs of loss", () => {
    fs.writeFileSync(at("latin1.txt"), "1 Auk\n2 Gr\u00fcne Auk\n3 Auk\n", "latin1");
    expect(() => readText(at("latin1.txt"))).toThrow(/latin1\.txt: is not in UTF-8 \(line 2\)\. Save it in UTF-8/);
    fs.writeFileSync(at("utf16.csv"), "\ufeffAuk\n", "utf16le");
    expect(() => readText(at("utf16.csv"))).toThrow(/is not in UTF-8 \(line 1\)/);
    fs.writeFileSync(at("lost.txt"), "a sign of loss that somebody wrote: \ufffd"); // is a character like others
    expect(readText(at("lost.txt"))).toContain("\ufffd");
    fs.writeFileSync(at("torn.jsonl"), Buffer.from('{"a":1}\n{"a":"\u00fc').subarray(0, -1)); // while another process writes
    expect(JsonlFile.peek(at("torn.jsonl"), (value) => value)).toEqual([{ a: 1 }]);
  });
});

it("a link to itself, and a name that no file can have, are no folders", () => {
  fs.symlinkSync(at("self"), at("self"));
  expect([at("self"), at("a".repeat(5000)), at("a\0b"), at("none")].map(isFolder)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
