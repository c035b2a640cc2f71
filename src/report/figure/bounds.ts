import { ASCENT, DESCENT, textWidth } from "./textWidth";

/** A box in pixels; plotly asks for boxes to place legends, titles and tick labels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

const EMPTY: Box = { left: 0, top: 0, right: 0, bottom: 0 };
const CONTAINERS = new Set(["g", "svg", "a"]);
const DEFAULT_SIZE = 12;

/**
 * The box of an SVG element, as a browser's layout would give it to a few per cent: texts by font metrics, rectangles by
 * their attributes, groups by their children, with translations and rotations. Other shapes count as empty.
 */
export function boundsOf(element: Element): Box {
  const box = withoutTransform(element);
  const transform = element.getAttribute("transform");
  return transform === null || isEmpty(box) ? box : transformed(box, transform);
}

function withoutTransform(element: Element): Box {
  const tag = element.tagName.toLowerCase();
  if (tag === "text") return textBox(element);
  if (tag === "rect") {
    const [x, y] = [numberOf(element, "x"), numberOf(element, "y")];
    return { left: x, top: y, right: x + numberOf(element, "width"), bottom: y + numberOf(element, "height") };
  }
  return CONTAINERS.has(tag) ? union([...element.children].map(boundsOf)) : EMPTY;
}

/** A text is its own line, or one line a `tspan.line`, each pushed down by its `dy` in units of the font size. */
function textBox(text: Element): Box {
  const lines = [...text.querySelectorAll("tspan.line")];
  const spans = lines.length > 0 ? lines : [text];
  return union(
    spans.map((line) => {
      const content = line.textContent;
      if (!content) return EMPTY;
      const size = fontSize(line.firstElementChild ?? line);
      const width = textWidth(content, size, /bold|[6-9]00/.test(inherited(line, "font-weight") ?? ""));
      const anchor = inherited(line, "text-anchor");
      const x = numberOf(line, "x") || numberOf(text, "x");
      const y = (numberOf(line, "y") || numberOf(text, "y")) + shift(line, fontSize(text));
      const left = anchor === "middle" ? x - width / 2 : anchor === "end" ? x - width : x;
      return { left, top: y - ASCENT * size, right: left + width, bottom: y + DESCENT * size };
    }),
  );
}

function shift(line: Element, size: number): number {
  const dy = line.getAttribute("dy") ?? "0";
  return parseFloat(dy) * (dy.endsWith("em") ? size : 1) || 0;
}

function fontSize(element: Element): number {
  return parseFloat(inherited(element, "font-size") ?? "") || DEFAULT_SIZE;
}

/** A property from the nearest element that sets it, as attribute or in its style. */
function inherited(element: Element, property: string): string | undefined {
  for (let at: Element | null = element; at !== null; at = at.parentElement) {
    const inStyle = new RegExp(`(?:^|;)\\s*${property}:\\s*([^;]+)`).exec(at.getAttribute("style") ?? "")?.[1];
    const value = inStyle ?? at.getAttribute(property);
    if (value !== null) return value;
  }
  return undefined;
}

function transformed(box: Box, transform: string): Box {
  let corners: [number, number][] = [
    [box.left, box.top],
    [box.right, box.top],
    [box.left, box.bottom],
    [box.right, box.bottom],
  ];
  const steps = [...transform.matchAll(/(translate|rotate|scale)\(([^)]*)\)/g)].reverse();
  for (const [, name, list = ""] of steps) {
    const [a = 0, b, c = 0] = list.split(/[\s,]+/).map(Number);
    corners = corners.map(([x, y]) => {
      if (name === "translate") return [x + a, y + (b ?? 0)];
      if (name === "scale") return [x * a, y * (b ?? a)];
      return rotated(x, y, (a * Math.PI) / 180, b ?? 0, c);
    });
  }
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

function rotated(x: number, y: number, angle: number, centreX: number, centreY: number): [number, number] {
  const [dx, dy, cos, sin] = [x - centreX, y - centreY, Math.cos(angle), Math.sin(angle)];
  return [centreX + dx * cos - dy * sin, centreY + dx * sin + dy * cos];
}

function union(boxes: readonly Box[]): Box {
  const full = boxes.filter((box) => !isEmpty(box));
  if (full.length === 0) return EMPTY;
  return {
    left: Math.min(...full.map((box) => box.left)),
    top: Math.min(...full.map((box) => box.top)),
    right: Math.max(...full.map((box) => box.right)),
    bottom: Math.max(...full.map((box) => box.bottom)),
  };
}

function isEmpty(box: Box): boolean {
  return box.left === box.right && box.top === box.bottom;
}

function numberOf(element: Element, attribute: string): number {
  return parseFloat(element.getAttribute(attribute) ?? "") || 0;
}
