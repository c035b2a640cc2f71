import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { curate, DEFAULT_CURATION_SETTINGS, type CotItem } from "../../src/cot/curate";
import { readCotRecords } from "../../src/cot/records";
import { renderTagged } from "../../src/cot/stages";
import type { Teacher } from "../../src/data/teacher";
import type { LabelledImage } from "../../src/data/types";

const NAMES = ["rock wren", "house wren", "marsh wren"];
const items: CotItem[] = NAMES.map((name) => ({ image: pictureOf(name), question: "Which bird is this?" }));

function pictureOf(name: string): LabelledImage {
  const subCategory = { id: `bird/${name}`, name, superCategory: "bird", seen: true };
  const pixels = { width: 1, height: 1, data: new Uint8Array(3) };
  return { id: `${name}/0`, subCategory, load: () => Promise.resolve(pixels) };
}

const chain = (prediction: string, candidates = NAMES): string =>
  renderTagged({ analysis: "a bill", candidates, comparison: "it fits", prediction });

/** What the scripted teacher answers, image by image, in order; the last answer is repeated for ever. */
const SCRIPT: Record<string, string[]> = {
  "rock wren": [chain("rock wren")],
  "house wren": ["no tags", chain("marsh wren"), chain("house wren", ["rock wren", "marsh wren"]), chain("house wren")],
  "marsh wren": [chain("rock wren")],
};

interface Script extends Teacher {
  readonly calls: string[];
}

/** A teacher with a script. It reads the seed only to show that it is stable; `breakAt` fails one call, as a kill would. */
function scripted(breakAt = Infinity): Script {
  const calls: string[] = [];
  const given = new Map<string, number>();
  const log = (call: string): void => {
    calls.push(call);
    if (calls.length === breakAt) throw new Error("killed");
  };
  return {
    name: "script",
    calls,
    describe: async (image, count, seed) => {
      log(`describe ${image.id} ${seed}`);
      return Promise.resolve(
        Array.from({ length: count }, () => `${image.subCategory.name.split(" ")[0]} bill, perched`),
      );
    },
    reason: async (image, prompt, count, seed) => {
      log(`reason ${image.id} ${count} ${seed} ${prompt.slice(0, 70)}`);
      const { name } = image.subCategory;
      const from = given.get(name) ?? 0;
      given.set(name, from + count);
      const script = SCRIPT[name]!;
      return Promise.resolve(Array.from({ length: count }, (_, i) => script[Math.min(from + i, script.length - 1)]!));
    },
  };
}

const settings = {
  ...DEFAULT_CURATION_SETTINGS,
  seed: 7,
  samples: 2,
  maxAttempts: 5,
  concepts: { ...DEFAULT_CURATION_SETTINGS.concepts, minConcepts: 1 },
};

let folder = "";
beforeEach(() => (folder = fs.mkdtempSync(path.join(tmpdir(), "curate-"))));
afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

describe("curate", () => {
  it("samples until a chain passes, and counts every other by its reason", async () => {
    const teacher = scripted();
    const { records, report } = await curate(items, teacher, settings);
    // rock: accepted at once. house: three rejections, then accepted. marsh: five wrong predictions, given up.
    expect(records.map(({ label, provenance }) => [label, provenance.attempts])).toEqual([
      ["rock wren", 1],
      ["house wren", 4],
    ]);
    expect(report).toMatchObject({
      images: 3,
      accepted: 2,
      attempts: 10,
      acceptanceRate: 0.2,
      exhausted: ["marsh wren/0"],
    });
    const occurred = Object.entries(report.rejections).filter(([, count]) => count > 0);
    expect(Object.fromEntries(occurred)).toEqual({
      "missing tag": 1,
      "wrong prediction": 6,
      "label not among candidates": 1,
    });
    // Calls of two candidates each, the last of marsh's five alone.
    expect(teacher.calls.filter((call) => call.startsWith("reason marsh")).map((call) => call.split(" ")[3])).toEqual([
      "2",
      "2",
      "1",
    ]);
  });

  it("puts the selected concepts into the prompt and the record, and the stages into the text", async () => {
    const teacher = scripted();
    const [record] = (await curate(items, teacher, settings)).records;
    expect(record).toMatchObject({
      imageId: "rock wren/0",
      superCategory: "bird",
      concepts: ["rock bill"], // "perched" is said of every image
      provenance: { teacher: "script", attempts: 1, seed: 7 },
    });
    expect(
      teacher.calls.some((call) =>
        call.includes("picture of a rock wren with the following visual features: rock bill".slice(0, 60)),
      ),
    ).toBe(true);
    expect(record?.text).toContain("The analysis of candidate subcategories: \n- rock wren\n- house wren");
    expect(record?.text.endsWith("<answer>rock wren</answer>")).toBe(true);
  });

  it("goes on after a kill at any call, with the same records and counts", async () => {
    const whole = await curate(items, scripted(), settings);
    const total = 9; // 3 descriptions, 1 + 2 + 3 calls for chains
    for (let kill = 1; kill <= total; kill++) {
      const place = path.join(folder, String(kill));
      await expect(curate(items, scripted(kill), settings, { folder: place })).rejects.toThrow("killed");
      fs.appendFileSync(path.join(place, "descriptions.jsonl"), '{"imageId":"torn'); // a line cut off in the writing
      expect(await curate(items, scripted(), settings, { folder: place })).toEqual(whole);
      expect(readCotRecords(path.join(place, "records.jsonl"))).toEqual(whole.records);
    }
  });

  it("asks nothing twice when all is done, and refuses a folder of other settings", async () => {
    await curate(items, scripted(), settings, { folder });
    const idle = scripted();
    await curate(items, idle, settings, { folder });
    expect(idle.calls).toEqual([]);
    await expect(curate(items, idle, { ...settings, seed: 8 }, { folder })).rejects.toThrow("other settings");
    await expect(curate(items.slice(1), idle, settings, { folder })).rejects.toThrow("other images");
  });

  it("stops when told to, keeping what is done", async () => {
    const controller = new AbortController();
    const teacher = scripted();
    const progress = {
      start: (label: string) => ({
        update: (done: number) => {
          if (label.startsWith("Writing") && done === 1) controller.abort(new Error("stop"));
        },
        finish: () => undefined,
      }),
    };
    await expect(curate(items, teacher, settings, { folder, progress, signal: controller.signal })).rejects.toThrow(
      "stop",
    );
    expect(fs.readFileSync(path.join(folder, "outcomes.jsonl"), "utf8").trim().split("\n")).toHaveLength(1);
    // the second was begun while the first was kept, and is thrown away
    expect(teacher.calls.filter((call) => call.startsWith("reason"))).toHaveLength(2);
  });

  it("refuses repeated images and senseless settings", async () => {
    await expect(curate([...items, items[0]!], scripted(), settings)).rejects.toThrow("listed twice");
    await expect(curate(items, scripted(), { ...settings, samples: 0 })).rejects.toThrow("samples");
  });
});
