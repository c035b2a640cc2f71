import { JSDOM } from "jsdom";
import { beforeAll, describe, expect, it } from "vitest";
import type { AnswerBook, BrowsedQuestion } from "../../../src/report/browse/book";
import { answerPage } from "../../../src/report/browse/page";
import type { MarkedAnswer } from "../../../src/report/markedAnswer";

const HOSTILE = `</script><script>window.hit=1</script><img src=x onerror="window.hit=1">'"&<!--`;
const PIXEL = "data:image/webp;base64,UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA";

const answer = (right: boolean, more: Partial<MarkedAnswer> = {}): MarkedAnswer => ({
  answer: right ? "the truth" : "another",
  right,
  verdict: right ? "right answer" : "wrong answer",
  firstWrong: null,
  lines: null,
  output: null,
  ...more,
});
const question = (id: string, more: Partial<BrowsedQuestion>): BrowsedQuestion => ({
  id,
  setting: "open",
  domain: "bird",
  split: "seen",
  question: "which?",
  truth: "the truth",
  options: null,
  picture: 0,
  answers: { before: answer(false), after: answer(true) },
  ...more,
});
const counted = answer(true, {
  verdict: "right answer, wrong count",
  firstWrong: "count",
  lines: [
    [
      { kind: "recall", text: "the truth: red", wrong: null },
      { kind: "count", text: "fits 3", wrong: "5 values match" },
    ],
  ],
});

const book: AnswerBook = {
  title: `quickstart/${HOSTILE}`,
  datasetName: HOSTILE,
  models: [
    { key: "before", title: "CoT SFT" },
    { key: "after", title: `CoT SFT + TAPO ${HOSTILE}` },
    { key: "direct", title: "Base" },
  ],
  domains: ["bird", "car", HOSTILE],
  outcomes: ["right", "malformed", "recall", "count", HOSTILE],
  questions: [
    question("mended", { answers: { before: answer(false), after: counted, direct: answer(false) } }),
    question("spoiled", { domain: "car", answers: { before: answer(true), after: answer(false) } }),
    question("both right", { split: "unseen", answers: { before: answer(true), after: answer(true) } }),
    question("both wrong", {
      domain: "car",
      split: "unseen",
      truth: HOSTILE,
      answers: {
        before: answer(false),
        after: answer(false, { answer: HOSTILE, firstWrong: "malformed", output: HOSTILE }),
      },
    }),
    question("closed", { setting: "closed", options: ["the truth", HOSTILE] }),
  ],
  pictures: [PIXEL],
  allPictures: 7,
  leftOut: [`DAPO: not asked ${HOSTILE}`],
};

let html: string;
beforeAll(() => {
  html = answerPage(book);
});

/** Opens the page with its script at work. */
function open(hash = "") {
  const { window } = new JSDOM(html, { runScripts: "dangerously", url: `file:///answers.html${hash}` });
  const { document } = window;
  const shown = (): string[] =>
    [...document.querySelectorAll("article header p:first-of-type")].map((facts) =>
      facts.innerHTML.split(" · ").at(-1)!,
    );
  const choose = (name: string, value: string): string[] => {
    const select = document.querySelector<HTMLSelectElement>(`select[name=${name}]`)!;
    select.value = value;
    expect(select.value, `${name} offers ${value}`).toBe(value);
    select.dispatchEvent(new window.Event("change", { bubbles: true }));
    return shown();
  };
  const press = (key: string): void => {
    const target = document.activeElement ?? document.body;
    target.dispatchEvent(new window.KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  };
  return { window, document, shown, choose, press, count: () => document.getElementById("count")!.textContent };
}

describe("the page of answers", () => {
  it("shows the open questions to the last model that reasons, and how often it is right, seen and unseen apart", () => {
    const { shown, count, choose } = open();
    expect(shown()).toEqual(["mended", "spoiled", "both right", "both wrong"]);
    const tapo = `CoT SFT + TAPO ${HOSTILE} is right in`;
    expect(count()).toBe(`4 of 4 questions. ${tapo} 1 of 2 seen (50.0 %) and 1 of 2 unseen (50.0 %).`);
    choose("split", "unseen");
    expect(count()).toBe(`2 of 4 questions. ${tapo} 1 of 2 unseen (50.0 %).`);
    choose("before", "before");
    choose("result", "wrong");
    expect(count()).toBe(`1 of 4 questions. CoT SFT is right in 0 of 1 unseen (0.0 %). ${tapo} 0 of 1 unseen (0.0 %).`);
    choose("domain", "bird");
    expect(count()).toBe("0 of 4 questions.");
  });

  it("filters by kind of question, domain, split, right or wrong, and first wrong step", () => {
    const all = open();
    expect(all.choose("setting", "closed")).toEqual(["closed"]);
    all.choose("setting", "open");
    expect(all.choose("domain", "car")).toEqual(["spoiled", "both wrong"]);
    expect(all.choose("split", "unseen")).toEqual(["both wrong"]);
    expect(all.choose("domain", "")).toEqual(["both right", "both wrong"]);
    expect(all.choose("result", "right")).toEqual(["both right"]);
    const steps = open();
    expect(steps.choose("step", "count")).toEqual(["mended"]);
    expect(steps.choose("step", "malformed")).toEqual(["both wrong"]);
    expect(steps.choose("step", "recall")).toEqual([]);
    expect(steps.document.getElementById("answers")!.textContent).toBe("No question fits these filters.");
  });

  it("sets two models side by side and filters by what changed between them", () => {
    const { document, choose } = open();
    const change = document.querySelector<HTMLSelectElement>("select[name=change]")!;
    expect(change.disabled).toBe(true);
    expect(choose("before", "before")).toHaveLength(4);
    expect(change.disabled).toBe(false);
    for (const [value, id] of [
      ["mended", "mended"],
      ["spoiled", "spoiled"],
      ["both-right", "both right"],
      ["both-wrong", "both wrong"],
    ] as const) {
      expect(choose("change", value)).toEqual([id]);
    }
    const titles = [...document.querySelectorAll("article h3")].map((title) => title.textContent);
    expect(titles).toEqual(["CoT SFT", `CoT SFT + TAPO ${HOSTILE}`]);
    choose("change", "");
    expect(choose("model", "direct")).toEqual(["mended"]); // the others were not asked of it
  });

  it("marks each step of a chain, and says of a wrong one what would be right", () => {
    const { document, choose } = open();
    choose("step", "count");
    const [line] = document.querySelectorAll(".chain li");
    expect(line!.textContent).toBe("recall✓the truth: red✗fits 3 – 5 values match");
    expect([...line!.querySelectorAll("[role=img]")].map((mark) => mark.getAttribute("aria-label"))).toEqual([
      "right",
      "wrong",
    ]);
    expect(document.querySelector(".answer .quiet")!.textContent).toBe("right answer, wrong count");
  });

  it("keeps the view in its address, and takes it from there", () => {
    const first = open();
    first.choose("before", "before");
    first.choose("split", "unseen");
    const { hash } = first.window.location;
    expect(hash).toBe("#setting=open&model=after&before=before&split=unseen");
    expect(open(hash).shown()).toEqual(["both right", "both wrong"]);
    expect(open("#domain=boat&split=%").shown()).toHaveLength(4); // what it does not know is passed over
  });

  it("can be read by keyboard", () => {
    const { document, press } = open();
    const articles = [...document.querySelectorAll("article")];
    press("j");
    expect(document.activeElement).toBe(articles[0]);
    press("j");
    press("j");
    press("k");
    expect(document.activeElement).toBe(articles[1]);
    press("f");
    expect(document.activeElement).toBe(document.querySelector("select"));
    press("j"); // typed in a list of choices it is the browser's
    expect(document.activeElement).toBe(document.querySelector("select"));
    for (const select of document.querySelectorAll("select")) expect(select.labels).toHaveLength(1);
    for (const picture of document.querySelectorAll("img")) expect(picture.alt).toContain("picture of the class");
  });

  it("lets no text from data become a part of the page", () => {
    const { window, document, choose } = open();
    choose("before", "before");
    expect(document.body.textContent).toContain(HOSTILE);
    expect(Reflect.get(window, "hit")).toBeUndefined();
    expect(document.querySelectorAll("script")).toHaveLength(2);
    for (const picture of document.querySelectorAll("img")) expect(picture.src).toBe(PIXEL);
    expect(document.querySelector("pre")!.textContent).toBe(HOSTILE);
  });

  it("needs nothing but itself, and says so to the browser", () => {
    const { document } = open();
    const policy = document.querySelector("meta[http-equiv]")!.getAttribute("content")!;
    expect(policy).toMatch(/^default-src 'none';.*script-src 'sha256-[^' ]+'$/);
    expect(document.querySelectorAll("link, iframe, [href], [src]:not(img)")).toHaveLength(0);
    expect(html).not.toMatch(/https?:\/\//);
  });

  it("has no filter for steps where chains cannot be judged, and says nothing of what is left out where nothing is", () => {
    const page = new JSDOM(answerPage({ ...book, outcomes: [], leftOut: [] })).window.document;
    expect(page.querySelector("select[name=step]")).toBeNull();
    expect(page.querySelector("details")).toBeNull();
    expect(page.body.textContent).not.toContain("A chain's steps");
  });

  it("says which answers and how many pictures are left out", () => {
    const { document } = open();
    expect(document.querySelector("summary")!.textContent).toBe("Left out: 1");
    expect(document.querySelector("details li")!.textContent).toBe(`DAPO: not asked ${HOSTILE}`);
    expect(html).toContain("1 of 7 test pictures of ");
    expect(html).toContain("6 are left out (fine-r1 browse --limit 7 shows all)");
  });
});
