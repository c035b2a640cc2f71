import type { RgbImage } from "../../core/image";
import { pictureUrl } from "../display/view";
import { escapeHtml } from "../table/html";
import type { DrawnFigure } from "./figure";
import { wrapText } from "./textWidth";
import { FONT, INK, SIZE } from "./style";

export interface CaptionedImage {
  readonly image: RgbImage;
  /** A bold line above the picture, such as "anchor". */
  readonly heading?: string;
  /** Text below it, broken to its width. */
  readonly caption?: string;
}

export interface StripOptions {
  readonly title: string;
  /** Width of a picture in pixels; default 168. */
  readonly size?: number;
  /** Pictures in a row; default: all of them, at most six. */
  readonly columns?: number;
}

const GAP = 16;
const LINE = 16;

/** Pictures side by side with captions, such as a triplet (anchor, positive, negative), as one SVG that holds its pixels. */
export async function imageStrip(pictures: readonly CaptionedImage[], options: StripOptions): Promise<DrawnFigure> {
  const size = options.size ?? 168;
  const columns = Math.max(1, options.columns ?? Math.min(6, pictures.length));
  const width = GAP + Math.max(2, Math.min(columns, pictures.length)) * (size + GAP);
  const title = wrapText(options.title, width - 2 * GAP, SIZE.title);
  const body: string[] = lines(title, GAP, 26, { size: SIZE.title, leading: 21 });
  let y = 14 + 21 * title.length;
  for (let start = 0; start < pictures.length; start += columns) {
    const row = pictures.slice(start, start + columns);
    const headings = Math.max(0, ...row.map(({ heading }) => wrapHeading(heading, size).length)); // pictures of a row stand on one line
    const drawn = await Promise.all(
      row.map((picture, index) => drawPicture(picture, { x: GAP + index * (size + GAP), y, size, headings })),
    );
    body.push(...drawn.map((part) => part.svg));
    y += Math.max(...drawn.map((part) => part.height)) + GAP;
  }
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${y}" viewBox="0 0 ${width} ${y}" font-family="${escapeHtml(FONT)}" fill="${INK}">`,
    `<rect width="${width}" height="${y}" fill="#ffffff"/>`,
    ...body,
    "</svg>",
  ].join("\n");
  return { title: options.title, svg };
}

interface Place {
  readonly x: number;
  readonly y: number;
  /** Width of the picture. */
  readonly size: number;
  /** Lines that headings take in its row. */
  readonly headings: number;
}

async function drawPicture(
  { image, heading, caption }: CaptionedImage,
  { x, y, size, headings }: Place,
): Promise<{ svg: string; height: number }> {
  const height = Math.round((size * image.height) / image.width);
  const top = headings === 0 ? 4 : 6 + LINE * headings;
  const url = await pictureUrl(image);
  const below = wrapText(caption ?? "", size, SIZE.small);
  const parts = [
    ...lines(wrapHeading(heading, size), x, y + 14, { size: SIZE.text, leading: LINE, bold: true }),
    `<image x="${x}" y="${y + top}" width="${size}" height="${height}" xlink:href="${url}"/>`,
    ...lines(below, x, y + top + height + LINE, { size: SIZE.small, leading: LINE }),
  ];
  return { svg: parts.join("\n"), height: top + height + LINE * below.length + (below.length > 0 ? 6 : 0) };
}

function wrapHeading(heading: string | undefined, size: number): string[] {
  return heading === undefined ? [] : wrapText(heading, size, SIZE.text, true);
}

function lines(
  texts: readonly string[],
  x: number,
  y: number,
  look: { size: number; leading: number; bold?: boolean },
): string[] {
  const weight = look.bold === true ? ` font-weight="bold"` : "";
  return texts.map(
    (text, index) =>
      `<text x="${x}" y="${y + index * look.leading}" font-size="${look.size}"${weight}>${escapeHtml(text)}</text>`,
  );
}
