import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject, PlotlyFigure } from "../../../src/report/figure/figure";
import { tint } from "../../../src/report/figure/style";
import { METHOD_COLOURS, accuracyFigure, rlFigure, sftFigure } from "../../../src/report/quickstart/figures";
import { SCORE_COLUMNS } from "../../../src/report/quickstart/tables";
import { resultTable } from "../../../src/report/table/table";

let root: string;
const stages: Record<string, string> = {};
beforeAll(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), "quickstart-figures-"));
  for (const name of ["sft-labels", "cot-sft", "dapo", "tapo"]) {
    const folder = path.join(root, name);
    fs.mkdirSync(folder);
    const line = (step: number): string =>
      JSON.stringify({ step, loss: 1 / step, reward: 0.5, accuracy: 0.5, klNegative: 0.3 });
    fs.writeFileSync(path.join(folder, "metrics.jsonl"), `${line(1)}\n${line(2)}\n`);
    stages[name] = folder;
  }
});
afterAll(() => {
  fs.rmSync(root, { recursive: true });
});

const METHODS = ["Base, direct", "CoT SFT", "CoT SFT + TAPO"];
const accuracy = (world: "closed" | "open"): PlotlyFigure => {
  const score = { value: 0.5, low: 0.4, high: 0.7 };
  const rows = METHODS.map((title, at) => ({
    method: at === 1 ? { text: title, mark: "†" } : title,
    ...Object.fromEntries(SCORE_COLUMNS.map(({ key }) => [key, score])),
  }));
  const columns = [{ key: "method", title: "Method", kind: "text" as const }, ...SCORE_COLUMNS];
  return accuracyFigure(resultTable({ caption: "c", columns, rows, marks: { "†": "from results/" } }), world);
};
const legend = ({ data }: PlotlyFigure): unknown[] =>
  data.filter((trace) => trace["showlegend"] !== false).map((trace) => trace["name"]);
const lines = ({ data }: PlotlyFigure): JsonObject[] => data.filter((trace) => trace["showlegend"] === true);

describe("the figures of the quickstart", () => {
  it("give a method one colour, in bars and in curves, whoever stands beside it", () => {
    const colours = new Set(Object.values(METHOD_COLOURS));
    expect(colours.size).toBe(Object.keys(METHOD_COLOURS).length / 2); // each method under its title and its name
    for (const figure of [
      sftFigure({ stages }),
      sftFigure({ stages: { "cot-sft": stages["cot-sft"] ?? "" } }),
      rlFigure({ stages }),
    ]) {
      for (const { name, line } of lines(figure)) {
        expect(line).toMatchObject({ color: METHOD_COLOURS[name as string] });
      }
    }
    const [seen, , unseen] = accuracy("open").data.map(({ marker }) => (marker as JsonObject)["color"]);
    expect(seen).toEqual(METHODS.map((title) => METHOD_COLOURS[title]));
    expect(unseen).toEqual(METHODS.map((title) => tint(METHOD_COLOURS[title] ?? "", 0.45)));
  });

  it("name every curve and every series once, even a single one, without a prefix that all share", () => {
    expect(legend(sftFigure({ stages: { "cot-sft": stages["cot-sft"] ?? "" } }))).toEqual(["CoT SFT"]);
    expect(sftFigure({ stages: { "cot-sft": stages["cot-sft"] ?? "" } }).layout["showlegend"]).toBe(true);
    expect(legend(rlFigure({ stages }))).toEqual(["CoT SFT + DAPO", "CoT SFT + TAPO"]);
    expect(legend(accuracy("open"))).toEqual(["seen", "unseen"]);
    expect(accuracy("open").layout["legend"]).toMatchObject({ title: { text: "Open world, text inclusion" } });
  });

  it("draw what guessing scores where there are options to guess from, and say what error bars and marks are", () => {
    expect(legend(accuracy("closed"))).toEqual(["seen", "unseen", "chance (25 %)"]);
    const { data, layout } = accuracy("closed");
    expect(data.at(-1)).toMatchObject({ mode: "lines", y: [25, 25] });
    const text = JSON.stringify(layout["title"]);
    expect(text).toContain("Error bars: 95 % intervals over test items.");
    expect(text).toContain("† from results/");
  });

  it("keep a mark beside its name", () => {
    const { ticktext } = accuracy("open").layout["xaxis"] as { ticktext: string[] };
    expect(ticktext[1]).toBe("CoT SFT†");
  });
});
