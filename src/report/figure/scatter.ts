import type { PlotlyFigure } from "./figure";
import { SYMBOLS, axis, colour, frame, plain } from "./style";

export interface PointGroup {
  readonly name: string;
  /** One [first, second] component pair per point. */
  readonly points: readonly (readonly [number, number])[];
  /** What hovering over a point tells, one text per point. */
  readonly labels?: readonly string[];
}

export interface PcaScatterOptions {
  readonly title: string;
  /** Shares of the variance that the two components explain, in [0, 1]. */
  readonly explained: readonly [number, number];
  /** Which two components these are, from 1 on; default: the first two. */
  readonly components?: readonly [number, number];
  readonly notes?: readonly string[];
  readonly width?: number;
  readonly height?: number;
}

/** Points in the plane of two principal components, a colour and a symbol a group (Fig. 4: correct and incorrect). */
export function pcaScatter(groups: readonly PointGroup[], options: PcaScatterOptions): PlotlyFigure {
  const { title, explained, components = [1, 2], notes = [], width = 640, height = 480 } = options;
  const data = groups.map((group, index) => ({
    type: "scatter",
    mode: "markers",
    name: plain(`${group.name} (n = ${group.points.length})`),
    x: group.points.map(([x]) => x),
    y: group.points.map(([, y]) => y),
    marker: {
      size: 7,
      opacity: 0.75,
      color: colour(index),
      symbol: SYMBOLS[index % SYMBOLS.length] ?? "circle",
      line: { width: 0.5, color: "#ffffff" },
    },
    ...(group.labels === undefined ? {} : { text: group.labels.map(plain), hoverinfo: "text+name" }),
  }));
  const label = (axisOf: 0 | 1): string =>
    `PC ${components[axisOf]} (${(explained[axisOf] * 100).toFixed(1)} % of the variance)`;
  return {
    data,
    layout: {
      ...frame({ title, width, height, notes }),
      showlegend: true,
      xaxis: axis(label(0)),
      yaxis: axis(label(1)),
    },
  };
}
