import { describe, expect, it } from "vitest";
import { z } from "zod";
import { startSide, takeTurns, withSides, type SideProgram } from "../../bench/lib/side";

/** A side in a few lines of JavaScript: says `ready`, then answers each command by `answer`. */
const program = (name: string, answer: string, environment: Record<string, string> = {}): SideProgram => ({
  name,
  command: process.execPath,
  args: [
    "-e",
    `console.log(JSON.stringify({ ready: process.env.NAME ?? "", parameters: 0, probe: [] }));
     require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
       const { command } = JSON.parse(line);
       if (command === "stop") process.exit(0);
       ${answer}
     });`,
  ],
  environment,
});
const counting = "console.log(JSON.stringify({ n: (globalThis.n = (globalThis.n ?? 0) + 1) }));";
const answer = z.object({ n: z.number() });
const step = { command: "step" } as const;

describe("startSide", () => {
  it("hands over the environment, answers in order and ends on stop", async () => {
    const side = await startSide(program("counting", counting, { NAME: "peer" }));
    expect(side.ready.ready).toBe("peer");
    expect(await side.ask(step, answer)).toEqual({ n: 1 });
    expect(await side.ask(step, answer)).toEqual({ n: 2 });
    if (process.platform === "linux") expect(side.memory()?.processes).toBe(1);
    await side.stop();
  });

  it("shows what a side that died had written to stderr", async () => {
    const side = await startSide(program("dying", "console.error('out of paper'); process.exit(3);"));
    await expect(side.ask(step, answer)).rejects.toThrow(/"dying" ended early[^]*out of paper/);
    await side.stop();
  });

  it("says which key of an answer is wrong, and reports a program that does not exist", async () => {
    const side = await startSide(program("vague", "console.log('{}');"));
    await expect(side.ask(step, answer)).rejects.toThrow(/n/);
    await side.stop();
    await expect(startSide({ name: "missing", command: "/no/such/program", args: [] })).rejects.toThrow(
      /"missing" ended early/,
    );
  });
});

describe("takeTurns", () => {
  it("asks all sides in every round and throws the first rounds away", async () => {
    const asked: string[] = [];
    const answers = await withSides([program("a", counting), program("b", counting)], (sides) =>
      takeTurns(sides, { rounds: 2, warmUp: 1 }, async (side, round) => {
        asked.push(`${side.name}${round}`);
        return (await side.ask(step, answer)).n;
      }),
    );
    expect(asked).toEqual(["a0", "b0", "a1", "b1", "a2", "b2"]);
    expect(answers).toEqual([
      [2, 3],
      [2, 3],
    ]);
  });
});
