import sharp from "sharp";
import { silent } from "../../../src/core/progress";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Bundle, DisplayWriter, NotebookKernel } from "../../../src/report/display/kernel";
import { htmlProgress, progressHtml, throttle } from "../../../src/report/display/live";
import { notebook } from "../../../src/report/display/notebook";
import { html } from "../../../src/report/display/view";
import { together } from "../../../src/report/display/together";
import { samplePca, sampleTable, stripes } from "../gallery";

interface Message {
  readonly data: Bundle;
  readonly id: string;
  readonly update: boolean;
}

/** A kernel that records its messages; with `bundles` it has tslab's private writer. */
function fakeKernel(bundles: boolean) {
  const messages: Message[] = [];
  let displays = 0;
  const open = () => {
    const id = `d${displays++}`;
    return {
      raw: (mime: string, body: string) => {
        messages.push({ data: { [mime]: body }, id, update: messages.some((message) => message.id === id) });
      },
    };
  };
  const kernel: NotebookKernel = { display: open(), newDisplay: open };
  const write: DisplayWriter = (message, update) => {
    messages.push({ data: message.data, id: message.transient.display_id, update });
  };
  return { messages, lab: notebook(kernel, () => (bundles ? write : undefined)) };
}

describe("notebook", () => {
  it("shows a figure once, in all its forms", async () => {
    const { lab, messages } = fakeKernel(true);
    await lab.show(samplePca());
    expect(messages.length).toBe(1);
    expect(Object.keys(messages[0]!.data)).toEqual(["application/vnd.plotly.v1+json", "image/svg+xml", "text/plain"]);
    expect(messages[0]!.data["image/svg+xml"]).toMatch(/^<svg/);
  });

  it("shows pictures as a drawing, and as a JPEG for readers that do not trust drawings", async () => {
    const { lab, messages } = fakeKernel(true);
    await lab.showImages([{ image: stripes(8, 8, 1), caption: "one" }], { title: "strip" });
    expect(messages.map((message) => Object.keys(message.data))).toEqual([
      ["image/svg+xml", "image/jpeg", "text/plain"],
    ]);
    const jpeg = Buffer.from(messages[0]!.data["image/jpeg"] as string, "base64");
    const { width, height } = await sharp(jpeg).metadata();
    const size = /width="(\d+)" height="(\d+)"/.exec(messages[0]!.data["image/svg+xml"] as string);
    expect([width, height]).toEqual([Number(size?.[1]), Number(size?.[2])]);
  });

  it("shows a view as HTML, and as text to readers that show none", async () => {
    const { lab, messages } = fakeKernel(true);
    await lab.show({ html: html`<p>${"<seen>"}</p>`, text: "<seen>" });
    expect(messages[0]!.data).toEqual({ "text/html": "<p>&#60;seen&#62;</p>", "text/plain": "<seen>" });
  });

  it("falls back to one form that every page shows", async () => {
    const { lab, messages } = fakeKernel(false);
    await lab.show(samplePca());
    await lab.show(sampleTable());
    await lab.showImages([{ image: stripes(8, 8, 1), caption: "one" }], { title: "strip" });
    expect(messages.map((message) => Object.keys(message.data))).toEqual([
      ["image/svg+xml"],
      ["text/html"],
      ["image/svg+xml"],
    ]);
  });
});

describe("live displays", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("updates one display of bars at most four times a second, and ends on the final state", () => {
    const { lab, messages } = fakeKernel(true);
    const task = lab.liveProgress().start("sft <labels>", 1000);
    // 1000 steps in 2 s: the first message, then one each 250 ms
    for (let step = 1; step <= 1000; step++) {
      vi.advanceTimersByTime(2);
      task.update(step, { loss: 1 });
    }
    expect(messages.length).toBeLessThanOrEqual(9);
    vi.advanceTimersByTime(30);
    task.finish();
    const html = messages.at(-1)!.data["text/html"];
    expect(html).toContain("1000/1000 · in 0:02");
    expect(html).toContain("sft &#60;labels&#62;");
    expect(new Set(messages.map((message) => message.id)).size).toBe(1);
    expect(messages.map((message) => message.update)).toEqual(messages.map((_, index) => index > 0));
  });

  it("stays far below the kernel's 512 messages when a thousand tasks finish in one turn", () => {
    const { lab, messages } = fakeKernel(true);
    const progress = lab.liveProgress();
    for (let index = 0; index < 1000; index++) progress.start(`task ${index}`, 1).finish();
    expect(messages.length).toBeLessThanOrEqual(2);
    vi.advanceTimersByTime(1000);
    expect(messages.at(-1)!.data["text/html"]).toContain("988 earlier tasks finished"); // the latest 12 are kept
  });

  it("grows curves in place and settles on a form that lasts", async () => {
    const { lab, messages } = fakeKernel(true);
    const curves = lab.liveCurves({ title: "TAPO", only: ["reward", "loss"] });
    const task = curves.start("TAPO", 20);
    for (let step = 1; step <= 20; step++) {
      vi.advanceTimersByTime(200);
      task.update(step, { loss: 1 / step, reward: step / 20, lr: 1 });
    }
    task.finish();
    vi.useRealTimers();
    await curves.settle();
    // 4 s at one drawing a second, the end, and the settled form
    expect(messages.length).toBeGreaterThanOrEqual(4);
    expect(messages.length).toBeLessThanOrEqual(7);
    // drawings while it grows, since JupyterLab's plotly view takes no notice of a second figure in the same place
    for (const { data } of messages.slice(0, -1)) expect(Object.keys(data)).toEqual(["image/svg+xml"]);
    expect(messages.at(-2)!.data["image/svg+xml"]).toContain("reward 1");
    expect(Object.keys(messages.at(-1)!.data)).toContain("application/vnd.plotly.v1+json");
    expect(messages.at(-1)!.data["image/svg+xml"]).toContain("TAPO");
    const { data, layout } = curves.figure();
    expect(data.map((trace) => trace["yaxis"])).toEqual(["y", "y2"]);
    expect(layout).toMatchObject({ yaxis: { title: { text: "reward" } }, yaxis2: { title: { text: "loss" } } });
    expect(data[1]!["y"]).toEqual(Array.from({ length: 20 }, (_, index) => 1 / (index + 1)));
    const sent = messages.length;
    task.update(21, { loss: 9 });
    task.finish();
    expect(messages.length, "settled for good").toBe(sent);
  });
});

describe("throttle", () => {
  it("makes up for the last call in between", () => {
    vi.useFakeTimers();
    let runs = 0;
    const display = throttle(() => runs++, 250);
    for (let call = 0; call < 5; call++) display.call();
    expect(runs).toBe(1);
    vi.advanceTimersByTime(250);
    expect(runs).toBe(2);
    vi.advanceTimersByTime(1000);
    expect(runs).toBe(2);
    vi.useRealTimers();
  });
});

describe("a resumed task", () => {
  it("shows the steps before the stop in its curves", () => {
    const { lab, messages } = fakeKernel(true);
    const curves = lab.liveCurves({ title: "SFT" });
    const before = [1, 2, 3].map((done) => ({ done, figures: { loss: 10 - done } }));
    const task = together(silent, curves).start("cot-sft", 5, before);
    expect(messages.length, "the history shows at once").toBe(1);
    task.update(4, { loss: 6 });
    const { data } = curves.figure();
    expect([data[0]!["x"], data[0]!["y"]]).toEqual([
      [1, 2, 3, 4],
      [9, 8, 7, 6],
    ]);
  });
});

describe("progressHtml", () => {
  it.each([
    [4, "4/4 · in 0:01", true],
    [3, "3/4 · stopped after 0:01", false],
  ])("is green only when all steps are done: %d of 4", (done, text, green) => {
    let [html, now] = ["", 0];
    const task = htmlProgress(
      (shown) => (html = shown),
      () => now,
    ).start("sft", 4);
    task.update(done);
    now += 1000;
    task.finish();
    expect(html).toContain(text);
    expect(html.includes("#009E73")).toBe(green);
  });
  it("shows shares as widths and knows an empty task", () => {
    let html = "";
    let now = 0;
    const progress = htmlProgress(
      (text) => (html = text),
      () => (now += 1000),
    );
    progress.start("half", 4).update(2);
    expect(html).toContain("width:50.0%");
    expect(progressHtml([])).not.toContain("earlier");
  });
});
