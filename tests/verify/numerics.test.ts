import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { formatDigest, numericsDigest } from "../../src/verify/numerics/digest";
import { processorGap, readRecordedNumerics } from "../../src/verify/numerics/record";

const ROOT = path.resolve(__dirname, "../..");
const recorded = readRecordedNumerics(path.join(ROOT, "results", "numerics.json"));

/** The digest in a process of its own. @param runner a program that runs Node, and its arguments */
function digestUnder(environment: NodeJS.ProcessEnv, ...runner: readonly string[]): string {
  const program =
    `const { numericsDigest, formatDigest } = require("./dist/verify/numerics/digest.js");` +
    `numericsDigest().then((made) => console.log(formatDigest(made)));`;
  const [command, args] = [runner[0] ?? process.execPath, [...runner.slice(1)]];
  if (runner.length > 0) args.push(process.execPath);
  const env = { ...process.env, TF_NUM_INTRAOP_THREADS: undefined, ...environment };
  const ran = spawnSync(command, [...args, "-e", program], { cwd: ROOT, env, encoding: "utf8" });
  return ran.stdout.trim() || ran.stderr;
}

// Digits are promised where the processor has AVX2 and FMA; elsewhere the digest is another one, and doctor says so.
describe.skipIf(processorGap() !== undefined)("the arithmetic of this machine", () => {
  it("is the recorded one: products, kernels, a picture, and the weights after SFT and TAPO", async () => {
    expect((await numericsDigest()).parts).toEqual(recorded?.parts);
    expect((await numericsDigest()).digest).toBe(recorded?.digest);
  });

  it("does not depend on what the environment asks of oneDNN", () => {
    const line = digestUnder({ ONEDNN_MAX_CPU_ISA: "AVX512_CORE" });
    expect(line).toContain(recorded?.digest);
  });

  it("notices products that are added up in another order", () => {
    // two threads cut a product in two, which is why one is the default
    const line = digestUnder({ TF_NUM_INTRAOP_THREADS: "2" });
    expect(line).toMatch(/^[0-9a-f]{8} \(products [0-9a-f]{8}, /);
    expect(line).not.toContain(recorded?.parts["products"]);
    expect(line).toContain(recorded?.parts["elementwise"]);
  });
});

/**
 * Processors of both makers, with first-level caches of 32 KiB and, in `max`, 64 KiB; each computes with its own kernels,
 * and with QEMU's approximations of 1/x and 1/√x instead of the host's.
 */
const PROCESSORS = ["Haswell", "EPYC", "max"];
const emulator = spawnSync("qemu-x86_64", ["--version"]).status === 0;

describe.skipIf(!emulator || process.arch !== "x64")("under another processor", () => {
  it.each(PROCESSORS)(
    "%s gives the same line",
    (processor) => {
      expect(digestUnder({}, "qemu-x86_64", "-cpu", processor)).toContain(recorded?.digest);
    },
    600_000,
  );
});

describe("formatDigest", () => {
  it("is one line: the digest, then its parts", () => {
    const line = formatDigest({ digest: "0123abcd", parts: { products: "aa", sft: "bb" } });
    expect(line).toBe("0123abcd (products aa, sft bb)");
  });
});

describe("processorGap", () => {
  const flags = (...names: string[]) => `processor : 0\nflags\t\t: fpu ${names.join(" ")} sse2\n`;

  it("names what the processor lacks", () => {
    expect(processorGap("x64", flags("avx2", "fma"))).toBeUndefined();
    expect(processorGap("x64", flags("fma"))).toBe("the processor has no AVX2");
    expect(processorGap("x64", flags())).toBe("the processor has no AVX2 and no FMA");
    expect(processorGap("arm64", "")).toContain("arm64");
  });

  it("assumes nothing where the system does not say", () => {
    expect(processorGap("x64", "")).toBeUndefined();
  });
});
