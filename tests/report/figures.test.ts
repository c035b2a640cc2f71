import { STANDARD_COLUMNS } from "../../src/report/standard";
import { describe, expect, it } from "vitest";
import type { JsonObject, PlotlyFigure } from "../../src/report/figure/figure";
import { figureSvg } from "../../src/report/figure/export";
import { PALETTE, tint } from "../../src/report/figure/style";
import { drawnOf } from "../../src/report/drawn";
import { methodBars, methodColours, runCurves, sweepLines } from "../../src/report/figures";
import { measured, METHODS } from "./recorded/recorded";

const COLOURS = methodColours(METHODS);
const legend = ({ data }: PlotlyFigure): unknown[] =>
  data.filter((trace) => trace["showlegend"] !== false).map((trace) => trace["name"]);
const both = (method: string, setting: string) =>
  (["seen", "unseen"] as const).map((split) => measured({ method, setting, split }));

describe("methodColours", () => {
  it("follow the order of the experiment's methods, under name and title", () => {
    expect([COLOURS["base"], COLOURS["Base, direct"], COLOURS["siglip"]]).toEqual([PALETTE[0], PALETTE[0], PALETTE[6]]);
    expect(new Set(Object.values(COLOURS)).size).toBe(METHODS.length);
  });
});

describe("methodBars", () => {
  const methods = METHODS.map((method) => (method.name === "cot-sft" ? { ...method, mark: "†" } : method));
  const all = ["base", "cot-sft", "tapo"].flatMap((name) => [...both(name, "open"), ...both(name, "closed")]);
  const bars = (setting: string, chance?: number) =>
    methodBars(drawnOf(all, new Set(), 1), {
      title: "Accuracy",
      yTitle: "accuracy in %",
      methods,
      column: STANDARD_COLUMNS.find((column) => column.setting === setting)!,
      marks: { "†": "from results/" },
      colours: COLOURS,
      ...(chance === undefined ? {} : { chance }),
    });

  it("give a method its colour whoever stands beside it, full for seen and light for unseen classes", () => {
    const [seen, , unseen] = bars("open").data.map(({ marker }) => (marker as JsonObject)["color"]);
    const own = ["base", "cot-sft", "tapo"].map((name) => COLOURS[name]!);
    expect(seen).toEqual(own);
    expect(unseen).toEqual(own.map((hex) => tint(hex, 0.45)));
    expect(legend(bars("open"))).toEqual(["seen", "unseen"]);
    expect(bars("open").layout["legend"]).toMatchObject({ title: { text: "Open world, text inclusion" } });
  });

  it("draw what guessing scores where that is given, and say what error bars and marks are", () => {
    const { data, layout } = bars("closed", 0.25);
    expect(legend({ data, layout })).toEqual(["seen", "unseen", "chance (25 %)"]);
    expect(data.at(-1)).toMatchObject({ mode: "lines", y: [25, 25] });
    const text = JSON.stringify(layout["title"]);
    expect(text).toContain("Error bars: 95 % intervals over test items.");
    expect(text).toContain("† from results/");
    expect((layout["xaxis"] as { ticktext: string[] }).ticktext[1]).toBe("CoT SFT†");
  });
});

describe("runCurves", () => {
  const steps = [0, 1].map((step) => ({ step, loss: 1 / (step + 3), klNegative: 0.25 }));
  const dapo = { title: "CoT SFT + DAPO", steps, without: ["klNegative"] };
  const tapo = { title: "CoT SFT + TAPO", steps };
  const panels = [
    { title: "loss per token", figure: "loss" },
    { title: "KL to the negative image", figure: "klNegative" },
    { title: "gradient norm", figure: "gradNorm" },
  ];
  const figure = runCurves([dapo, tapo], panels, { title: "RL", colours: COLOURS });

  it("draw each logged figure over its steps, in the method's colour", () => {
    expect(figure.data.map(({ name, x, y, line }) => [name, x, y, (line as JsonObject)["color"]])).toEqual([
      ["CoT SFT + DAPO", [1, 2], [1 / 3, 1 / 4], COLOURS["dapo"]],
      ["CoT SFT + TAPO", [1, 2], [1 / 3, 1 / 4], COLOURS["tapo"]],
      ["CoT SFT + TAPO", [1, 2], [0.25, 0.25], COLOURS["tapo"]],
    ]);
    expect(legend(figure)).toEqual(["CoT SFT + DAPO", "CoT SFT + TAPO"]);
  });

  it("leave out what is zero by definition, and panels that nobody logged", () => {
    const titles = Object.entries(figure.layout).flatMap(([key, value]) =>
      key.startsWith("yaxis") ? [(value as { title: { text: string } }).title.text] : [],
    );
    expect(titles).toEqual(["loss per token", "KL to the negative image"]);
  });
});

describe("sweepLines", () => {
  const ratios = ["10:0", "5:5", "0:10"];
  const all = ratios.flatMap((method, i) =>
    (["seen", "unseen"] as const).map((split) => measured({ method, split, value: (i + 1) / 8, low: 0, high: 0.5 })),
  );
  const drawn = drawnOf(all, new Set(), 1);
  const options = {
    ...{ title: "Anchor to positive", xTitle: "share of positives", yTitle: "accuracy in %" },
    column: { setting: "open", metric: "accuracy", splits: ["seen", "unseen"] as const },
    points: ratios.map((method, i) => ({ method, x: [0, 0.5, 1][i]!, label: method })).reverse(),
  };

  it("join a metric's values in the order of the number, a line per split", () => {
    const { data, layout } = sweepLines(drawn, options);
    // side by side, so that error bars do not hide each other; hovering tells the place itself
    expect(data.map(({ name, x, y }) => [name, x, y])).toEqual([
      ["seen", [-0.006, 0.494, 0.994], [12.5, 25, 37.5]],
      ["unseen", [0.006, 0.506, 1.006], [12.5, 25, 37.5]],
    ]);
    expect(data.map(({ text }) => text)).toEqual([
      ["10:0", "5:5", "0:10"],
      ["10:0", "5:5", "0:10"],
    ]);
    expect(data[0]!["error_y"]).toMatchObject({ array: [37.5, 25, 12.5], arrayminus: [12.5, 25, 37.5] });
    expect(layout["xaxis"]).toMatchObject({ tickvals: [1, 0.5, 0], ticktext: ["0:10", "5:5", "10:0"] });
    expect(JSON.stringify(layout["title"])).toContain("Error bars: 95 % intervals over test items.");
  });

  it("can be drawn", async () => {
    expect(await figureSvg(sweepLines(drawn, options))).toContain("share of positives");
  });
});
