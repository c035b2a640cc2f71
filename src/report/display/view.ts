import type { RgbImage } from "../../core/image";
import { encodePng } from "../../data/rasters";
import { escapeHtml } from "../table/html";

/** Something drawn as HTML for a notebook's cell, with the same in plain text for readers that show no HTML. */
export interface HtmlView {
  readonly html: Markup;
  readonly text: string;
}

/** HTML that `html` made, and nothing else can: whatever text stands in it is escaped. */
class Markup {
  constructor(readonly source: string) {}
}
export type { Markup };

type Content = string | number | Markup | readonly Markup[];

/**
 * Markup from a template: texts are escaped, markup stands as it is. Write styles on the elements and take colours from the
 * page (`color:inherit`, translucent grounds): notebook viewers drop <style>, and pages are light or dark.
 */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(parts.map((part, i) => part + sourceOf(contents[i] ?? "")).join(""));
}

function sourceOf(content: Content): string {
  if (typeof content === "string") return escapeHtml(content);
  if (typeof content === "number") return String(content);
  return content instanceof Markup ? content.source : content.map(({ source }) => source).join("");
}

/** Data for a page's script, which finds it by the id and reads its text as JSON. No text in it can end the element. */
export function dataMarkup(id: string, data: unknown): Markup {
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  return new Markup(`<script type="application/json" id="${escapeHtml(id)}">${json}</script>`);
}

/** Views one below the other, as one. */
export function stacked(views: readonly HtmlView[]): HtmlView {
  const rule = html`<hr style="border:none;border-top:1px solid rgba(128,128,128,0.5);margin:12px 0" />`;
  const parts = views.flatMap((view, i) => (i === 0 ? [view.html] : [rule, view.html]));
  return { html: html`${parts}`, text: views.map(({ text }) => text).join("\n") };
}

/** A picture as the address of a page that holds its pixels (PNG). */
export async function pictureUrl(image: RgbImage): Promise<string> {
  return `data:image/png;base64,${(await encodePng(image)).toString("base64")}`;
}

/** The picture of an address, `width` pixels wide on the page; `alt` says what it shows. */
export function pictureMarkup(url: string, width: number, alt: string): Markup {
  const style = `width:${width}px;height:auto;border-radius:4px;display:block`;
  return html`<img src="${url}" alt="${alt}" width="${width}" style="${style}" />`;
}

/** A number with its sign and a true minus, such as "+1.3" and "−0.5"; 0 has none. */
export function signed(value: number, digits: number): string {
  const size = Math.abs(value).toFixed(digits);
  return Number(size) === 0 ? size : `${value > 0 ? "+" : "−"}${size}`;
}

/** Of small print. */
export const QUIET = "opacity:0.75;font-size:0.9em";

/** The mark of a thing that is right or wrong: a sign and a colour, either of which tells it. */
export function rightMark(right: boolean): Markup {
  const [sign, colour, word] = right ? ["✓", RIGHT, "right"] : ["✗", WRONG, "wrong"];
  return html`<b title="${word}" style="color:${colour}">${sign}</b>`;
}

/** Bluish green and vermilion of the palette of Okabe and Ito, which the colour-blind can tell apart; readable on light and dark. */
const RIGHT = "#009E73";
const WRONG = "#D55E00";
