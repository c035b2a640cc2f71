import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Random } from "../../src/core/random";
import { foldersOf, kindsIn, linesOf, measuredIn, newHome, removeHome, reportIn, stagesIn, startFineR1, withoutSeconds, type Started } from "../cli/home"; // prettier-ignore

/**
 * `kill -9` in the middle of CoT SFT, of TAPO and of its answers, then the same command: it goes on and ends with the
 * numbers of a run that nobody disturbed. The command is the one that users give; the kills are real.
 */
const COMMAND = ["run", "quickstart", "--profile", "smoke"];
let scratch = "";
let undisturbed = "";

beforeAll(async () => {
  scratch = newHome("resume");
  undisturbed = path.join(scratch, "undisturbed");
  expect(await startFineR1(undisturbed, COMMAND).end).toMatchObject({ how: "exit 0" });
}, 180_000);

afterAll(() => {
  removeHome(scratch);
});

describe("a quickstart that is killed", () => {
  // The lines that the stages of a kind must have written before the kill: beyond a checkpoint (SFT keeps one every 10 of
  // its 15 steps, TAPO every 3 of its 10), or some of TAPO's answers: two files of CoT SFT's are whole by then, a head and
  // 16 answers each, and answers come 4 at a time.
  const random = new Random("moments of the kills");
  const moments: readonly [kind: string, file: string, lines: number][] = [
    ["sft", "metrics.jsonl", 11 + random.integer(3)],
    ["rl", "metrics.jsonl", 4 + random.integer(5)],
    ["answers", "answers.jsonl", 2 * 17 + 2 + random.integer(9)],
  ];

  it("goes on where it was and ends with the same numbers", async () => {
    const disturbed = path.join(scratch, "disturbed");
    for (const [kind, file, lines] of moments) {
      const run = startFineR1(disturbed, COMMAND);
      await killAfter(run, disturbed, kind, file, lines);
      expect((await run.end).how, `killed in ${kind}`).toBe("SIGKILL");
      const folder = foldersOf(disturbed, kind).find((each) => !fs.existsSync(path.join(each, "stage.json")));
      expect(folder, `${kind} was not yet done`).toBeDefined();
      if (kind !== "answers") {
        const kept = fs.readdirSync(folder ?? "").filter((name) => /^checkpoint-\d+$/.test(name));
        expect(kept, `${kind} has something to go on from`).not.toEqual([]);
      }
    }
    expect(await startFineR1(disturbed, COMMAND).end).toMatchObject({ how: "exit 0" });

    expect(kindsIn(disturbed)).toEqual({ cot: 1, sft: 1, triplets: 1, rl: 1, answers: 4, similarity: 2 });
    expect(measuredIn(reportIn(disturbed))).toEqual(measuredIn(reportIn(undisturbed)));
    expect(left(disturbed)).toEqual(left(undisturbed));
  }, 180_000);

  it("does nothing again when it is run once more", async () => {
    const finished = stagesIn(undisturbed);
    expect((await startFineR1(undisturbed, COMMAND).end).how).toBe("exit 0");
    expect(stagesIn(undisturbed)).toEqual(finished);
  }, 60_000);
});

/** Kills the run as soon as the files of a kind hold so many lines. @throws when the run ends before */
async function killAfter(run: Started, home: string, kind: string, file: string, lines: number): Promise<void> {
  while (linesOf(home, kind, file) < lines) {
    if (run.child.exitCode !== null) throw new Error(`the run ended before ${kind}:\n${(await run.end).errors}`);
    await new Promise((go) => setTimeout(go, 3));
  }
  run.child.kill("SIGKILL");
}

/** What each stage left, by kind and key: hashes of its files; of a training's figures all but the times. */
function left(home: string): unknown[] {
  const stages = stagesIn(home).map(({ kind, key, result, outputs, folder }) => {
    const files = outputs.map(({ path: file, sha256 }) => {
      if (file !== "metrics.jsonl") return [file, sha256];
      return [file, withoutSeconds(fs.readFileSync(path.join(folder, file), "utf8"))];
    });
    return [kind, key, withoutSeconds(JSON.stringify(result)), files];
  });
  return stages.sort(([, a], [, b]) => (String(a) < String(b) ? -1 : 1));
}
