import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { hashFile } from "../../src/core/hash";
import { VERDICT_RULE, WORLDS_RULE } from "../../src/eval/claims";
import { inference } from "../../src/experiments";
import { REMARKS } from "../../src/experiments/claimRemarks";
import { CLAIMS } from "../../src/experiments/claims";
import { keptFolder, readKept, worldOf, writeKept, type Kept } from "../../src/lab/kept";
import type { Lab } from "../../src/lab/lab";
import { beginRun, publish } from "../../src/lab/publish";
import { makeMethods, planRun } from "../../src/lab/run";
import { exportScorecard, scorecardFolder, scorecardOf, verdictsOf, worldsOf } from "../../src/lab/scorecard";
import { tableFromJson } from "../../src/report/table/json";
import { cellOf } from "../../src/report/table/table";
import { newHome, removeHome } from "../cli/home";
import { tinyLab } from "./tinyLab";

const home = newHome("scorecard");
let lab: Lab;
let kept: Kept;
const stub = (): void => {
  vi.stubEnv("FINE_R1_RUNS", path.join(home, "runs"));
  vi.stubEnv("FINE_R1_RESULTS", path.join(home, "results"));
};
beforeAll(async () => {
  stub();
  lab = await tinyLab(home);
  // rows that nobody trains: the base asked directly and to think, and the encoder with one template and with several
  const plan = planRun(lab, inference, { only: ["base", "base-think", "siglip", "siglip-ensemble"] });
  const run = beginRun(lab, inference, [1]);
  await publish(lab, inference, await makeMethods(lab, inference, plan), run, { destination: "record" });
  kept = readKept(keptFolder("inference", "smoke", "record"))!;
  vi.unstubAllEnvs();
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => {
  removeHome(home);
});

describe("outcomes that a run keeps", () => {
  it("give the very means that it measured, for every method, setting, split and domain", () => {
    expect(kept.outcomes.map(({ method, setting, metric }) => `${method} ${setting} ${metric}`)).toEqual(
      ["base", "base-think", "siglip", "siglip-ensemble"].map((method) => `${method} closed accuracy`),
    );
    for (const { method, items, values } of kept.outcomes) {
      expect(items).toHaveLength(new Set(items.map(({ id }) => id)).size);
      const rows = kept.measurements.filter((one) => one.method === method && one.metric === "accuracy" && one.domain !== "mean" && one.domain !== "items" && one.split !== "all"); // prettier-ignore
      expect(rows.length).toBeGreaterThan(1);
      for (const { domain, split, value, n } of rows) {
        const own = values.filter((_, at) => items[at]!.domain === domain && items[at]!.seen === (split === "seen"));
        expect(own).toHaveLength(n);
        expect(own.reduce<number>((sum, one) => sum + one!, 0) / n).toBeCloseTo(value, 12);
      }
    }
  });

  it("stand beside the measurements, belong to the run's record, and are refused once they have changed", () => {
    stub();
    const folder = keptFolder("inference", "smoke", "record");
    const file = path.join(folder, "outcomes.json");
    expect(fs.readFileSync(path.join(folder, "run.json"), "utf8")).toContain(hashFile(file));
    const text = fs.readFileSync(file, "utf8");
    fs.writeFileSync(file, text.replace('"version": 1', '"version": 9'));
    expect(() => readKept(folder)).toThrow(`${file}: has changed since the run wrote it`);
    const run = path.join(folder, "run.json");
    fs.renameSync(run, `${run}.away`); // as after a kill: nothing vouches for the file
    expect(() => readKept(folder)).toThrow(/outcomes\.json: is no file of outcomes \(.*version/);
    fs.renameSync(`${run}.away`, run);
    fs.writeFileSync(file, text);
  });

  it("come back as they were written, for a report and for a record", () => {
    const folder = path.join(home, "copy");
    fs.mkdirSync(folder);
    writeKept(folder, kept);
    expect(readKept(folder)).toEqual(kept);
    fs.rmSync(path.join(folder, "outcomes.json"));
    expect(readKept(folder)).toEqual({ ...kept, outcomes: [] }); // of a run before there were any
    expect(worldOf(kept)).toMatchObject({ world: lab.dataset.fingerprint, given: new Set(["base", "base-think", "siglip", "siglip-ensemble"]) }); // prettier-ignore
  });
});

describe("the scorecard", () => {
  const verdicts = (of: ReturnType<typeof scorecardOf>) => Object.fromEntries(of.judged.map(({ claim, verdict }) => [claim.id, verdict])); // prettier-ignore
  /** Kept results with other numbers under another profile. */
  const keep = (profile: string, change: Partial<Kept>): void => {
    writeKept(keptFolder("inference", profile, "record"), { ...kept, ...change });
  };

  it("judges what was measured, and says of all else that it was not", () => {
    stub();
    const card = scorecardOf(CLAIMS, ["smoke", "nowhere"], "record");
    expect(card.judged).toHaveLength(CLAIMS.length);
    const { "cot-prompt": measured, ...others } = verdicts(card);
    expect(measured).not.toBe("not measured");
    expect(new Set(Object.values(others))).toEqual(new Set(["not measured"]));
    expect(card.counts).toMatch(new RegExp(`^1 [a-z ]+, ${CLAIMS.length - 1} not measured$`));
    const row = card.table.rows.find(
      (one) => cellOf(one, "place") === "§5.3, Fig. 3b" && cellOf(one, "ours") !== null,
    )!;
    expect(row).toMatchObject({ difference: "base-think − base, closed world", paper: 0.0011, worlds: 1, seeds: null });
    // the effect is the difference of the recorded means
    const mean = (method: string): number => kept.measurements.find((one) => one.method === method && one.split === "all" && one.domain === "mean" && one.metric === "accuracy")!.value; // prettier-ignore
    expect(cellOf(row, "ours")).toMatchObject({
      value: expect.closeTo(mean("base-think") - mean("base"), 12) as number,
    });
    expect(card.table.notes[0]).toBe(VERDICT_RULE);
    expect(card.effects.rows).toHaveLength(CLAIMS.reduce((sum, { differences }) => sum + differences.length, 0));
  });

  it("takes further worlds in, of the same settings, and says what it leaves out", () => {
    stub();
    const other = { ...kept.settings, "the dataset": "another", "the base": "another" };
    keep("smoke-2", { settings: other });
    keep("smoke-3", { settings: { ...other, "the dataset": "a third", "rl.n1": "8" } });
    keep("smoke-4", { settings: { ...kept.settings, "the base": "x" } });
    const { judged, table } = scorecardOf(CLAIMS, ["smoke", "smoke-2", "smoke-3", "smoke-4"], "record");
    expect(judged.find(({ claim }) => claim.id === "cot-prompt")?.deciding?.effect?.worlds).toBe(2);
    const worlds = worldsOf("inference", ["smoke", "smoke-2", "smoke-3", "smoke-4"], "record");
    expect(worlds.map(({ world }) => world)).toEqual([lab.dataset.fingerprint, "another"]);
    const left = table.notes.filter((note) => note.startsWith("Left out"));
    expect(left).toEqual([
      expect.stringMatching(/inference\/smoke-3, made with other settings \(rl\.n1\)\.$/),
      expect.stringMatching(/inference\/smoke-4, of a world that stands in already\.$/),
    ]);
  });

  it("says what is true of mini-worlds where all numbers are of such, and of no other pictures", () => {
    stub();
    const remark = REMARKS["cot-prompt"]!.mini!;
    const said = (...profiles: string[]): boolean =>
      scorecardOf(CLAIMS, profiles, "record").table.notes.join().includes(remark);
    const inRun = (own: Kept): boolean => verdictsOf(inference, own)!.notes.join().includes(remark);
    const birds = { ...kept, measurements: kept.measurements.map((one) => ({ ...one, dataset: "birds" })) };
    keep("birds", { ...birds, settings: { ...kept.settings, "the dataset": "birds" } });
    expect([said("smoke"), said("birds"), said("smoke", "birds"), said("nowhere")]).toEqual([true, false, false, false]); // prettier-ignore
    fs.rmSync(keptFolder("inference", "birds", "record"), { recursive: true });
    expect([inRun(kept), inRun(birds)]).toEqual([true, false]);
  });

  it("keeps its verdicts while another world is recorded seed by seed and row by row, and says what does not count yet", () => {
    stub();
    const trained = (seeds: readonly number[]): Partial<Kept> => {
      const [base, more] = [kept.made.find(({ method }) => method === "base")!, seeds.map((seed) => ({ method: "tapo", seed }))]; // prettier-ignore
      const like = <T extends { method: string }>(all: readonly T[]): T[] => [...all.filter(({ method }) => method !== "tapo"), ...more.flatMap((one) => all.filter(({ method }) => method === "siglip").map((row) => ({ ...row, ...one })))]; // prettier-ignore
      return {
        made: [...kept.made, ...more.map((one) => ({ ...base, ...one, given: undefined }))],
        ...{ measurements: like(kept.measurements), outcomes: like(kept.outcomes) },
      };
    };
    const settings = { ...kept.settings, "the dataset": "thin" };
    keep("whole", trained([1, 2, 3]));
    keep("thin", { ...trained([1]), settings });
    const claims = CLAIMS.filter(({ experiment }) => experiment === "inference");
    const about = ["siglip", "siglip-ensemble"].map((b) => ({ ...claims[0]!, says: `ahead of ${b}`, differences: [{ a: "tapo", b, setting: "closed", metric: "accuracy", split: "all" as const }] })); // prettier-ignore
    const of = (...profiles: string[]) => scorecardOf([...about, ...claims.filter(({ id }) => id === "cot-prompt")], profiles, "record"); // prettier-ignore
    const left = (card: ReturnType<typeof of>) => card.table.notes.filter((note) => /^(Left out|Too few)/u.test(note));
    const [before, after] = [of("whole"), of("whole", "thin")];
    // what nobody trains counts in every world
    expect(after.judged.map(({ deciding }) => deciding?.effect?.worlds)).toEqual([1, 1, 2]);
    expect(after.judged.slice(0, 2).map(({ decided }) => decided)).toEqual(before.judged.slice(0, 2).map(({ decided }) => decided)); // prettier-ignore
    expect(left(after)).toEqual([
      expect.stringMatching(/^Left out of “ahead of siglip”, “ahead of siglip-ensemble”: .*inference\/thin, 1 seed so far, a verdict needs 3\.$/u), // prettier-ignore
    ]);
    expect(after.table.notes).toContain(WORLDS_RULE);
    expect(after.effects.notes.join()).toContain("Two worlds are few");
    expect(before.table.notes).not.toContain(WORLDS_RULE);

    const lacking = trained([1, 2, 3]);
    keep("thin", { ...lacking, settings, outcomes: lacking.outcomes!.filter(({ method }) => method !== "siglip"), measurements: lacking.measurements!.filter(({ method }) => method !== "siglip") }); // prettier-ignore
    expect(left(of("whole", "thin"))).toEqual([expect.stringMatching(/^Left out of “ahead of siglip”: .*thin, no row siglip\.$/u)]); // prettier-ignore
    keep("whole", trained([1, 2]));
    keep("thin", { ...trained([1]), settings });
    expect(left(of("whole", "thin"))).toHaveLength(2);
    expect(left(of("whole", "thin"))[1]).toMatch(/^Too few seeds of .*thin, 1 seed so far/u);
    // where every claim is about what is trained, none is named
    const alone = scorecardOf(about, ["whole", "thin"], "record");
    expect(left(alone)[1]).toMatch(/^Too few seeds: .*thin, 1 seed so far, a verdict needs 3\.$/u);
    expect(alone.table.provenance).toMatchObject({ profiles: "whole thin" });
    keep("whole", trained([1, 2, 3]));
    expect(scorecardOf(about, ["whole", "thin"], "record").table.provenance).toMatchObject({ profiles: "whole" });
  });

  it("is written as tables, a figure and a page that begins with the rule; made again it is the same to the byte", async () => {
    stub();
    const folder = scorecardFolder("record");
    const write = () => exportScorecard(scorecardOf(CLAIMS, ["smoke"], "record"), folder);
    const files = await write();
    const names = files.map((file) => path.basename(file));
    expect(names).toEqual(
      expect.arrayContaining(["scorecard.csv", "scorecard.json", "scorecard.md", "scorecard.tex", "effects.csv", "effects-plot.svg", "README.md"]), // prettier-ignore
    );
    const hashes = files.map(hashFile);
    expect((await write()).map(hashFile)).toEqual(hashes);
    const page = fs.readFileSync(path.join(folder, "README.md"), "utf8");
    expect(page.indexOf(VERDICT_RULE)).toBeGreaterThan(0);
    expect(page.indexOf(VERDICT_RULE)).toBeLessThan(page.indexOf("| Claim"));
    expect(page.split(VERDICT_RULE)).toHaveLength(2);
    const table = tableFromJson(fs.readFileSync(path.join(folder, "scorecard.json"), "utf8"));
    expect(table.rows).toHaveLength(CLAIMS.length);
    const brief = tableFromJson(fs.readFileSync(path.join(folder, "brief.json"), "utf8"));
    expect(brief.columns.map(({ key }) => key)).toEqual(["claim", "place", "paper", "ours", "verdict"]);
    expect(brief.rows.map((row) => row["ours"])).toEqual(table.rows.map((row) => row["ours"]));
  });
});

it("a run shows the verdicts on its own claims, and the paper's numbers beside its own", () => {
  const read = (name: string): string => fs.readFileSync(path.join(home, "results", "inference", "smoke", `${name}.md`), "utf8"); // prettier-ignore
  expect(read("claims")).toContain("Asking the base to think, without training it to, changes little");
  expect(read("claims")).toContain("in this world alone");
  expect(read("table")).toContain("Paper (Qwen2.5-VL-3B, real pictures)");
  expect(read("table")).toContain("74.79");
});
