import { describe, expect, it } from "vitest";
import { curvesSketch } from "../../../src/report/display/sketch";

const points = (svg: string): string[] => [...svg.matchAll(/points="([^"]*)"/g)].map(([, list]) => list ?? "");

describe("curvesSketch", () => {
  it("draws each curve between its panel's least and greatest value", () => {
    // plot of 250 × 130: the first step at 0, the last at 250; the least value at 130, the greatest at 0
    const svg = curvesSketch([{ title: "loss", curves: [{ name: "a", x: [1, 2, 3], y: [4, 3, 2] }] }], { title: "t" });
    expect(points(svg)).toEqual(["0.0,0.0 125.0,65.0 250.0,130.0"]);
    expect(svg).toContain(">loss 2<");
    expect(svg).toContain(">step 1<");
  });

  it("leaves gaps out, centres what does not vary and takes a single point", () => {
    const panel = (y: number[]) => [{ title: "loss", curves: [{ name: "a", y }] }];
    expect(points(curvesSketch(panel([NaN, 1, 1]), { title: "t" }))).toEqual(["125.0,65.0 250.0,65.0"]);
    expect(points(curvesSketch(panel([7]), { title: "t" }))).toEqual(["0.0,65.0"]);
    expect(curvesSketch([], { title: "nothing yet" })).toContain("nothing yet");
  });

  it("adds a faint line of what was measured when it smooths", () => {
    const panels = [{ title: "reward", curves: [{ name: "a", y: [0, 1] }] }];
    const lines = points(curvesSketch(panels, { title: "t", smoothing: 0.5 }));
    // the mean so far, without the bias of its start: (½·0·½ + ½·1) / (½·½ + ½) = 2/3 of the way up
    expect(lines).toEqual(["0.0,130.0 250.0,0.0", "0.0,130.0 250.0,43.3"]);
  });

  it("names every curve, in the colour that it has in all figures", () => {
    const curves = ["tapo", "dapo"].map((name) => ({ name, y: [0, 1] }));
    const svg = curvesSketch([{ title: "reward", curves }], { title: "t", colours: { tapo: "#D55E00" } });
    expect(svg).toContain('<tspan fill="#D55E00">━</tspan> tapo');
    expect(svg.match(/stroke="#D55E00"/g)?.length).toBe(1);
    expect(svg).toContain("</tspan> dapo");
  });

  it("keeps texts texts", () => {
    const svg = curvesSketch([{ title: "<b>", curves: [{ name: "a", y: [1] }] }], { title: "a & b" });
    expect(svg).not.toContain("<b>");
    expect(svg).toContain("a &#38; b");
  });
});
