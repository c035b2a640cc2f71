import fc from "fast-check";
import { JSDOM } from "jsdom";
import { describe, expect, it } from "vitest";
import { printable } from "../../../src/core/printable";
import { html, signed, stacked } from "../../../src/report/display/view";

const body = (source: string) => new JSDOM(`<!doctype html><body>${source}</body>`).window.document.body;

describe("html", () => {
  it("lets no text become markup, in elements and in attributes (any text)", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[<>&"'/=a-z -]{0,30}$/));
    fc.assert(
      fc.property(text, (hostile) => {
        const made = body(html`<p title="${hostile}">${hostile}</p>`.source);
        expect(made.querySelectorAll("*")).toHaveLength(1);
        const [p] = made.children;
        expect(p!.getAttributeNames()).toEqual(["title"]);
        const shown = printable(hostile).replaceAll("\r", "\n");
        expect([p!.getAttribute("title"), p!.textContent]).toEqual([shown, shown]);
      }),
    );
  });

  it("keeps markup that it made, alone and in lists, and numbers", () => {
    const words = ["a", "<b>"].map((word) => html`<i>${word}</i>`);
    expect(html`<p>${words} ${html`<b>${1.5}</b>`}</p>`.source).toBe("<p><i>a</i><i>&#60;b&#62;</i> <b>1.5</b></p>");
  });
});

describe("stacked", () => {
  it("puts views one below the other in both forms", () => {
    const view = stacked(["a", "b"].map((text) => ({ html: html`<p>${text}</p>`, text: `${text}\n` })));
    expect([...body(view.html.source).children].map(({ tagName }) => tagName)).toEqual(["P", "HR", "P"]);
    expect(view.text).toBe("a\n\nb\n");
  });
});

describe("signed", () => {
  it("rounds, and gives zero no sign", () => {
    expect([1.26, -2.67, -0.04, 0].map((value) => signed(value, 1))).toEqual(["+1.3", "−2.7", "0.0", "0.0"]);
  });
});
