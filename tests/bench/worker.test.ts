import { describe, expect, it } from "vitest";
import { startWorker } from "../../bench/lib/worker";

/** A worker in a few lines of JavaScript: says `ready`, then answers each command by `answer`. */
const script = (answer: string): string =>
  `console.log(JSON.stringify({ ready: process.env.NAME }));
   require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
     const { command } = JSON.parse(line);
     if (command === "stop") process.exit(0);
     ${answer}
   });`;

describe("startWorker", () => {
  it("hands over the environment, answers in order and ends on stop", async () => {
    const code = script("console.log(JSON.stringify({ total: (globalThis.n = (globalThis.n ?? 0) + 1) }));");
    const worker = await startWorker("counting", process.execPath, ["-e", code], { NAME: "peer" });
    expect(worker.ready.ready).toBe("peer");
    expect((await worker.step()).total).toBe(1);
    expect((await worker.step()).total).toBe(2);
    await worker.stop();
  });

  it("shows what a worker that died had written to stderr", async () => {
    const code = script("console.error('out of paper'); process.exit(3);");
    const worker = await startWorker("dying", process.execPath, ["-e", code], {});
    await expect(worker.step()).rejects.toThrow(/dying worker ended early[^]*out of paper/);
    await worker.stop();
  });

  it("reports a program that does not exist", async () => {
    await expect(startWorker("missing", "/no/such/program", [], {})).rejects.toThrow(/missing worker ended early/);
  });
});
