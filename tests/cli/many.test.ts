import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fineR1, kindsIn, linesOf, newHome, printed, refusal, removeHome, stagesIn, startFineR1 } from "./home";

/** Several experiments as one run: `fine-r1 run A B`, and `fine-r1 run --all`. */
let home = "";
beforeAll(() => {
  home = newHome("many");
});
afterAll(() => {
  removeHome(home);
});

const BOTH = ["run", "closed-world", "open-world", "-p", "smoke", "--seeds", "1"];
const reportOf = (id: string): string => path.join(home, "runs", id, "smoke", "run.json");

it.each([
  [["run"], /no experiment is named\. Name one, or give --all for every one/],
  [["run", "closed-world", "open-wolrd"], /no experiment "open-wolrd"\. Did you mean "open-world"\?/],
  [["run", "closed-world", "open-world", "--only", "base"], /--only names methods of one experiment/],
  [
    ["run", "closed-world", "-p", "smoke", "--set", "models.larjer=x"],
    /models\.larjer \(did you mean models\.larger\?\)/,
  ],
  [
    ["run", "cross-model", "-p", "smoke", "--set", "models.qwen2=null"],
    /cross-model: has no row in the profile smoke.*names none \(models\.qwen2\)/,
  ],
  [
    ["run", "closed-world", "-p", "smoke", "--set", "models.larger=none/large/base"],
    /none\/large\/base: the checkpoint is not there.*`npx fine-r1 base build --config large --world smoke --out none\/large`/,
  ],
  [
    ["run", "--all", "-p", "smoke", "--set", "base=none/smoke/base", "--set", "models.larger=none/large/base"],
    /the checkpoints are not there.*--out none\/smoke && npx fine-r1 base build --config large/,
  ],
])("%j is refused before anything runs", (args, message) => {
  expect(refusal(home, args)).toMatch(message);
  expect(fs.existsSync(path.join(home, "runs"))).toBe(false);
});

it("all of them: a dry run says how many stages there are, and which rows a profile goes without", () => {
  const text = printed(home, "run", "--all", "-p", "smoke", "--dry-run");
  expect(text).toMatch(/^\d+ experiments: \d+ stages are to be made, how long is not known yet$/m);
  expect(text).toMatch(/^closed-world +smoke +3 +\d+ +0 +\d+ +unknown$/m);
  const twice = printed(home, "run", "closed-world", "closed-world", "-p", "smoke", "--dry-run");
  expect(twice).toMatch(/^1 experiments?: \d+ stages are to be made/m);
  expect(text).toMatch(
    /^closed-world, open-world.*: Left out: the rows of a larger base; the profile smoke names none/m,
  );
  expect(fs.existsSync(path.join(home, "runs"))).toBe(false);
});

it("needs an engine that trains where something is trained, as one experiment does", () => {
  const own = newHome("many-wasm");
  const run = (only: string) =>
    fineR1(own, ["run", "inference", "--profiles", "smoke", "--seeds", "1", "--only", only], {
      FINE_R1_BACKEND: "wasm",
    });
  try {
    expect(run("tapo")).toMatchObject({ status: 1, stderr: expect.stringContaining("training needs the native") as string }); // prettier-ignore
    expect(run("siglip")).toMatchObject({ status: 0 });
  } finally {
    removeHome(own);
  }
}, 120_000);

it("a run that was killed goes on, makes each stage once and publishes each experiment", async () => {
  const run = startFineR1(home, BOTH);
  while (linesOf(home, "rl", "metrics.jsonl") < 4) {
    if (run.child.exitCode !== null) throw new Error(`the run ended before TAPO:\n${(await run.end).errors}`);
    await new Promise((go) => setTimeout(go, 3));
  }
  run.child.kill("SIGKILL");
  expect((await run.end).how).toBe("SIGKILL");
  expect(fs.existsSync(reportOf("closed-world"))).toBe(false);
  const before = stagesIn(home);
  expect(before.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["cot", "sft", "triplets"]));

  const left = /: (\d+) stages are to be made/.exec(printed(home, ...BOTH, "--dry-run"))?.[1];
  const { how, out } = await startFineR1(home, BOTH).end;
  expect(how).toBe("exit 0");
  const after = stagesIn(home);
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after.length - before.length).toBe(Number(left));
  // two encoders are asked in the closed world; both bases and Fine-R1 in either, and compared in the open one
  expect(kindsIn(home)).toEqual({ cot: 1, sft: 1, triplets: 1, rl: 1, answers: 2 + 3 * 2, similarity: 3 });
  for (const [id, title] of [
    ["closed-world", "Closed world"],
    ["open-world", "Open world"],
  ] as const) {
    // prettier-ignore
    expect(fs.existsSync(reportOf(id))).toBe(true);
    expect(out).toMatch(new RegExp(`^${title}, smoke: .*runs/${id}/smoke$`, "m"));
    expect(printed(home, "show", id, "--mine", "-p", "smoke")).toContain("Fine-R1 (CoT SFT + TAPO)");
  }
  const text = printed(home, ...BOTH, "--dry-run");
  expect(text).toMatch(/^2 experiments: 0 stages are to be made$/m);
}, 300_000);
