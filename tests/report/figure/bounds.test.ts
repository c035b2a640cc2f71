import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { boundsOf } from "../../../src/report/figure/bounds";
import { textWidth, wrapText } from "../../../src/report/figure/textWidth";

const svg = (inner: string): Element =>
  new JSDOM(`<svg xmlns="http://www.w3.org/2000/svg">${inner}</svg>`).window.document.querySelector("svg")!
    .firstElementChild!;

describe("text metrics", () => {
  it("sums the advances of DejaVu Sans", () => {
    // H 752 + i 278 thousandths of 10 pixels
    expect(textWidth("Hi", 10)).toBeCloseTo(10.3, 10);
  });
  it("breaks lines no wider than asked, and keeps every word", () => {
    const text = "corvin swifttail, the most similar other class";
    const lines = wrapText(text, 120, 12);
    expect(lines.join(" ")).toBe(text);
    for (const line of lines) expect(textWidth(line, 12)).toBeLessThanOrEqual(120);
    expect(wrapText("Donaudampfschifffahrt", 10, 12)).toEqual(["Donaudampfschifffahrt"]);
    expect(wrapText(" ", 10, 12)).toEqual([]);
  });
});

describe("boundsOf", () => {
  it("anchors a text at its start, middle or end", () => {
    // "Hi" at 10 px is 10.3 wide, 9.3 above and 2.4 below the base line
    const box = (anchor: string) =>
      boundsOf(svg(`<text x="50" y="20" style="font-size: 10px" text-anchor="${anchor}">Hi</text>`));
    expect(box("start").left).toBeCloseTo(50, 10);
    expect(box("middle").left).toBeCloseTo(44.85, 10);
    expect(box("end").right).toBeCloseTo(50, 10);
    expect([box("end").top, box("end").bottom]).toEqual([expect.closeTo(10.7, 10), expect.closeTo(22.4, 10)]);
  });
  it("puts lines below each other", () => {
    const lines = `<tspan class="line" dy="0em" x="0" y="20">a</tspan><tspan class="line" dy="1.3em" x="0" y="20">b</tspan>`;
    const box = boundsOf(svg(`<text x="0" y="20" style="font-size: 10px">${lines}</text>`));
    expect(box.bottom - box.top).toBeCloseTo(13 + 9.3 + 2.4, 10);
  });
  it("turns and moves boxes, and unites those of a group", () => {
    const turned = boundsOf(
      svg(`<g transform="translate(100,50)"><rect x="0" y="0" width="30" height="10" transform="rotate(-90)"/></g>`),
    );
    expect(turned).toEqual({
      left: expect.closeTo(100, 10) as number,
      right: expect.closeTo(110, 10) as number,
      top: expect.closeTo(20, 10) as number,
      bottom: expect.closeTo(50, 10) as number,
    });
    const united = boundsOf(
      svg(`<g><rect x="1" y="2" width="3" height="4"/><path d="M0 0"/><rect x="10" y="0" width="1" height="1"/></g>`),
    );
    expect(united).toEqual({ left: 1, top: 0, right: 11, bottom: 6 });
  });
});
