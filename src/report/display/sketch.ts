import { smooth, type Panel } from "../figure/curves";
import { wrapText } from "../figure/textWidth";
import { type Colours, coloursOf, FONT, GRID, INK, SIZE } from "../figure/style";
import { escapeHtml } from "../table/html";
import { formatFigures } from "./pace";

export interface SketchOptions {
  readonly title: string;
  /** Weight of the past in the thick line, as in `trainingCurves`. */
  readonly smoothing?: number;
  /** Colours of curves by name, as in `trainingCurves`. */
  readonly colours?: Colours;
}

const PLOT = { width: 250, height: 130 };
const EDGE = { x: 16, top: 66, between: 24, bottom: 34 };

/**
 * Curves as a small SVG drawing, made in well under a millisecond, for a display that is replaced while training runs.
 * JupyterLab's plotly view draws its first figure only and takes no notice of later ones.
 */
export function curvesSketch(panels: readonly Panel[], options: SketchOptions): string {
  const { title, smoothing = 0 } = options;
  const names = [...new Set(panels.flatMap(({ curves }) => curves.map(({ name }) => name)))];
  const colours = coloursOf(names, options.colours);
  const columns = Math.min(3, Math.max(1, panels.length));
  const rows = Math.ceil(panels.length / columns);
  const width = EDGE.x + columns * (PLOT.width + EDGE.between);
  const height = EDGE.top + rows * (PLOT.height + EDGE.bottom);
  const body = panels.map((panel, index) => {
    const x = EDGE.x + (index % columns) * (PLOT.width + EDGE.between);
    const y = EDGE.top + Math.floor(index / columns) * (PLOT.height + EDGE.bottom);
    return `<g transform="translate(${x},${y})">${drawPanel(panel, smoothing, colours)}</g>`;
  });
  const legend = [...colours]
    .map(([name, hex]) => `<tspan fill="${hex}">━</tspan> ${escapeHtml(name)}`)
    .join(" &#160; ");
  const head = wrapText(title, width - 2 * EDGE.x, SIZE.title)[0] ?? "";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escapeHtml(FONT)}" fill="${INK}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${EDGE.x}" y="24" font-size="${SIZE.title}">${escapeHtml(head)}</text>`,
    `<text x="${EDGE.x}" y="44" font-size="${SIZE.small}">${legend}</text>`,
    ...body,
    "</svg>",
  ].join("\n");
}

/** One quantity: its curves between the least and the greatest value, and the latest value in words. */
function drawPanel({ title, curves }: Panel, smoothing: number, colours: ReadonlyMap<string, string>): string {
  const values = curves.flatMap(({ y }) => y.filter((value) => Number.isFinite(value)));
  const steps = curves.flatMap(({ x, y }) => x ?? y.map((_, i) => i + 1));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [first, last] = [Math.min(...steps), Math.max(...steps)];
  const placeX = (step: number): number => (last > first ? ((step - first) / (last - first)) * PLOT.width : 0);
  const placeY = (value: number): number =>
    PLOT.height - (high > low ? (value - low) / (high - low) : 0.5) * PLOT.height;
  const line = (x: readonly number[], y: readonly number[], look: string): string => {
    const points = y.flatMap((value, i) =>
      Number.isFinite(value) ? [`${placeX(x[i] ?? i + 1).toFixed(1)},${placeY(value).toFixed(1)}`] : [],
    );
    return `<polyline points="${points.join(" ")}" fill="none" ${look}/>`;
  };
  const drawn = curves.flatMap(({ name, x, y }) => {
    const hex = colours.get(name) ?? INK;
    const at = x ?? y.map((_, i) => i + 1);
    const thick = line(at, smoothing > 0 ? smooth(y, smoothing) : y, `stroke="${hex}" stroke-width="2"`);
    return smoothing > 0 ? [line(at, y, `stroke="${hex}" stroke-opacity="0.35"`), thick] : [thick];
  });
  const latest = curves
    .at(-1)
    ?.y.filter((value) => Number.isFinite(value))
    .at(-1);
  const caption = latest === undefined ? title : formatFigures({ [title]: latest });
  return [
    `<rect width="${PLOT.width}" height="${PLOT.height}" fill="none" stroke="${GRID}"/>`,
    ...drawn,
    `<text y="-5" font-size="${SIZE.small}">${escapeHtml(caption)}</text>`,
    `<text y="${PLOT.height + 14}" font-size="${SIZE.small}">step ${first}</text>`,
    `<text x="${PLOT.width}" y="${PLOT.height + 14}" text-anchor="end" font-size="${SIZE.small}">${last}</text>`,
  ].join("");
}
