import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCsv } from "../../src/core/csv";
import { fineR1, foldersOf, kindsIn, measuredIn, newHome, printed, recordIn, refusal, removeHome, reportIn, stagesIn, startFineR1, storeIn } from "./home"; // prettier-ignore

/** What runs make, share, show and verify: one home, one command after the other, as people give them. */
let home = "";
beforeAll(() => {
  home = newHome("runs");
});
afterAll(() => {
  removeHome(home);
});

const SMOKE = ["quickstart", "-p", "smoke"];
const run = (...args: string[]): string => printed(home, "run", ...SMOKE, ...args);
/** Stages in all, in the store, and to be made, as --dry-run counts them. */
const planned = (...args: string[]): number[] => {
  const text = run(...args, "--dry-run");
  return (/^(\d+) stages: (\d+) are in the store, (\d+) would be made/m.exec(text) ?? []).slice(1).map(Number);
};
const keys = (): Set<string> => new Set(stagesIn(home).map(({ key }) => key));

describe("the store", () => {
  it("starts with what a run of two seeds makes, and --dry-run had counted it", () => {
    // a seed: chains, CoT SFT, triplets, TAPO; two methods, each asked in two settings and compared by the encoder once
    const own = { cot: 1, sft: 1, triplets: 1, rl: 1, answers: 4, similarity: 2 };
    expect(planned("--only", "cot-sft,tapo", "--seeds", "1-2")).toEqual([20, 0, 20]);
    expect(kindsIn(home)).toEqual({});
    const text = run("--only", "cot-sft,tapo", "--seeds", "1-2");
    expect(kindsIn(home)).toEqual(Object.fromEntries(Object.entries(own).map(([kind, n]) => [kind, 2 * n])));
    expect(text).toMatch(
      /^TAPO − CoT SFT = .* points \[.*\] in text inclusion on unseen classes, open world \(2 seeds\)\.$/m,
    );
    expect(text).toContain("Quickstart over seeds: accuracy in %");
    expect(planned("--only", "cot-sft,tapo", "--seeds", "1-2")).toEqual([20, 20, 0]);
  });

  it("gives another run what seeds and methods share: only what is new is made", () => {
    // the base is asked the same for every seed: 3 stages; TAPO is 7 a seed, and seed 2 has its own
    expect(planned("--only", "base,tapo", "--seeds", "2-3")).toEqual([3 + 2 * 7, 7, 3 + 7]);
    const before = stagesIn(home);
    run("--only", "base,tapo", "--seeds", "2-3");
    // of seed 3: chains, CoT SFT (which is not asked), triplets, TAPO; of it and the base two settings and one comparison
    expect(kindsIn(home)).toEqual({ cot: 3, sft: 3, triplets: 3, rl: 3, answers: 12, similarity: 6 });
    expect(stagesIn(home).slice(0, before.length)).toEqual(before);
  });

  it("makes of a changed key what depends on it and nothing else, and the table says what was changed", () => {
    const before = keys();
    const set = ["--only", "tapo", "--set", "rl.n1=2", "--set", "rl.n2=2"];
    expect(planned(...set)).toEqual([7, 3, 4]);
    const text = run(...set);
    const made = stagesIn(home).filter(({ key }) => !before.has(key));
    expect(made.map(({ kind }) => kind)).toEqual(["rl", "answers", "answers", "similarity"]);
    expect(made[0]?.inputs).toMatchObject({ n1: 2, n2: 2, seed: 1 });
    expect(text).toContain("Quickstart: recognition, accuracy in % (n₁ = 2, n₂ = 2)");
    const report = fs.readdirSync(path.dirname(reportIn(home))).find((name) => name.startsWith("smoke-set-")) ?? "";
    expect(fs.readFileSync(path.join(home, "runs", "quickstart", report, "table.md"), "utf8")).toContain("n₁ = 2");
  });

  it("is made anew by --fresh, for the run that asks for it, to the same numbers", () => {
    const [before, numbers] = [stagesIn(home), measuredIn(reportIn(home))];
    run("--only", "cot-sft", "--fresh");
    const again = stagesIn(home).filter(({ key, startedAt }) => !before.some((b) => b.key === key && b.startedAt === startedAt)); // prettier-ignore
    expect(again.map(({ kind }) => kind).sort()).toEqual(["answers", "answers", "cot", "sft", "similarity"]);
    expect(keys()).toEqual(new Set(before.map(({ key }) => key)));
    expect(new Set(measuredIn(reportIn(home)))).toEqual(new Set(numbers));
  });
});

describe("what was made", () => {
  it("stands in a list, is shown, and is compared with the record", () => {
    expect(refusal(home, ["show", ...SMOKE])).toMatch(/results\/quickstart\/smoke: holds no tables\. .*--mine/);
    const mine = printed(home, "show", ...SMOKE, "--mine");
    expect(mine).toMatch(/\nCoT SFT .*\nCoT SFT \+ TAPO /);
    expect(mine).toContain("Quickstart over seeds");
    const words = "npx fine-r1 run quickstart --only cot-sft -p smoke --seeds 2 --record"; // without it, seed 2 would be no record
    expect(run("--only", "cot-sft", "--record")).toContain(`Another seed: ${words}\n`);
    expect(printed(home, "list", "-p", "smoke")).toMatch(/quickstart .* 1 methods?, 1 seed +3 methods, 3 seeds\n/);
    const recorded = printed(home, "show", ...SMOKE);
    expect(recorded).toMatch(/\nCoT SFT /);
    expect(recorded).not.toContain("TAPO");
    const beside = printed(home, "compare", "mine:quickstart", "record:quickstart", "-p", "smoke");
    expect(beside).toMatch(/identical to the last digit \(cot-sft\)\. Both were made on /i);
    expect(run("--only", "cot-sft,tapo")).toMatch(/Against results\/: identical to the last digit \(CoT SFT\)\./);
    expect(refusal(home, ["compare", home, "record:quickstart"])).toMatch(/holds no measurements\. Give a folder/);
  });

  it("shows the figures of every training step, for TensorBoard and as CSV", () => {
    const [folder, csv] = [path.join(home, "events"), path.join(home, "figures.csv")];
    const text = printed(
      home,
      "metrics",
      ...SMOKE,
      "--seeds",
      "1-2",
      "--only",
      "cot-sft,tapo",
      "--tensorboard",
      folder,
      "--csv",
      csv,
    );
    expect(text).toMatch(/seed-1-cot-sft .*learningRate/);
    const runs = ["seed-1-cot-sft", "seed-1-tapo", "seed-2-cot-sft", "seed-2-tapo"];
    expect(fs.readdirSync(folder).sort()).toEqual(runs);
    const [head, ...rows] = parseCsv(fs.readFileSync(csv, "utf8"), csv);
    expect(head?.slice(0, 2)).toEqual(["run", "step"]);
    const trained = foldersOf(home, "sft")
      .concat(foldersOf(home, "rl"))
      .filter((each) => fs.existsSync(path.join(each, "stage.json")));
    const lines = (each: string): string[] =>
      fs.readFileSync(path.join(each, "metrics.jsonl"), "utf8").trim().split("\n");
    // a row for each step of these four, and in the store's folder for each step of all
    expect(new Set(rows.map(([run]) => run))).toEqual(new Set(runs));
    printed(home, "metrics", storeIn(home), "--csv", csv);
    const all = parseCsv(fs.readFileSync(csv, "utf8"), csv).slice(1);
    expect(all).toHaveLength(trained.flatMap(lines).length);
    const place = (parseCsv(fs.readFileSync(csv, "utf8"), csv)[0] ?? []).indexOf("learningRate");
    const [first = ""] = trained;
    const own = lines(first).map((line) => (JSON.parse(line) as { learningRate: number }).learningRate);
    expect(all.filter(([run]) => run === path.basename(first)).map((row) => Number(row[place]))).toEqual(own);
    expect(refusal(home, ["metrics", "quickstrat"])).toMatch(
      /is neither an experiment nor a folder.*Did you mean "quickstart"/,
    );
    expect(refusal(home, ["metrics", path.join(home, "results")])).toMatch(/holds no metrics\.jsonl/);
  });

  it("is exported in the hub's layout, with a card that says how it was made and what was measured", () => {
    const [out, again] = [path.join(home, "fine-r1-smoke"), path.join(home, "by-folder")];
    const several = refusal(home, ["export", ...SMOKE, "-o", out]);
    expect(several).toMatch(/quickstart: needs --method\. Give --method, one of cot-sft, tapo/);
    expect(refusal(home, ["export", ...SMOKE, "--method", "cot-sf", "-o", out])).toMatch(/Did you mean "cot-sft"/);
    expect(refusal(home, ["export", ...SMOKE, "--method", "tapo"])).toMatch(/Say where the model goes: --out FOLDER/);
    printed(home, "export", ...SMOKE, "--method", "tapo", "-o", out);
    const files = ["README.md", "chat_template.jinja", "config.json", "generation_config.json", "model.safetensors", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"]; // prettier-ignore
    expect(fs.readdirSync(out).sort()).toEqual(files);
    const card = fs.readFileSync(path.join(out, "README.md"), "utf8");
    expect(card).toMatch(/^---\nlicense: other # fill in/);
    // in the order in which they were made, each with what it worked on
    expect(card).toMatch(
      /\| Chains of thought.*\n\| Supervised.*examples: cot [0-9a-f]{10}.*\n\| Triplets.*\n\| Reinforcement.*from: sft [0-9a-f]{10}/,
    );
    expect(card).toMatch(/\| open \| accuracy \| [01]\.\d+ \[.*\] \| [01]\.\d+ \[/);
    for (const folder of [home, process.cwd()]) expect(card).not.toContain(folder);
    expect(refusal(home, ["export", ...SMOKE, "--method", "tapo", "-o", out])).toMatch(/is not empty/);
    const [rl] = foldersOf(home, "rl");
    printed(home, "export", rl ?? "", "-o", again);
    const byFolder = fs.readFileSync(path.join(again, "README.md"), "utf8");
    expect(byFolder).toContain("Nothing is recorded of this checkpoint.");
    // both ask the question that TAPO trained on
    const question = /^question = .*$/mu;
    expect(question.exec(byFolder)?.[0]).toBe(question.exec(card)?.[0]);
  });

  it("is as it was left, says verify; else it names each file that is not", () => {
    const reports = fs.readdirSync(path.join(home, "runs", "quickstart")).length;
    const all = stagesIn(home).length + reports + 1; // and the record
    expect(refusal(home, ["verify", path.join(home, "nowhere")])).toMatch(/nowhere: is no folder/);
    expect(printed(home, "verify")).toBe(`${all} stages and records checked: all are as they were written.\n`);
    const copy = path.join(home, "copy");
    fs.cpSync(recordIn(home), copy, { recursive: true });
    expect(printed(home, "verify", copy)).toMatch(/^1 stages and records checked: all/);
    fs.appendFileSync(path.join(copy, "measurements.json"), " ");
    expect(fineR1(home, ["verify", copy]).stderr).toMatch(
      /1 of the files of 1 stages and records are not what was written/,
    );
    expect(refusal(home, ["verify", foldersOf(home, "answers")[0] ?? ""])).toMatch(
      /holds neither stages nor the record/,
    );
    const given = stagesIn(home).filter(({ inputs }) => JSON.stringify(inputs).includes('"given":"checkpoint"')); // of the base: every run asks it
    const asked = foldersOf(home, "answers").filter((folder) =>
      given.some(({ key }) => folder.endsWith(key.slice(0, 10))),
    );
    const [flipped, shortened] = asked.map((folder) => path.join(folder, "answers.jsonl"));
    const table = path.join(recordIn(home), "table.csv");
    const changes: readonly (readonly [string | undefined, (bytes: Buffer) => Buffer, RegExp])[] = [
      [flipped, (bytes) => Buffer.from(bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 1 : byte))), /answers\.jsonl: has changed since its stage was finished/], // prettier-ignore
      [shortened, (bytes) => bytes.subarray(bytes.indexOf("\n") + 1), /answers\.jsonl: has \d+ bytes, and had \d+/],
      [table, (bytes) => Buffer.concat([bytes, Buffer.from("\n")]), /table\.csv: has changed since it was written/],
    ];
    const originals = changes.map(([file = "none", change]) => {
      const bytes = fs.readFileSync(file);
      fs.writeFileSync(file, change(bytes));
      return [file, bytes] as const;
    });
    const { status, stdout, stderr } = fineR1(home, ["verify"]);
    expect(status).toBe(1);
    expect(stderr).toContain(`3 of the files of ${all} stages and records are not what was written.`);
    expect(stdout.trimEnd().split("\n")).toHaveLength(3);
    for (const [file = "none", , said] of changes) {
      expect(stdout).toMatch(said);
      expect(stdout).toContain(path.basename(path.dirname(file)));
    }
    // nor is it taken by a run: it is hashed again, since its time has changed
    expect(fineR1(home, ["run", ...SMOKE, "--all"]).stderr).toMatch(/answers\.jsonl: has .*Remove .*--fresh/);
    for (const [file, bytes] of originals) fs.writeFileSync(file, bytes);
    expect(printed(home, "verify")).toMatch(/all are as they were written/);
  });
});

it("two processes with workers that start at once on an empty store make every stage once, and end with the same table", async () => {
  const shared = newHome("two");
  try {
    const both = [1, 2].map(() => startFineR1(shared, ["run", ...SMOKE, "--workers", "2"]));
    const ends = await Promise.all(both.map(({ end }) => end));
    expect(ends.map(({ how, errors }) => (how === "exit 0" ? how : errors))).toEqual(["exit 0", "exit 0"]);
    const [first, second] = ends.map(({ out }) => out);
    expect(first).toBe(second);
    // whoever computes a stage reports its progress: a line at its end, of one process only
    const lines = ends.flatMap(({ errors }) => errors.split("\n"));
    const work = ["Writing chains of thought", "cot-sft", "cot-sft, closed, thinking", "cot-sft, open, thinking", "tapo", "tapo, closed, thinking", "tapo, open, thinking"]; // prettier-ignore
    for (const label of work) {
      expect(
        lines.filter((line) => line.startsWith(`${label}: `) && / in \d+:\d\d/.test(line)),
        label,
      ).toHaveLength(1);
    }
    expect(kindsIn(shared)).toEqual({ cot: 1, sft: 1, triplets: 1, rl: 1, answers: 4, similarity: 2 });
    expect(fs.readdirSync(path.join(shared, "runs", "store", "leases"))).toEqual([]);
  } finally {
    removeHome(shared);
  }
});
