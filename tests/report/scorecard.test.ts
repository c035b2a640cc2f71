import { expect, it } from "vitest";
import { judge, type Claim } from "../../src/eval/claims";
import type { Effect } from "../../src/eval/effects";
import { countVerdicts, effectsTable, scorecardFigure, scorecardTable } from "../../src/report/scorecard";
import { toCsv } from "../../src/report/table/csv";
import { toMarkdown } from "../../src/report/table/markdown";

const effect = (value: number, more: Partial<Effect> = {}): Effect => ({
  ...{ value, low: value - 1 / 64, high: value + 1 / 64, standardError: 0.01, p: 0.0123, detectable: 0.028 },
  ...{ worlds: 3, seeds: 30, items: 5760, byWorld: [value, value, value], fewestSeeds: 10, overItems: true, ...more },
});
const claim = (id: string, b: readonly string[], paper?: number): Claim => ({
  ...{ id, experiment: "e", where: "§5.3", says: `says ${id}` },
  differences: b.map((name) => ({ a: "tapo", b: name, setting: "open", metric: "similarity", split: "unseen", ...(paper === undefined ? {} : { paper }) })), // prettier-ignore
});
const EFFECTS: Readonly<Record<string, Effect>> = {
  dapo: effect(1 / 32),
  intra: effect(1 / 128),
  base: effect(1 / 16, { fewestSeeds: null, overItems: false }),
};
const judged = [claim("x", ["dapo"], 0.0151), claim("y", ["dapo", "intra"]), claim("z", ["base"]), claim("w", ["gone"], 0.1)].map((one) => judge(one, ({ b }) => EFFECTS[b])); // prettier-ignore
const layout = { caption: "c", provenance: {}, mini: true };

it("the scorecard has a row per claim, with the difference that decides and power beside what is not reproduced", () => {
  const lines = toCsv(scorecardTable(judged, layout)).trimEnd().split("\n");
  expect(lines[0]).toBe("claim,verdict,difference,paper_percent,ours_percent,ours_percent_low,ours_percent_high,p,worlds,seeds,items,detectable_percent,place"); // prettier-ignore
  expect(lines.slice(1)).toEqual([
    'says x,reproduced,"tapo − dapo, SS_rel, unseen",1.51,3.125,1.5625,4.6875,0.0123,3,30,5760,,§5.3',
    'says y,inconclusive,"tapo − intra, SS_rel, unseen",,0.78125,-0.78125,2.34375,0.0123,3,30,5760,2.8,§5.3',
    'says z,reproduced,"tapo − base, SS_rel, unseen",,6.25,4.6875,7.8125,0.0123,3,,,,§5.3',
    'says w,not measured,"tapo − gone, SS_rel, unseen",10,,,,,,,,,§5.3',
  ]);
  expect(toMarkdown(scorecardTable(judged, layout))).toContain("3.13 [1.56, 4.69]");
});

it("says what is true of the mini-world alone beside its own verdicts only", () => {
  const noted = judge({ ...claim("x", ["dapo"]), note: "Of all.", mini: "Of its record." }, () => EFFECTS["dapo"]);
  expect(scorecardTable([noted], layout).notes).toContain("says x: Of all. Of its record.");
  expect(scorecardTable([noted], { ...layout, mini: false }).notes).toContain("says x: Of all.");
});

it("the table of effects has a row per difference, and the counts are of claims", () => {
  expect(effectsTable(judged, layout).rows).toHaveLength(5);
  expect(countVerdicts(judged)).toBe("2 reproduced, 1 inconclusive, 1 not measured");
});

it("the figure has a dot with its interval for every measured difference, and the paper's where it prints one", () => {
  const figure = scorecardFigure(judged, "t")!;
  const traces = figure.data.filter(({ xaxis }) => xaxis === undefined) as unknown as readonly { name: string; x: number[]; y: number[]; error_x?: { array: number[]; arrayminus: number[] } }[]; // prettier-ignore
  expect(traces.map(({ name }) => name)).toEqual(["here: reproduced", "here: inconclusive", "paper"]);
  expect(traces.map(({ y }) => y)).toEqual([[0, 1, 3], [2], [0]]);
  expect(traces[0]?.x).toEqual([3.125, 3.125, 6.25]);
  expect(traces[0]?.error_x?.array).toEqual([1.5625, 1.5625, 1.5625]);
  expect(traces[2]?.x).toEqual([1.51]);
  expect(scorecardFigure([judge(claim("w", ["gone"]), () => undefined)], "t")).toBeUndefined();
});

it("the figure says over what its intervals are: over worlds and seeds where there are several, and over nothing else", () => {
  const said = (...of: readonly Partial<Effect>[]): string => {
    const each = of.map((more, at) => judge(claim(`c${at}`, ["dapo"]), () => effect(1 / 32, more)));
    return /95 % intervals [^.]*/u.exec(JSON.stringify(scorecardFigure(each, "t")))?.[0] ?? "";
  };
  const [one, alone] = [{ worlds: 1 }, { worlds: 1, seeds: 1 }];
  expect(said({})).toBe("95 % intervals over items, seeds and worlds");
  expect(said(one)).toBe("95 % intervals over items and seeds");
  expect(said(alone)).toBe("95 % intervals over items");
  const onlyMeans = { ...one, overItems: false };
  expect(said(one, onlyMeans)).toBe("95 % intervals over items and seeds; of probes, states and general questions over seeds alone"); // prettier-ignore
});

it("one mean of one run stands without an interval, a p and a power: it has no spread for them to rest on", () => {
  const one = effect(1 / 8, { low: 1 / 8, high: 1 / 8, p: 0.0005, detectable: 0, overItems: false, fewestSeeds: 1, seeds: 1, worlds: 1 }); // prettier-ignore
  const lone = [judge(claim("v", ["dapo"], 0.036), () => one)];
  const csv = toCsv(scorecardTable(lone, layout)).trimEnd().split("\n")[1];
  expect(csv).toMatch(/^says v,inconclusive,"tapo − dapo, SS_rel, unseen",3\.6,12\.5,+1,1,,,§5\.3$/);
  expect(toMarkdown(scorecardTable(lone, layout))).not.toContain("[12.5");
});
