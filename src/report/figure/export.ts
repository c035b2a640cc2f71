import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { requireSlug } from "../../config/slug";
import { parserOf } from "../../config/stored";
import { parseJson, writeFileAtomic } from "../../core/files";
import { rasterizeSvg } from "../../data/rasters";
import { escapeHtml } from "../table/html";
import { type Figure, type PlotlyFigure, isDrawn } from "./figure";
import { PLOTLY_SCRIPT, renderSvg } from "./render";
import { titleIn } from "./style";

export const SHARED_SCRIPT = "plotly.min.js";
/** How the line of a page that holds its chart begins. */
const CHART = "const figure = ";

/** The figure as an SVG document. */
export function figureSvg(figure: Figure): Promise<string> {
  return isDrawn(figure) ? Promise.resolve(figure.svg) : renderSvg(figure);
}

/**
 * Writes `name.svg`, `name.png` and `name.html` into a folder, each file whole or not at all; returns their paths. The page
 * opens offline: charts are interactive through one `plotly.min.js` that the folder's pages share, and without it (a page
 * sent alone) the page still shows the drawing.
 */
export async function exportFigure(figure: Figure, folder: string, name: string): Promise<string[]> {
  requireSlug(name, "a figure");
  const svg = await figureSvg(figure);
  const files: [string, string | Buffer][] = [
    ["svg", svg],
    ["png", await rasterizeSvg(svg)],
    ["html", isDrawn(figure) ? page(figure.title, svg, "") : chartPage(figure, svg)],
  ];
  if (!isDrawn(figure)) shareScript(folder);
  return files.map(([extension, content]) => {
    const file = path.join(folder, `${name}.${extension}`);
    writeFileAtomic(file, content);
    return file;
  });
}

const json = z.record(z.string(), z.json());
const parseChart: (value: unknown) => PlotlyFigure = parserOf(z.object({ data: z.array(json), layout: json }));

/** The chart of a page that `exportFigure` wrote; `undefined` of any other page. @throws where the chart is broken */
export function chartIn(page: string): PlotlyFigure | undefined {
  const chart = new RegExp(`^${CHART}(.*);$`, "m").exec(page)?.[1];
  return chart === undefined ? undefined : parseChart(parseJson(chart));
}

function shareScript(folder: string): void {
  const target = path.join(folder, SHARED_SCRIPT);
  const script = fs.readFileSync(PLOTLY_SCRIPT);
  if (!fs.existsSync(target) || fs.statSync(target).size !== script.length) writeFileAtomic(target, script);
}

function chartPage(figure: PlotlyFigure, svg: string): string {
  // "<" inside the script would let a text end it.
  const json = JSON.stringify({ data: figure.data, layout: figure.layout }).replaceAll("<", "\\u003c");
  const script = [
    `<script src="${SHARED_SCRIPT}"></script>`,
    "<script>",
    `${CHART}${json};`,
    `if (window.Plotly) {`,
    `  const place = document.getElementById("figure");`,
    `  place.replaceChildren();`,
    `  Plotly.newPlot(place, figure.data, figure.layout, { displaylogo: false, responsive: true });`,
    `}`,
    "</script>",
  ];
  return page(titleIn(figure.layout).title || "figure", svg, script.join("\n"));
}

function page(title: string, svg: string, script: string): string {
  return [
    "<!doctype html>",
    '<html lang="en">',
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escapeHtml(title)}</title>`,
    "<style>body{margin:0;padding:16px;background:#fff}svg{max-width:100%;height:auto}</style></head>",
    `<body><div id="figure">${svg}</div>`,
    `${script}</body></html>`,
    "",
  ].join("\n");
}

/** The title of a page that this program wrote; "" where it has none. */
export function pageTitle(page: string): string {
  const title = /<title>([^<]*)<\/title>/u.exec(page)?.[1] ?? "";
  return title.replaceAll(/&#(\d+);/gu, (_, code: string) => String.fromCodePoint(Number(code)));
}
