import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, it, vi } from "vitest";
import { LabError } from "../../src/core/errors";
import { openSafetensors, withSafetensors, writeSafetensors } from "../../src/core/safetensors";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "safetensors-"));
afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});
const at = (name: string): string => path.join(folder, name);

/** A file with this header text and these data bytes. */
function raw(name: string, header: unknown, data: Uint8Array): string {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  fs.writeFileSync(at(name), Buffer.concat([length, json, data]));
  return at(name);
}
const u16 = (...values: number[]): Uint8Array => new Uint8Array(Uint16Array.from(values).buffer);

describe("writing and reading", () => {
  const tensor = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }).chain((shape) => {
    const length = shape.reduce((a, b) => a * b, 1);
    const floats = fc.float32Array({ minLength: length, maxLength: length });
    const integers = fc.int32Array({ minLength: length, maxLength: length });
    return fc.record({ shape: fc.constant(shape), data: fc.oneof(floats, integers) });
  });

  it("gives back any set of tensors and metadata, bit for bit", () => {
    const file = at("any.safetensors");
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), tensor, { maxKeys: 5 }),
        fc.dictionary(fc.string(), fc.string(), { maxKeys: 3, noNullPrototype: true }),
        (tensors, metadata) => {
          fc.pre(!Object.hasOwn(tensors, "__metadata__"));
          const list = Object.entries(tensors).map(([name, value]) => ({ name, ...value }));
          writeSafetensors(file, list, metadata);
          withSafetensors(file, (opened) => {
            expect([...opened.tensors.keys()].sort()).toEqual(Object.keys(tensors).sort());
            expect(opened.metadata).toEqual(metadata);
            for (const { name, shape, data } of list) {
              expect(opened.tensors.get(name)?.shape).toEqual(shape);
              const read = data instanceof Int32Array ? opened.readInt32(name) : opened.readFloat32(name);
              expect(Buffer.from(read.buffer)).toEqual(Buffer.from(data.slice().buffer));
            }
          });
        },
      ),
    );
  });

  it("keeps a tensor and a metadata key by the name of a prototype", () => {
    const file = at("proto.safetensors");
    const metadata = Object.fromEntries([["__proto__", "x"]]);
    writeSafetensors(file, [{ name: "__proto__", shape: [1], data: Float32Array.of(2) }], metadata);
    withSafetensors(file, (opened) => {
      expect([...opened.readFloat32("__proto__")]).toEqual([2]);
      expect(Object.entries(opened.metadata)).toEqual([["__proto__", "x"]]);
    });
  });

  it("aligns the data to eight bytes and leaves no temporary file", () => {
    writeSafetensors(at("aligned.safetensors"), [{ name: "a", shape: [], data: Float32Array.of(1) }]);
    const length = Number(fs.readFileSync(at("aligned.safetensors")).readBigUInt64LE());
    expect(length % 8).toBe(0);
    expect(fs.readdirSync(folder).filter((name) => name.includes(".tmp-"))).toEqual([]);
  });

  it("asks for lazy tensors one after another, and reads tensors larger than its buffer", () => {
    const size = 3_000_000; // 12 MB, three buffers
    const asked: string[] = [];
    const lazy = (name: string, value: number) => ({
      name,
      shape: [3, size / 3],
      data: (): Float32Array => {
        asked.push(name);
        return new Float32Array(size).fill(value);
      },
    });
    writeSafetensors(at("lazy.safetensors"), [lazy("one", 1), lazy("two", 2)]);
    expect(asked).toEqual(["one", "two"]);
    const two = withSafetensors(at("lazy.safetensors"), (file) => file.readFloat32("two"));
    expect(two.length).toBe(size);
    expect(two.every((value) => value === 2)).toBe(true);
  });

  it("refuses data that do not fill their shape and keeps the old file", () => {
    const file = at("kept.safetensors");
    writeSafetensors(file, [{ name: "a", shape: [1], data: Int32Array.of(7) }]);
    const bad = { name: "a", shape: [2, 2], data: Int32Array.of(1) };
    expect(() => {
      writeSafetensors(file, [bad]);
    }).toThrow(RangeError);
    expect(withSafetensors(file, (opened) => [...opened.readInt32("a")])).toEqual([7]);
  });

  it("names the folder that cannot be written", () => {
    fs.writeFileSync(at("plain"), "");
    expect(() => {
      writeSafetensors(at("plain/model.safetensors"), []);
    }).toThrow(LabError);
  });
});

describe("half precision and integers", () => {
  it("reads bf16: the upper half of a float32", () => {
    // 0x3fc0 = 1.5, 0xc000 = −2, 0x7f80 = ∞, 0x0001 = the smallest upper half, 2⁻¹³³
    const file = raw(
      "bf16",
      { a: { dtype: "BF16", shape: [4], data_offsets: [0, 8] } },
      u16(0x3fc0, 0xc000, 0x7f80, 1),
    );
    expect([...withSafetensors(file, (f) => f.readFloat32("a"))]).toEqual([1.5, -2, Infinity, 2 ** -133]);
  });

  it("reads f16: normal, subnormal, signed zero, largest, infinite and not-a-number", () => {
    // IEEE 754 binary16: 0x3c00 = 1, 0xc500 = −5, 0x0001 = 2⁻²⁴, 0x8000 = −0, 0x7bff = 65504, 0xfc00 = −∞, 0x7e00 = NaN
    const bits = u16(0x3c00, 0xc500, 0x0001, 0x8000, 0x7bff, 0xfc00, 0x7e00);
    const file = raw("f16", { a: { dtype: "F16", shape: [7], data_offsets: [0, 14] } }, bits);
    expect([...withSafetensors(file, (f) => f.readFloat32("a"))]).toEqual([1, -5, 2 ** -24, -0, 65504, -Infinity, NaN]);
  });

  it("reads i64 that fit 32 bits, u8 and bool, and refuses larger integers", () => {
    const data = new Uint8Array(BigInt64Array.of(-3n, 2147483647n, 2147483648n).buffer);
    const header = {
      a: { dtype: "I64", shape: [2], data_offsets: [0, 16] },
      b: { dtype: "I64", shape: [], data_offsets: [16, 24] },
      c: { dtype: "U8", shape: [2], data_offsets: [24, 26] },
      d: { dtype: "BOOL", shape: [1], data_offsets: [26, 27] },
    };
    const file = raw("ints", header, Buffer.concat([data, Uint8Array.of(200, 7, 1)]));
    withSafetensors(file, (f) => {
      expect([...f.readInt32("a")]).toEqual([-3, 2147483647]);
      expect([...f.readInt32("c"), ...f.readInt32("d")]).toEqual([200, 7, 1]);
      expect(() => f.readInt32("b")).toThrow(/beyond 32 bits/);
      expect(() => f.readFloat32("a")).toThrow(/is I64/);
      expect(() => f.readFloat32("nothing")).toThrow(/holds no tensor "nothing"/);
    });
  });
});

describe("a header beyond the bound", () => {
  it("is refused before it is read, with the bound and the way to raise it", () => {
    // 150,000 tensors of no elements, 64 bytes each in the header
    const entry = { dtype: "F32", shape: [0], data_offsets: [0, 0] };
    const file = raw(
      "many",
      Object.fromEntries(Array.from({ length: 150_000 }, (_, i) => [`t${i}`, entry])),
      new Uint8Array(0),
    );
    expect(() => openSafetensors(file)).toThrow(
      /many.*its header has \d+ bytes, and at most 8000000 are taken.*FINE_R1_MAX_HEADER_BYTES/u,
    );
    vi.stubEnv("FINE_R1_MAX_HEADER_BYTES", "2e7");
    expect(withSafetensors(file, ({ tensors }) => tensors.size)).toBe(150_000);
    vi.unstubAllEnvs();
  });

  it("names a folder given as a file", () => {
    expect(() => openSafetensors(folder)).toThrow(/is a folder, not a file/u);
  });
});

describe("damaged and foreign files", () => {
  const f32 = (shape: number[], begin: number, end: number) => ({ dtype: "F32", shape, data_offsets: [begin, end] });
  const bytes = (count: number): Uint8Array => new Uint8Array(count);

  it.each<[string, () => string, RegExp]>([
    ["missing", () => at("absent"), /cannot be opened/],
    ["empty", () => (fs.writeFileSync(at("empty"), ""), at("empty")), /too few/],
    [
      "foreign",
      () => (fs.writeFileSync(at("foreign"), "PK\x03\x04 a zip, not tensors"), at("foreign")),
      /does not begin/,
    ],
    ["not JSON", () => raw("text", "[1, 2, 3, 4]", bytes(0)), /not JSON/],
    ["torn header", () => raw("torn", '{"a": {"dtype"', bytes(0)), /not JSON/],
    ["cut data", () => raw("cut", { a: f32([4], 0, 16) }, bytes(9)), /truncated: its tensors need/],
    ["extra data", () => raw("extra", { a: f32([1], 0, 4) }, bytes(5)), /1 bytes after its last tensor/],
    ["overlap", () => raw("overlap", { a: f32([2], 0, 8), b: f32([2], 4, 12) }, bytes(12)), /"b" overlaps/],
    ["gap", () => raw("gap", { a: f32([1], 0, 4), b: f32([1], 8, 12) }, bytes(12)), /gap of bytes before tensor "b"/],
    ["wrong size", () => raw("size", { a: f32([3], 0, 8) }, bytes(8)), /takes 12 bytes, but its offsets give 8/],
    ["unknown dtype", () => raw("dtype", { a: { ...f32([1], 0, 4), dtype: "F31" } }, bytes(4)), /unknown dtype "F31"/],
    ["bad offsets", () => raw("offsets", { a: f32([1], -4, 0) }, bytes(4)), /no valid data_offsets/],
    ["bad shape", () => raw("shape", { a: f32([1.5], 0, 4) }, bytes(4)), /no valid shape/],
  ])("%s: an error that names the file", (_, make, reason) => {
    const file = make();
    let thrown: unknown;
    try {
      openSafetensors(file).close();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(LabError);
    expect((thrown as LabError).subject).toBe(file);
    expect((thrown as LabError).message).toMatch(reason);
  });

  it("finds any truncation of a whole file", () => {
    writeSafetensors(at("whole"), [{ name: "weights", shape: [5], data: new Float32Array(5) }]);
    const whole = fs.readFileSync(at("whole"));
    for (let length = 0; length < whole.length; length++) {
      fs.writeFileSync(at("part"), whole.subarray(0, length));
      expect(() => openSafetensors(at("part"))).toThrow(LabError);
    }
  });
});
