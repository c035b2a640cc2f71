import { printableLine } from "../../core/printable";
import { isList, type FigureJson, type JsonObject } from "./figure";
import { wrapText } from "./textWidth";

/** Colours that people with any colour vision tell apart (Okabe & Ito, 2008), on white. */
export const PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#4D4D4D"] as const;
/** From light to dark in one hue, for heat maps (ColorBrewer Blues). */
export const SEQUENTIAL = ["#f7fbff", "#c6dbef", "#6baed6", "#2171b5", "#08306b"] as const;
/** Symbols beside colours, so that groups differ in print without colour. */
export const SYMBOLS = ["circle", "diamond", "square", "triangle-up", "cross", "x", "star"] as const;

export const FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif";
export const INK = "#222222";
export const GRID = "#e3e3e3";
export const SIZE = { title: 16, text: 13, small: 12 } as const;

/** The n-th colour, round and round. */
export function colour(index: number): string {
  return PALETTE[index % PALETTE.length] ?? INK;
}

/** Colours of names that keep theirs in every figure, such as methods. */
export type Colours = Readonly<Record<string, string>>;

/** A colour for each name: its own where `fixed` has one, else the next of the palette that no other of the names owns. */
export function coloursOf(names: readonly string[], fixed: Colours = {}): ReadonlyMap<string, string> {
  const owned = new Map(names.flatMap((name) => (Object.hasOwn(fixed, name) ? [[name, fixed[name] ?? INK]] : [])));
  const taken = new Set(owned.values());
  const free = PALETTE.filter((hex) => !taken.has(hex));
  const others = names.filter((name) => !owned.has(name));
  return new Map([...owned, ...others.map((name, at) => [name, free[at % free.length] ?? colour(at)] as const)]);
}

/** A "#rrggbb" colour with an opacity. */
export function faint(hex: string, opacity: number): string {
  const part = (at: number): number => parseInt(hex.slice(at, at + 2), 16);
  return `rgba(${part(1)},${part(3)},${part(5)},${opacity})`;
}

/** A "#rrggbb" colour mixed with white: `share` of 1 is the colour itself. */
export function tint(hex: string, share: number): string {
  const part = (at: number): string => {
    const value = Math.round(255 + share * (parseInt(hex.slice(at, at + 2), 16) - 255));
    return value.toString(16).padStart(2, "0");
  };
  return `#${part(1)}${part(3)}${part(5)}`.toUpperCase();
}

/** Text that plotly shows as it is, not as its markup; control characters are written out. */
export function plain(text: string): string {
  return printableLine(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

export interface Frame {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  /** Small lines under the title, such as what a mark means. */
  readonly notes?: readonly string[];
  readonly legendTitle?: string;
}

/** The layout every chart shares: fonts, white ground, title over the plot, legend at its right. */
export function frame({ title, width, height, notes = [], legendTitle }: Frame): JsonObject {
  const lines = wrapText(title, width - 40, SIZE.title).map(plain);
  const small = notes.flatMap((text) => wrapText(text, width - 40, SIZE.small));
  const shown = [...lines, ...small.map((line) => `<span style="font-size:${SIZE.small}px">${plain(line)}</span>`)];
  return {
    width,
    height,
    title: {
      text: shown.join("<br>"),
      x: 0,
      xref: "container",
      xanchor: "left",
      y: 1,
      yref: "container",
      yanchor: "top",
      // plotly puts the base line of a broken title where it puts the top of a single line
      pad: { l: 16, t: shown.length > 1 ? 25 : 14 },
      font: { size: SIZE.title, color: INK },
    },
    font: { family: FONT, size: SIZE.text, color: INK },
    paper_bgcolor: "#ffffff",
    plot_bgcolor: "#ffffff",
    colorway: [...PALETTE],
    margin: { l: 64, r: 24, t: 30 + 21 * shown.length, b: 56, pad: 0 },
    legend: {
      x: 1.02,
      xanchor: "left",
      y: 1,
      yanchor: "top",
      bgcolor: "rgba(255,255,255,0)",
      tracegroupgap: 0,
      ...(legendTitle === undefined ? {} : { title: { text: plain(legendTitle), font: { size: SIZE.small } } }),
      font: { size: SIZE.small },
    },
    hoverlabel: { font: { family: FONT, size: SIZE.small }, namelength: -1 },
  };
}

/** An axis with a title in lines no longer than `room` pixels, light grid lines and room made for its labels. */
export function axis(title: string, more: JsonObject = {}, room = Infinity): JsonObject {
  return {
    title: { text: wrapText(title, room, SIZE.text).map(plain).join("<br>"), font: { size: SIZE.text }, standoff: 10 },
    automargin: true,
    gridcolor: GRID,
    zeroline: false,
    linecolor: "#8a8a8a",
    showline: true,
    ticks: "outside",
    ticklen: 4,
    tickcolor: "#8a8a8a",
    tickfont: { size: SIZE.small },
    ...more,
  };
}

/** A logarithmic axis with a tick at each power of ten, written out. */
export const LOG_AXIS = { type: "log", dtick: 1, exponentformat: "none" } as const;

/** What `frame` wrote above a chart, as texts: its title, and the small lines under it together. @returns lines how many they take */
export function titleIn(layout: JsonObject): {
  readonly title: string;
  readonly notes: string;
  readonly lines: number;
} {
  const lines = textOf(layout["title"]).split("<br>");
  const texts = (small: boolean): string =>
    lines.filter((line) => line.startsWith("<span") === small).map(plainText).join(" ").trim(); // prettier-ignore
  return { title: texts(false), notes: texts(true), lines: lines.length };
}

export function groupOf(value: FigureJson | undefined): JsonObject {
  return typeof value === "object" && value !== null && !isList(value) ? value : {};
}

/** A text that plotly shows, given as it is or in a group. */
export function textOf(value: FigureJson | undefined): string {
  const text = typeof value === "string" ? value : groupOf(value)["text"];
  return typeof text === "string" ? text : "";
}

/** Plotly's markup as text. */
export function plainText(text: string): string {
  return text
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replaceAll(/\s+/g, " ")
    .trim();
}
