import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LabError } from "../../../src/core/errors";
import { bigramJaccard, parityEvaluation } from "../../../src/verify/parity/evaluation";
import { parityImageProcessor } from "../../../src/verify/parity/imageProcessor";
import { parityModel } from "../../../src/verify/parity/model";
import { parityObjective } from "../../../src/verify/parity/objective";
import { parityReward } from "../../../src/verify/parity/reward";
import { formatParity, largestError, type ParityRow } from "../../../src/verify/parity/rows";

const GOLDEN = "tests/reference/golden";
const failed = (rows: readonly ParityRow[]): string[] => rows.filter((row) => !row.pass).map((row) => row.figure);

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "parity-"));
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

type Json = Record<string, unknown>;

/** A copy of a golden file, changed; what JSON cannot say is passed as text. */
function changed(name: string, change: (json: { cases: { expected: Json }[] } & Json) => void): string {
  const json = JSON.parse(fs.readFileSync(path.join(GOLDEN, name), "utf8")) as { cases: { expected: Json }[] } & Json;
  change(json);
  const file = path.join(folder, name);
  fs.writeFileSync(file, JSON.stringify(json));
  return file;
}

describe("the golden files pass", () => {
  test("objective: every value, figure and gradient", async () => {
    const rows = await parityObjective(`${GOLDEN}/tapo_objective.json`);
    expect(failed(rows)).toEqual([]);
    expect(rows.map((row) => row.figure)).toEqual([
      "advantages",
      "policyLoss",
      "klNegative",
      "entropy",
      "entropyNegative",
      "total",
      "clipFracHigher",
      "clipFracLower",
      "ppoKl",
      "gradTotal",
      "gradPolicy",
      "gradKl",
    ]);
  });

  test("reward: exactly", () => {
    expect(parityReward(`${GOLDEN}/reward.json`)).toEqual(
      ["overall", "format", "accuracy"].map((figure) => ({ figure, error: 0, tolerance: 0, pass: true })),
    );
  });

  test("evaluation: parsing, decisions, similarities, aggregates, prompts", () => {
    const rows = parityEvaluation(`${GOLDEN}/evaluation.json`);
    expect(failed(rows)).toEqual([]);
    expect(rows.length).toBe(12);
  });

  test.each(["qwen2_vl_tiny", "qwen2_5_vl_tiny"])("model: %s", async (name) => {
    const rows = await parityModel(`${GOLDEN}/${name}`);
    expect(failed(rows)).toEqual([]);
    expect(rows.length).toBeGreaterThan(0);
  });

  test("image processor", async () => {
    const rows = await parityImageProcessor(`${GOLDEN}/image_processor`);
    expect(failed(rows)).toEqual([]);
    const figures = ["size", "gridThw", "pixelValues", "share of other grey levels"];
    expect(rows.map((row) => row.figure)).toEqual([...figures, "resize order: any"]);
  });

  test.each(["pillow12", "pillow13"])("image processor: the order of the two resize passes of %s", async (order) => {
    const rows = await parityImageProcessor(`${GOLDEN}/resize_order_${order}`);
    expect(failed(rows)).toEqual([]);
    expect(rows.at(-1)?.figure).toBe(`resize order: ${order}`);
  });

  test("image processor: pictures with a colour profile and in CMYK are read as PIL reads them", async () => {
    expect(failed(await parityImageProcessor(`${GOLDEN}/image_colours`))).toEqual([]);
  });
});

describe("a wrong reference is noticed", () => {
  test("a value, a gradient and a reward beyond tolerance fail, alone", async () => {
    const value = changed("tapo_objective.json", (json) => {
      json.cases[2]!.expected["klNegative"] = (json.cases[2]!.expected["klNegative"] as number) + 1e-3;
    });
    expect(failed(await parityObjective(value))).toEqual(["klNegative"]);
    const gradient = changed("tapo_objective.json", (json) => {
      (json.cases[0]!.expected["gradKl"] as number[][])[0]![0]! += 1e-3;
    });
    expect(failed(await parityObjective(gradient))).toEqual(["gradKl"]);
    const rewardFile = changed("reward.json", (json) => {
      (json.cases[3] as unknown as Json)["overall"] = 0.2;
    });
    expect(failed(parityReward(rewardFile))).toEqual(["overall"]);
    const evaluation = changed("evaluation.json", (json) => {
      json.cases[0]!.expected["parsedAnswer"] = null;
      json["openPromptOfFirst"] = "?";
    });
    expect(failed(parityEvaluation(evaluation))).toEqual(["parsedAnswer", "openPromptOfFirst"]);
  });

  test("a picture that is not the expected one fails", async () => {
    const copy = path.join(folder, "image_processor");
    fs.cpSync(`${GOLDEN}/image_processor`, copy, { recursive: true });
    fs.chmodSync(copy, 0o755);
    fs.rmSync(path.join(copy, "image0.png"));
    await expect(parityImageProcessor(copy)).rejects.toThrow(/image0\.png/u);
    fs.copyFileSync(`${GOLDEN}/image_processor/image1.png`, path.join(copy, "image0.png"));
    expect(failed(await parityImageProcessor(copy))).toEqual([
      "size",
      "gridThw",
      "pixelValues",
      "share of other grey levels",
    ]);
  });

  test("a folder without a checkpoint is an error that names it", async () => {
    await expect(parityModel(path.join(folder, "no model"))).rejects.toThrow(/no model/u);
  });

  test("malformed files are errors that name the file and the field", async () => {
    const ragged = changed("tapo_objective.json", (json) => {
      (json.cases[0]!.expected["gradKl"] as number[][]).pop();
    });
    await expect(parityObjective(ragged)).rejects.toThrow(/tapo_objective\.json.*cases\.0\.expected\.gradKl/u);
    const unknown = changed("reward.json", (json) => {
      json["extra"] = 1;
    });
    expect(() => parityReward(unknown)).toThrow(LabError);
    expect(() => parityEvaluation(`${GOLDEN}/reward.json`)).toThrow(/reward\.json/u);
    expect(() => parityReward(path.join(folder, "none.json"))).toThrow(/none\.json/u);
    fs.writeFileSync(path.join(folder, "broken.json"), "{");
    expect(() => parityReward(path.join(folder, "broken.json"))).toThrow(/not valid JSON/u);
  });
});

test("errors are relative above 1, and never hidden by NaN or a missing value", () => {
  expect(largestError([1.5, 200], [1, 100])).toBe(1);
  expect(largestError([0.25], [0])).toBe(0.25);
  expect(largestError([NaN, 0], [0, 0])).toBe(Infinity);
  expect(largestError([0, NaN, 1], [0, 0, 0])).toBe(Infinity);
  expect(largestError([0], [0, 0])).toBe(Infinity);
});

test("the reference's text similarity: bigrams 'ab', 'bc' against 'bc', 'cd' share one of three", () => {
  expect(bigramJaccard("ABC", "bcd")).toBeCloseTo(1 / 3, 12);
  expect(bigramJaccard("", "ab")).toBe(0);
});

test("the table says what failed", () => {
  const text = formatParity([
    { figure: "loss", error: 2e-7, tolerance: 1e-5, pass: true },
    { figure: "gradient", error: Infinity, tolerance: 1e-4, pass: false },
  ]);
  expect(text).toMatch(/loss +2\.0e-7 +1\.0e-5 +ok/u);
  expect(text).toMatch(/gradient +Infinity +1\.0e-4 +FAILED/u);
  expect(text).toContain("1 of 2 figures beyond tolerance");
});
