import * as fs from "node:fs";
import { LabError, messageOf } from "../../core/errors";
import { printable } from "../../core/printable";
import { Random, hashText } from "../../core/random";
import { boundsOf } from "./bounds";
import { isList, type FigureJson, type JsonObject, type PlotlyFigure } from "./figure";

/** plotly.js with scatter and bar traces only: a quarter of the whole library's size, and all that our figures use. */
export const PLOTLY_SCRIPT = require.resolve("plotly.js/dist/plotly-basic.min.js");

interface ImageOptions {
  readonly format: "svg";
  readonly imageDataOnly: true;
  readonly width: number;
  readonly height: number;
}

/** What we use of the simulated browser window. */
interface PlotlyWindow {
  readonly Math: { random: () => number };
  readonly SVGElement: { readonly prototype: object };
  readonly Element: { readonly prototype: object };
  readonly Plotly?: { toImage(figure: JsonObject, options: ImageOptions): Promise<string> };
  eval(script: string): unknown;
  close(): void;
}

/**
 * Draws a figure as an SVG document without a browser: plotly.js runs in jsdom, which has no layout, so text is measured
 * by font metrics. The same figure gives the same bytes, since the names plotly makes up are drawn from its content.
 */
export async function renderSvg(figure: PlotlyFigure): Promise<string> {
  const seed = hashText(JSON.stringify(figure));
  const window = await openWindow(seed);
  try {
    window.eval(fs.readFileSync(PLOTLY_SCRIPT, "utf8"));
    const { width, height } = figure.layout;
    const size = { width: typeof width === "number" ? width : 640, height: typeof height === "number" ? height : 420 };
    const spec = writable({ data: [...figure.data], layout: figure.layout });
    if (window.Plotly === undefined) throw new Error("plotly.js did not start");
    const svg = await window.Plotly.toImage(spec, { format: "svg", imageDataOnly: true, ...size });
    return tidy(svg, seed);
  } catch (error) {
    throw new LabError(`the figure cannot be drawn (${messageOf(error)})`, "Check its data and layout.", {
      cause: error,
    });
  } finally {
    window.close();
  }
}

/** The figure with control characters written out: a chart of somebody else's making may hold some, and XML cannot. */
function writable(figure: JsonObject): JsonObject {
  const clean = (value: FigureJson): FigureJson => {
    if (typeof value === "string") return printable(value);
    if (typeof value !== "object" || value === null) return value;
    return isList(value) ? value.map(clean) : writable(value);
  };
  return Object.fromEntries(Object.entries(figure).map(([key, value]) => [key, clean(value)]));
}

/** jsdom takes a quarter of a second to load, so it comes with the first drawing. */
async function openWindow(seed: number): Promise<PlotlyWindow> {
  const { JSDOM, VirtualConsole } = await import("jsdom");
  const dom = new JSDOM("<!doctype html><html><body></body></html>", {
    runScripts: "outside-only",
    pretendToBeVisual: true,
    virtualConsole: new VirtualConsole(), // keeps "not implemented: canvas" off the terminal
  });
  const window = dom.window as unknown as PlotlyWindow;
  const random = new Random(seed);
  window.Math.random = () => random.uniform();
  define(window.Element.prototype, "getBoundingClientRect", function (this: Element) {
    const { left, top, right, bottom } = boundsOf(this);
    return { x: left, y: top, left, top, right, bottom, width: right - left, height: bottom - top };
  });
  define(window.SVGElement.prototype, "getBBox", function (this: Element) {
    const { left, top, right, bottom } = boundsOf(this);
    return { x: left, y: top, width: right - left, height: bottom - top };
  });
  define(window.SVGElement.prototype, "getComputedTextLength", function (this: Element) {
    const { left, right } = boundsOf(this);
    return right - left;
  });
  return window;
}

function define(prototype: object, name: string, value: (this: Element) => unknown): void {
  Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
}

/**
 * Gives identifiers a prefix of their own, so that several figures can stand in one page, and drops the `dy` of a text
 * whose lines have their own: browsers let the line's win, other programs add the two.
 */
function tidy(svg: string, seed: number): string {
  const prefix = `f${seed.toString(36)}-`;
  return svg
    .replaceAll(/(<text[^>]*) dy="[^"]*"([^>]*><tspan class="line")/g, "$1$2")
    .replaceAll(/\bid="([^"]+)"/g, `id="${prefix}$1"`)
    .replaceAll(/url\((?:&quot;|['"])?#([^)'"&]+)(?:&quot;|['"])?\)/g, `url(#${prefix}$1)`);
}
