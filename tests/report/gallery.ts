import { Random } from "../../src/core/random";
import type { RgbImage } from "../../src/core/image";
import { chainLines } from "../../src/report/markedAnswer";
import type { AnsweredQuestion } from "../../src/report/chainView";
import type { RolloutGroup } from "../../src/report/rolloutView";
import { pictureUrl } from "../../src/report/display/view";
import { groupedBars } from "../../src/report/figure/bars";
import { trainingCurves } from "../../src/report/figure/curves";
import type { DrawnFigure, PlotlyFigure } from "../../src/report/figure/figure";
import { heatMap } from "../../src/report/figure/matrix";
import { pcaScatter } from "../../src/report/figure/scatter";
import { imageStrip } from "../../src/report/figure/strip";
import { type ResultTable, resultTable } from "../../src/report/table/table";

/** A table with everything a table can hold: groups, percent, intervals, marks, gaps and awkward characters. */
export function sampleTable(): ResultTable {
  const estimate = (value: number, mark?: string) => ({
    value,
    low: Math.max(0, value - 0.05),
    high: Math.min(1, value + 0.05),
    ...(mark === undefined ? {} : { mark }),
  });
  return resultTable({
    caption: "Made-up accuracies, to test the renderers: 50 % & more",
    columns: [
      { key: "method", title: "Method", kind: "text" },
      { key: "seen_open", title: "open world", group: "Seen classes", kind: "number", percent: true },
      {
        key: "seen_closed",
        title: "closed world",
        group: "Seen classes",
        kind: "number",
        percent: true,
        interval: "range",
      },
      { key: "unseen_open", title: "open world", group: "Unseen classes", kind: "number", percent: true },
      { key: "steps", title: "steps", kind: "number" },
    ],
    rows: [
      {
        method: "base, direct",
        seen_open: estimate(0.461),
        seen_closed: estimate(0.51),
        unseen_open: estimate(0.47),
        steps: 0,
      },
      {
        method: { text: "SFT <labels>", mark: "†" },
        seen_open: estimate(0.97),
        seen_closed: 0.88,
        unseen_open: null,
        steps: 120,
      },
      {
        method: "CoT SFT",
        seen_open: estimate(0.943, "†"),
        seen_closed: null,
        unseen_open: estimate(0.66),
        steps: 216,
      },
      {
        method: "CoT SFT + TAPO",
        seen_open: estimate(0.97),
        seen_closed: estimate(0.82),
        unseen_open: estimate(0.67),
        steps: 256,
      },
    ],
    notes: ["Intervals: 95 % over items."],
    marks: { "†": "from results/, not trained in this run" },
    provenance: { experiment: "sample", seed: "1" },
  });
}

/** A table too wide for a page: three groups of two numbers with uneven intervals, and six shares. */
export function wideTable(): ResultTable {
  const methods = ["Base, direct", "CoT SFT + DAPO", "SigLIP-style encoder"];
  const scores = ["Closed world", "Open world, text inclusion", "Open world, SS_rel"].flatMap((group, at) =>
    ["seen", "unseen"].map((title) => ({ key: `score${at}_${title}`, title, group, interval: "half-width" as const })),
  );
  const shares = ["right", "malformed", "analysis", "candidates", "analysis right", "names a seen class"].map(
    (title, at) => ({ key: `share${at}`, title }),
  );
  return resultTable({
    caption: "A table too wide for a page",
    columns: [
      { key: "method", title: "Method", kind: "text" },
      ...[...scores, ...shares].map((column) => ({ ...column, kind: "number", percent: true }) as const),
    ],
    rows: methods.map((method, row) => ({
      method,
      ...Object.fromEntries(
        scores.map(({ key }, at) => {
          const value = 0.3 + 0.1 * row + 0.05 * at;
          return [key, { value, low: value - 0.028, high: value + 0.032 }];
        }),
      ),
      ...Object.fromEntries(shares.map(({ key }, at) => [key, 0.05 * (at + row)])),
    })),
  });
}

/** A picture of diagonal stripes. */
export function stripes(width: number, height: number, shade: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let at = 0; at < width * height; at++) {
    const on = (Math.floor(at / width) + (at % width)) % 16 < 8;
    data.set(on ? [shade, 90, 200 - shade / 2] : [240, 240, 230], at * 3);
  }
  return { width, height, data };
}

export function sampleCurves(panels: number): PlotlyFigure {
  const random = new Random("gallery");
  const titles = ["reward", "loss", "tokens", "KL"];
  const curve = (name: string, slope: number) => {
    const y = Array.from({ length: 80 }, (_, step) => slope * (1 - Math.exp(-step / 20)) + random.normal(0, 0.06));
    return { name, y };
  };
  return trainingCurves(
    titles
      .slice(0, panels)
      .map((title) => ({ title, curves: [curve("CoT SFT + DAPO", 0.8), curve("CoT SFT + TAPO", 1)] })),
    { title: "Training curves, mini profile, development world, seed 1", smoothing: 0.8 },
  );
}

export function samplePca(): PlotlyFigure {
  const random = new Random("pca");
  const cloud = (x: number, n: number) =>
    Array.from({ length: n }, (): [number, number] => [random.normal(x), random.normal()]);
  return pcaScatter(
    [
      { name: "correct", points: cloud(2, 120), labels: Array.from({ length: 120 }, (_, i) => `item ${i}`) },
      { name: "incorrect", points: cloud(-2, 60) },
    ],
    { title: "Separability of the last layer's hidden states after TAPO", explained: [0.342, 0.121] },
  );
}

export function sampleHeatMap(): PlotlyFigure {
  const names = ["elmont swifttail", "corvin swifttail", "ashen swifttail", "brindle swifttail", "malformed"];
  const values = names.map((_, row) => names.map((_, column) => (row === column ? 24 - row : Math.abs(row - column))));
  return heatMap(values, {
    title: "Confusion within one genus",
    rows: names,
    columns: names,
    xTitle: "predicted",
    yTitle: "true",
    scaleTitle: "items",
  });
}

export const sampleBars = (): PlotlyFigure =>
  groupedBars(sampleTable(), {
    title: "Accuracy by method",
    label: "method",
    values: ["seen_open", "seen_closed", "unseen_open"],
    yTitle: "accuracy (%)",
    intervals: "95 % over items",
  });

export const sampleStrip = (): Promise<DrawnFigure> =>
  imageStrip(
    [
      { image: stripes(84, 84, 40), heading: "anchor", caption: "elmont swifttail" },
      { image: stripes(84, 84, 60), heading: "positive", caption: "elmont swifttail" },
      {
        image: stripes(84, 56, 220),
        heading: "negative",
        caption: "corvin swifttail, the most similar other class (cosine 0.93)",
      },
    ],
    { title: "A triplet of the mini-world" },
  );

/** A right answer with a wrong count beside one that is no chain; with `more` in every text. */
export const sampleChains = async (more = ""): Promise<AnsweredQuestion> => ({
  picture: await pictureUrl(stripes(84, 84, 40)),
  question: `What bird is this?${more}`,
  truth: `elmont swifttail${more}`,
  about: `unseen class · bird${more}`,
  options: [`elmont swifttail${more}`, "corvin swifttail"],
  answers: [
    {
      ...{ title: `CoT SFT${more}`, answer: `elmont swifttail${more}`, right: true, output: null },
      ...{ verdict: "right answer, wrong count", firstWrong: "count" },
      lines: chainLines([
        { kind: `analysis${more}`, text: `red blue white${more}`, wrong: null },
        { kind: "candidates", text: "elmont swifttail, corvin swifttail", wrong: null },
        { kind: "recall", text: "elmont swifttail: red blue white", wrong: null },
        { kind: "count", text: "fits 2", wrong: `3 values match${more}` },
        { kind: "recall", text: "corvin swifttail: red blue blue", wrong: null },
        { kind: "count", text: "fits 2", wrong: null },
        { kind: "last", text: "elmont swifttail", wrong: null },
      ]),
    },
    {
      ...{ title: "Base", answer: null, right: false, lines: null, firstWrong: "malformed" },
      ...{ verdict: "wrong answer, no chain", output: `<think>\nbut wait${more}` },
    },
  ],
});

/** A group of 2 + 1 answers, the first of them scored token by token; with `more` in every text. */
export const sampleRollouts = (more = ""): RolloutGroup => {
  const picture = (name: string, shade: number) => ({
    ...{ image: stripes(84, 84, shade), name: `${name}${more}`, shows: `stripes in shade ${shade}${more}` },
  });
  const answer = (name: string): string => `<think> striped${more} </think> <answer> ${name} </answer>`;
  return {
    question: `What bird is this?${more}`,
    truth: `elmont swifttail${more}`,
    pictures: {
      anchor: picture("elmont swifttail", 40),
      positive: picture("elmont swifttail", 60),
      negative: picture("corvin swifttail", 220),
    },
    answers: [
      { from: "anchor", text: answer(`elmont swifttail${more}`), reward: 1, advantage: 0.8, right: true },
      { from: "anchor", text: answer("corvin swifttail"), reward: 0.1, advantage: -1.6, right: false },
      { from: "positive", text: "no end", reward: 0, advantage: 0.8, right: false },
    ],
    scored: {
      answer: 0,
      tokens: [
        { text: "<think>", anchor: -0.1, negative: -0.1 },
        { text: ` striped${more}`, anchor: -0.25, negative: -3.25 },
        { text: " elmont", anchor: -1.5, negative: -0.5 },
        { text: "\n", anchor: 0, negative: 0 },
      ],
    },
  };
};
