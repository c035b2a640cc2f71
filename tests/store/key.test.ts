import * as fc from "fast-check";
import * as vm from "node:vm";
import { describe, expect, it } from "vitest";
import { LabError } from "../../src/core/errors";
import { digest, keyOf, stableJson, toJson } from "../../src/store/key";

const key = (inputs: unknown, version = 1, kind = "sft"): string => keyOf({ kind, version, inputs: toJson(inputs) });

describe("keyOf", () => {
  // printf '{"inputs":{"a":1},"kind":"sum","version":1}' | sha256sum
  const SUM = "1f69ac5d53722db4ab36fa334b8d6befc235bcff565d265114630e47cf9c0b0d";
  // printf '{"inputs":{"from":{"fingerprint":"ab12","given":"checkpoint"},"steps":3},"kind":"sft","version":2}' | sha256sum
  const SFT = "08860a9b582fc94495b66a83c595e45c8bf2f24b5e5af2e90409740be43768cc";

  it("is the SHA-256 of kind, version and inputs, today and for every store that there is", () => {
    expect(key({ a: 1 }, 1, "sum")).toBe(SUM);
    expect(key({ steps: 3, from: { given: "checkpoint", fingerprint: "ab12", at: "/here" } }, 2)).toBe(SFT);
  });

  it("does not ask where a given thing lies, however deep it stands, but minds any other `at`", () => {
    const given = (at?: string) => ({ list: [{ of: { given: "dataset", fingerprint: "f", ...(at && { at }) } }] });
    expect(new Set([given("/a"), given("/b"), given()].map((inputs) => key(inputs))).size).toBe(1);
    expect(key({ at: "/a" })).not.toBe(key({ at: "/b" }));
    expect(key({ given: "dataset", fingerprint: "f" })).not.toBe(key({ given: "dataset", fingerprint: "g" }));
  });

  it("is another one for another kind, version or inputs", () => {
    const keys = [key({ a: 1 }), key({ a: 1 }, 2), key({ a: 1 }, 1, "rl"), key({ a: 2 }), key([1]), key({ b: 1 })];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("does not mind the order of keys, nor keys that are undefined", () => {
    expect(key({ b: { d: 3, c: 2 }, a: 1, e: undefined })).toBe(key({ a: 1, b: { c: 2, d: 3 } }));
  });

  it("takes no number that JSON has no word for", () => {
    expect(() => keyOf({ kind: "sft", version: 1, inputs: { rate: NaN } })).toThrow(/the inputs of sft\.rate: is NaN/);
  });
});

describe("toJson", () => {
  it("gives JSON values back as they are", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(toJson(value)).toEqual(value);
      }),
    );
  });

  it.each([
    [{ a: [1, { run: () => 1 }] }, "the value.a[1].run: is a function"],
    [{ day: new Date(0) }, "the value.day: is a Date"],
    [[new Float32Array(1)], "the value[0]: is a Float32Array"],
    [[undefined], "the value[0]: is undefined"],
    [{ a: -Infinity }, "the value.a: is -Infinity"],
    [1n, "the value: is a bigint"],
  ])("refuses what JSON would lose: %o", (value, said) => {
    expect(() => toJson(value)).toThrow(LabError);
    expect(() => toJson(value)).toThrow(`${said}, which is not plain JSON`);
  });

  it("takes the objects of a notebook's cell, whose Object is another one", () => {
    expect(toJson(vm.runInNewContext("({ a: [{ b: 1 }] })"))).toEqual({ a: [{ b: 1 }] });
  });
});

describe("stableJson and digest", () => {
  it("are the same for equal values, whatever the order of their keys, and lose nothing", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (a) => {
        const copy = JSON.parse(JSON.stringify(a), (_, v: unknown) =>
          typeof v === "object" && v !== null && !Array.isArray(v)
            ? Object.fromEntries(Object.entries(v).reverse())
            : v,
        ) as unknown;
        expect(digest(copy)).toBe(digest(a));
        expect(JSON.parse(stableJson(a))).toEqual(JSON.parse(JSON.stringify(a))); // so other values give other text
      }),
    );
  });
});
