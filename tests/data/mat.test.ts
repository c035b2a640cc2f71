import * as fs from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { readMat } from "../../src/data/sets/mat";
import { temporaryFolder } from "./folderFixture";

/** Files that SciPy wrote (tests/reference/make_mat.py says how): what is expected stands there. */
const REFERENCE = path.resolve(__dirname, "../reference/mat");
const read = (name: string) => Object.fromEntries(readMat(path.join(REFERENCE, `${name}.mat`)));

describe.each(["", "-plain"])("a MAT file of SciPy%s", (form) => {
  it("with numbers in rows", () => {
    expect(read(`imagelabels${form}`)).toEqual({ labels: [1, 1, 1, 2, 2, 2, 102, 102] });
    expect(read(`setid${form}`)).toEqual({ trnid: [1, 4], valid: [2, 5], tstid: [300, 6] });
  });

  it("with cells of texts, in a row or a column", () => {
    const { class_names } = read(`cars_meta${form}`);
    expect(class_names).toEqual(["Auric Comet Coupe 2011", "Ram C/V Cargo 2012", "Brass Beetle SUV 1999"]);
    expect(read(`dogs_list${form}`)).toEqual({
      file_list: ["n02000001-Moss_hound/n02000001_1.jpg", "n02000002-soft-coated_terrier/n02000002_7.jpg"],
      annotation_list: ["n02000001-Moss_hound/n02000001_1", "n02000002-soft-coated_terrier/n02000002_7"],
      labels: [1, 2],
    });
  });

  it("with struct arrays", () => {
    const box = { bbox_y1: [40], bbox_x2: [300], bbox_y2: [280] };
    expect(read(`cars_annos${form}`)).toEqual({
      annotations: [
        { bbox_x1: [30], ...box, class: [1], fname: "00001.jpg" },
        { bbox_x1: [31], ...box, class: [2], fname: "00002.jpg" },
        { bbox_x1: [32], ...box, class: [3], fname: "00003.jpg" },
      ],
    });
    expect(read(`cars_unlabelled${form}`)).toEqual({ annotations: [{ bbox_x1: [30], ...box, fname: "00001.jpg" }] });
  });

  it("with fractions, nothing, several rows of characters, 64 bits, accents; null for what is not read", () => {
    expect(read(`odd${form}`)).toEqual({
      ...{ empty: [], rows: ["abc", "xyz"], half: [0.5, -3.25], complex: null, wide: [2 ** 40], accent: "Café" },
    });
  });
});

function element(type: number, data: Buffer): Buffer {
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(type, 0);
  tag.writeUInt32LE(data.length, 4);
  return Buffer.concat([tag, data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
}
const ints = (...values: readonly number[]): Buffer => Buffer.from(Int32Array.from(values).buffer);

/** A file with one array of these parts. */
function matFile(parts: readonly Buffer[]): string {
  const header = Buffer.from("MATLAB 5.0 MAT-file".padEnd(124) + "\0\u0001IM", "latin1");
  const file = path.join(temporaryFolder(), "t.mat");
  fs.writeFileSync(file, Buffer.concat([header, element(14, Buffer.concat(parts))]));
  return file;
}

/** MATLAB itself stores characters as UTF-16 and short elements inside their tags; SciPy does neither. */
it("reads a text as MATLAB writes it", () => {
  const small = (type: number, data: Buffer): Buffer => {
    const out = Buffer.alloc(8);
    out.writeUInt32LE((data.length << 16) | type, 0);
    data.copy(out, 4);
    return out;
  };
  const parts = [element(6, ints(4, 0)), element(5, ints(1, 5)), small(1, Buffer.from("t")), element(4, Buffer.from("Škoda", "utf16le"))]; // prettier-ignore
  expect(Object.fromEntries(readMat(matFile(parts)))).toEqual({ t: "Škoda" });
});

describe("a file that is none", () => {
  const written = (bytes: Uint8Array | string): string => {
    const file = path.join(temporaryFolder(), "x.mat");
    fs.writeFileSync(file, bytes);
    return file;
  };
  const whole = (name: string): Buffer => fs.readFileSync(path.join(REFERENCE, `${name}.mat`));

  it("is refused by name, with what it is instead", () => {
    expect(() => readMat("/no/such.mat")).toThrow(/such\.mat: cannot be read/);
    expect(() => readMat(written("1,2,3"))).toThrow(/x\.mat: is no MAT file of level 5\. Download it again/);
    const hdf5 = Buffer.concat([
      Buffer.from("MATLAB 7.3 MAT-file".padEnd(124)),
      Buffer.from([0, 2]),
      Buffer.from("IM"),
    ]);
    expect(() => readMat(written(hdf5))).toThrow(/version 7\.3 \(HDF5\)/);
    const turned = whole("setid-plain");
    turned.write("MI", 126);
    expect(() => readMat(written(turned))).toThrow(/big-endian/);
  });

  it("is refused where an array says that it is larger than its bytes, before memory is taken for it", () => {
    const large = [element(5, ints(1 << 14, 1 << 14)), element(1, Buffer.from("t"))];
    // a struct array without fields, a list of cells, rows of characters: 2²⁸ of each
    const structs = [element(6, ints(2, 0)), ...large, element(5, ints(8)), element(1, Buffer.alloc(0))];
    const texts = [element(6, ints(4, 0)), ...large, element(16, Buffer.from("a"))];
    for (const parts of [structs, [element(6, ints(1, 0)), ...large], texts]) {
      expect(() => readMat(matFile(parts))).toThrow(/t\.mat: is damaged \(an array of 268435456 in \d+ bytes\)/);
    }
  });

  it("is refused where an array holds less than its sizes say, or sizes that nothing has", () => {
    const name = element(1, Buffer.from("t"));
    const read = (kind: number, sizes: readonly number[], data: Buffer) =>
      readMat(matFile([element(6, ints(kind, 0)), element(5, ints(...sizes)), name, data]));
    expect(() => read(4, [1_000_000, 100_000, -1], element(16, Buffer.from("a")))).toThrow(/t\.mat: is damaged \(an array of the sizes 1000000 × 100000 × -1\)/); // prettier-ignore
    expect(() => read(12, [3], element(5, ints(1, 2, 3)))).toThrow(/is damaged \(an array of the sizes 3\)/);
    expect(() => read(12, [1, 4], element(5, ints(1, 2, 3)))).toThrow(/is damaged \(an array of 4 that holds 3\)/);
    expect(() => read(4, [1, 4], element(16, Buffer.from("abc")))).toThrow(/is damaged \(an array of 4 that holds 3\)/);
    expect(() => read(4, [1, 4], element(16, Buffer.from("Gr\u00fcn", "latin1")))).toThrow(/a text that is not in UTF-8/); // prettier-ignore
    expect(read(4, [1, 1], element(16, Buffer.from("🐦"))).get("t")).toBe("🐦");
    expect(read(4, [1, 2], element(16, Buffer.from("🐦"))).get("t")).toBe("🐦");
  });

  it("is an error at every length to which a whole one is cut within a variable, and never hangs", () => {
    for (const name of ["cars_annos", "cars_annos-plain", "dogs_list-plain"]) {
      const bytes = whole(name);
      const [first] = [...readMat(path.join(REFERENCE, `${name}.mat`)).keys()];
      for (let length = 129; length < bytes.length; length += 7) {
        const cut = written(bytes.subarray(0, length));
        // a cut between two variables leaves the first ones whole
        try {
          expect([...readMat(cut).keys()][0]).toBe(first);
        } catch (error) {
          expect(String(error)).toMatch(/x\.mat: is damaged/);
        }
      }
    }
  });
});
