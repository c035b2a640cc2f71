import sharp from "sharp";
import type { Colour, Pattern, Tail } from "./config";
import type { RgbImage } from "../core/image";
import { Random } from "../core/random";
import type { Appearance } from "./attributes";
import { FIGURES, type Figure } from "./figures";
import type { Clutter, Nuisance } from "./nuisance";

/** Everything a picture is made of. */
export interface RenderParams extends Appearance {
  readonly nuisance: Nuisance;
  readonly tailLengths: Readonly<Record<Tail, number>>;
  /** Side of the finished picture, in pixels. */
  readonly size: number;
}

/** Colours light enough for a black pattern, and far apart. */
const PALETTE: Readonly<Record<Colour, readonly [number, number, number]>> = {
  red: [226, 48, 44],
  orange: [245, 140, 30],
  yellow: [250, 214, 30],
  green: [58, 178, 74],
  blue: [56, 120, 240],
  purple: [164, 76, 206],
  pink: [250, 150, 196],
  white: [250, 250, 250],
};

/** The picture at twice its size, as SVG: background, clutter, figure, occluder. Pixel noise is added by `renderImage`. */
export function renderSvg(params: RenderParams): string {
  const { nuisance } = params;
  const side = 2 * params.size;
  const mirror = nuisance.flip ? -1 : 1;
  const [dx, dy] = nuisance.shift.map(round) as [number, number];
  const place = `translate(${50 + dx} ${50 + dy}) rotate(${round(nuisance.angle)}) scale(${round(mirror * nuisance.scale)} ${round(nuisance.scale)}) translate(-50 -50)`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="0 0 100 100">`,
    `<rect width="100" height="100" fill="${nuisance.background}"/>`,
    ...nuisance.clutter.map(clutterSvg),
    `<g transform="${place}">${figureSvg(params, FIGURES[params.domain])}</g>`,
    nuisance.occluder === null ? "" : occluderSvg(nuisance.occluder),
    "</svg>",
  ].join("");
}

function figureSvg(params: RenderParams, figure: Figure): string {
  const { attributes, nuisance } = params;
  const paint = (colour: Colour, part: number): string => {
    const jitter = nuisance.jitter[part] ?? [0, 0, 0];
    const channel = (i: 0 | 1 | 2): number => Math.round(Math.min(255, Math.max(0, PALETTE[colour][i] + jitter[i])));
    return `rgb(${channel(0)},${channel(1)},${channel(2)})`;
  };
  const part = (path: string, fill: string): string =>
    `<path d="${path}" fill="${fill}" stroke="#222" stroke-width="1.6" stroke-linejoin="round"/>`;
  return [
    tailSvg(figure, params.tailLengths[attributes.tail]),
    figure.behind,
    part(figure.body, paint(attributes.body, 1)),
    `<clipPath id="b"><path d="${figure.body}"/></clipPath>`,
    `<g clip-path="url(#b)" fill="#0c0c0c">${patternSvg(attributes.pattern, figure.box)}</g>`,
    part(figure.wing, paint(attributes.wing, 2)),
    part(figure.crown, paint(attributes.crown, 0)),
    figure.front,
  ].join("");
}

/** A dark bar with a pale tip, so that its end is seen on any ground. */
function tailSvg(figure: Figure, length: number): string {
  const [x, y] = figure.tailFrom;
  const [ux, uy] = figure.tailTo;
  const end = (at: number): string => `${round(x + ux * at)} ${round(y + uy * at)}`;
  const bar = (from: number, to: number, colour: string, width: number): string =>
    `<path d="M${end(from)}L${end(to)}" stroke="${colour}" stroke-width="${width}"/>`;
  return bar(-4, length, "#1d1d1d", 7.5) + bar(length - 3.6, length - 1, "#fff8e0", 5);
}

/** Black shapes over the body's box: thin upright stripes, dots, or two thick level bands. */
function patternSvg(pattern: Pattern, [x, y, width, height]: Figure["box"]): string {
  const rect = (rx: number, ry: number, w: number, h: number): string =>
    `<rect x="${round(rx)}" y="${round(ry)}" width="${round(w)}" height="${round(h)}"/>`;
  if (pattern === "striped") {
    const count = Math.round(width / 8);
    const step = width / count;
    return Array.from({ length: count }, (_, i) => rect(x + (i + 0.28) * step, y, step * 0.44, height)).join("");
  }
  if (pattern === "banded") {
    return rect(x, y + height * 0.16, width, height * 0.24) + rect(x, y + height * 0.62, width, height * 0.24);
  }
  if (pattern === "spotted") return spotsSvg(x, y, width, height);
  return "";
}

function spotsSvg(x: number, y: number, width: number, height: number): string {
  const rows = Math.max(2, Math.round(height / 9));
  const columns = Math.round(width / 9);
  const spots: string[] = [];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c <= columns; c++) {
      const cx = x + ((c + (r % 2 === 0 ? 0.25 : -0.25)) / columns) * width;
      spots.push(`<circle cx="${round(cx)}" cy="${round(y + ((r + 0.5) / rows) * height)}" r="2.9"/>`);
    }
  }
  return spots.join("");
}

function clutterSvg({ kind, x, y, size, angle, colour }: Clutter): string {
  if (kind === "blob") {
    return `<ellipse cx="${round(x)}" cy="${round(y)}" rx="${round(size)}" ry="${round(size * 0.7)}" fill="${colour}"/>`;
  }
  return `<path d="M${round(x)} ${round(y)}h${round(size)}" transform="rotate(${round(angle)} ${round(x)} ${round(y)})" stroke="${colour}" stroke-width="2.5"/>`;
}

function occluderSvg([x, y, radius]: readonly [number, number, number]): string {
  return `<circle cx="${round(x)}" cy="${round(y)}" r="${round(radius)}" fill="#8f938a" stroke="#6d7169" stroke-width="1.5"/>`;
}

/** Draws an SVG of 2·size pixels a side and takes the mean of each 2 × 2 block. @returns [size, size] RGB */
export async function rasterise(svg: string, size: number): Promise<RgbImage> {
  const raw = await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer();
  const row = 6 * size;
  const data = new Uint8Array(3 * size * size);
  for (let i = 0, y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const at = 2 * y * row + 6 * x;
      for (let c = 0; c < 3; c++) {
        const sum =
          pixel(raw, at + c) + pixel(raw, at + c + 3) + pixel(raw, at + c + row) + pixel(raw, at + c + row + 3);
        data[i++] = (sum + 2) >> 2;
      }
    }
  }
  return { width: size, height: size, data };
}

/** The finished picture: the SVG's pixels, then brightness and noise. A pure function of its parameters. */
export async function renderImage(params: RenderParams): Promise<RgbImage> {
  const image = await rasterise(renderSvg(params), params.size);
  addPixelNuisance(image.data, params.nuisance);
  return image;
}

/** Noise is the sum of two bytes of one draw, triangular: quick, and close enough to normal. */
function addPixelNuisance(data: Uint8Array, { brightness, noise, noiseSeed }: Nuisance): void {
  const random = new Random(noiseSeed);
  const factor = noise / 104.5; // the sum of two uniform bytes has a standard deviation of 256·√(2/12) = 104.5
  const clamp = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));
  for (let i = 0; i < data.length; i += 2) {
    const bits = random.uint32();
    data[i] = clamp(pixel(data, i) * brightness + factor * ((bits & 255) + ((bits >>> 8) & 255) - 255));
    if (i + 1 < data.length) {
      data[i + 1] = clamp(pixel(data, i + 1) * brightness + factor * (((bits >>> 16) & 255) + (bits >>> 24) - 255));
    }
  }
}

const pixel = (data: Uint8Array, index: number): number => data[index] ?? 0;
const round = (value: number): number => Math.round(value * 100) / 100;
