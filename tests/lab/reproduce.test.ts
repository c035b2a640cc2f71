import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { closedWorld } from "../../src/experiments/closedWorld";
import { ROOT } from "../../src/config/load";
import { silent } from "../../src/core/progress";
import { defineExperiment, type Recipe } from "../../src/lab/experiment";
import { findingsOf } from "../../src/lab/findings";
import { labOf, type Lab } from "../../src/lab/lab";
import { parameters, readSeeds } from "../../src/lab/parameters";
import { keptFolder } from "../../src/lab/kept";
import type { RunRecord } from "../../src/lab/provenance";
import { beginRun, layOutAnew, papersOf, publish } from "../../src/lab/publish";
import { sft } from "../../src/lab/recipe";
import { chooseRows, figuresHere, viewsHere } from "../../src/lab/reproduce";
import { row } from "../../src/lab/rows";
import { makeMethods, planRun, type PlannedMethod } from "../../src/lab/run";
import { verdictsOf } from "../../src/lab/scorecard";
import { html } from "../../src/report/display/view";
import { accuracyBars, standardTable } from "../../src/report/standard";
import { fileFacts } from "../../src/store/facts";
import { newHome, removeHome } from "../cli/home";
import { tinyLab } from "./tinyLab";

const home = newHome("reproduce");
let lab: Lab;
/** The same lab where nothing is finished: a clone with the record alone. */
let clone: Lab;
beforeAll(async () => {
  vi.stubEnv("FINE_R1_RUNS", path.join(home, "runs"));
  vi.stubEnv("FINE_R1_RESULTS", path.join(home, "results"));
  lab = await tinyLab(home);
  clone = { ...lab, store: path.join(home, "another") };
}, 60_000);
afterAll(() => {
  vi.unstubAllEnvs();
  removeHome(home);
});

const labels = ({ base, profile }: Recipe, epochs: number) => ({
  ...{ ...profile.sftLabels, epochs, from: base, examples: "labels" as const },
});
const accuracy = { setting: "closed", metric: "accuracy", split: "all" } as const;
const experiment = defineExperiment({
  id: "small",
  title: "Small",
  claim: "SFT gains",
  claims: [{ id: "gains", experiment: "small", where: "here", says: "SFT gains", differences: [{ a: "sft", b: "siglip", ...accuracy }] }], // prettier-ignore
  methods: (recipe) => [
    ...row("siglip", "Encoder", recipe.encoder),
    ...row("sft", "SFT", sft(recipe, labels(recipe, 1), "sft")),
    ...row("clip", "Another encoder", recipe.models.clip),
  ],
  ask: ["closed"],
  metrics: ["accuracy"],
  compare: [["sft", "siglip"]],
  tables: [{ ...standardTable("Small"), layout: () => ({ caption: "Small", columns: [{ group: "Closed", setting: "closed", metric: "accuracy", splits: ["all"], key: "closed" }] }) }], // prettier-ignore
  figures: [
    { name: "closed", draw: (results) => accuracyBars(results, "closed") },
    { name: "curves", draw: ({ curves }) => (curves.size === 0 ? undefined : { data: [], layout: { title: { text: "curves" } } }) }, // prettier-ignore
  ],
  views: [{ name: "page", draw: () => Promise.resolve({ title: "Page", view: { html: html`<p>seen</p>`, text: "seen" }, data: {} }) }], // prettier-ignore
});
const planOf = (here: Lab, seeds: readonly number[]) => planRun(here, experiment, { seeds, only: "all" });
const named = (plan: readonly PlannedMethod[]) => plan.map(({ method, seed }) => `${method.name} ${seed}`);

describe("an experiment that is reproduced", () => {
  it("is made where nothing is recorded", () => {
    const { make, leftOut } = chooseRows(clone, experiment, planOf(clone, [1, 2]), false);
    expect([named(make), leftOut]).toEqual([["siglip 1", "sft 1", "clip 1", "sft 2"], []]);
  });

  it("is shown from the record where that has it, and taken from the store where it is finished", async () => {
    const plan = planOf(lab, [1, 2]);
    const made = await makeMethods(lab, experiment, plan);
    await publish(lab, experiment, made, beginRun(lab, experiment, [1, 2]), { destination: "record" });

    expect(named(chooseRows(clone, experiment, planOf(clone, [1, 2]), false).make)).toEqual([]);
    expect(named(chooseRows(clone, experiment, planOf(clone, [1, 2]), true).make)).toHaveLength(4);
    expect(named(chooseRows(clone, experiment, planOf(clone, [2, 3]), false).make)).toEqual(["sft 3"]);
    expect(named(chooseRows(lab, experiment, plan, false).make)).toEqual(named(plan));
  }, 60_000);

  it("is not recorded where that would lose rows of the record", async () => {
    const { evaluation } = lab.profile;
    const other = { ...lab.profile, evaluation: { ...evaluation, batchSize: evaluation.batchSize + 1 } };
    const changed = await labOf(other, { progress: silent, store: lab.store });
    const made = await makeMethods(changed, experiment, planRun(changed, experiment, { seeds: [1], only: ["sft"] }));
    const recorded = publish(changed, experiment, made, beginRun(changed, experiment, [1]), { destination: "record" });
    await expect(recorded).rejects.toThrow(/would lose siglip, clip, sft \(seeds 1, 2\), made with other settings/u);
    expect(named(chooseRows(clone, experiment, planOf(clone, [1, 2]), false).make)).toEqual([]);
  }, 60_000);

  it("is laid out anew from its measurements, and its record goes on telling of the run", async () => {
    const folder = keptFolder("small", lab.profile.name, "record");
    const read = (name: string): string => fs.readFileSync(path.join(folder, name), "utf8");
    const before = { table: read("table.md"), kept: read("measurements.json"), run: JSON.parse(read("run.json")) as object }; // prettier-ignore
    fs.writeFileSync(path.join(folder, "table.md"), "of before");
    const { files } = await layOutAnew(clone, experiment, "record");
    expect([read("table.md"), read("measurements.json")]).toEqual([before.table, before.kept]);
    expect(files).toContain(path.join(folder, "closed.svg"));
    const run = JSON.parse(read("run.json")) as RunRecord;
    expect(run).toMatchObject({ ...before.run, outputs: run.outputs });
    expect(run.laidOut?.at).toMatch(/^\d{4}-/u);
    const hashed = fileFacts(
      run.outputs.map(({ path: place }) => path.join(folder, path.basename(place))),
      ROOT,
    );
    expect(run.outputs).toEqual(hashed);
    expect(hashed.map(({ path: place }) => path.basename(place))).toContain("page.html"); // drawn from the work itself

    const { evaluation } = lab.profile;
    const other = { ...clone, profile: { ...lab.profile, evaluation: { ...evaluation, batchSize: evaluation.batchSize + 1 } } }; // prettier-ignore
    await expect(layOutAnew(other, experiment, "record")).rejects.toThrow(
      /cannot be laid out anew.*evaluation\.batchSize/u,
    );
    await expect(layOutAnew(clone, { ...experiment, id: "never" }, "record")).rejects.toThrow(/holds no measurements/u);
  });

  it("may be recorded seed by seed: the record shows the profile's seed, and tells of every run", async () => {
    const { seed } = lab.profile;
    const folder = keptFolder("small", lab.profile.name, "record");
    const read = (name: string): string => fs.readFileSync(path.join(folder, name), "utf8");
    const told = (): RunRecord => JSON.parse(read("run.json")) as RunRecord;
    fs.rmSync(folder, { recursive: true });
    const record = async (
      seeds: readonly number[],
      command: string,
      only: readonly string[] | "all" = "all",
    ): Promise<void> => {
      const made = await makeMethods(lab, experiment, planRun(lab, experiment, { seeds, only }));
      const argv = process.argv;
      process.argv = ["node", "fine-r1", command];
      await publish(lab, experiment, made, beginRun(lab, experiment, seeds), { destination: "record" }).finally(() => {
        process.argv = argv;
      });
    };
    await record([seed], "first");
    const first = { table: read("table.md"), curves: read("curves.svg"), page: read("page.html") };
    expect(told()).not.toHaveProperty("before");

    await record([seed + 1], "second");
    expect({ table: read("table.md"), curves: read("curves.svg"), page: read("page.html") }).toEqual(first);
    expect(read("seeds.md")).not.toContain("results/");
    expect(told()).toMatchObject({ seeds: [seed + 1], before: [{ seeds: [seed], command: ["first"] }] });
    expect(told().outputs.map(({ path: place }) => path.basename(place))).toContain("page.html");

    await record([seed], "third", ["siglip"]); // a row alone: curves and page of the other rows stay
    expect({ table: read("table.md"), curves: read("curves.svg"), page: read("page.html") }).toEqual(first);
    expect(told().outputs.map(({ path: place }) => path.basename(place))).toContain("curves.svg");

    await record([seed + 1], "second"); // the same again is not told twice
    expect(told().before?.map(({ command }) => command)).toEqual([["third"], ["first"]]);
    await layOutAnew(clone, experiment, "record");
    expect(read("table.md")).toBe(first.table);
    expect(told().before).toHaveLength(2);
  }, 60_000);

  it("says whose arithmetic the store's work has, and not that of who looks at it", async () => {
    const [made] = await makeMethods(lab, experiment, planRun(lab, experiment, { seeds: [1], only: ["sft"] }));
    const { kept, sentences } = await findingsOf(lab, experiment, [made!]);
    expect(made!.makers).toEqual([{ processor: kept.made[0]!.processor, numerics: kept.made[0]!.numerics }]);
    expect(sentences.join()).not.toContain("other arithmetic");
    const theirs = { ...made!, makers: [...made!.makers, { processor: "another", numerics: "0badc0de" }] };
    const mixed = await findingsOf(lab, experiment, [theirs]);
    expect(mixed.kept.made[0]!.numerics).toBe(`${kept.made[0]!.numerics} and 0badc0de`);
    expect(mixed.sentences.join()).toMatch(/sft: in the store as made with other arithmetic than this machine's/u);
  });

  it("has the recorded figures where nothing was made, and says where the recorded pages lie", async () => {
    const findings = await findingsOf(clone, experiment, []);
    const shown = figuresHere(experiment, lab.profile.name, { made: [], results: findings.results });
    expect([...shown.keys()]).toEqual(["closed", "curves"]); // the curves of a training that is not here
    const drawn = experiment.figures[0]?.draw(findings.results);
    expect(shown.get("closed")?.data).toHaveLength(drawn?.data.length ?? -1);
    const { text } = (await viewsHere(clone, experiment, [])).get("page") ?? expect.fail();
    expect(text).toMatch(/small.smoke.page\.html$/u);
    expect(fs.existsSync(text.replace("Recorded: ", ""))).toBe(true);
  });

  it("draws figures and views anew from what was made", async () => {
    const made = await makeMethods(lab, experiment, planOf(lab, [1]));
    const { results } = await findingsOf(lab, experiment, made);
    expect([...figuresHere(experiment, lab.profile.name, { made, results }).keys()]).toEqual(["closed", "curves"]);
    expect((await viewsHere(lab, experiment, made)).get("page")?.text).toBe("seen");
  });

  it("has the paper's own tables beside it, with every row that they print", () => {
    const papers = papersOf(closedWorld);
    expect([...papers.keys()]).toEqual(["paper-table1"]);
    expect(papers.get("paper-table1")?.rows).toHaveLength(18); // 4 CLIP models, 11 MLLMs, DeepPerception, Fine-R1 at two sizes
    expect(papersOf(experiment).size).toBe(0);
  });

  it("is judged with the worlds that the record has beside its own, each once", async () => {
    const { kept } = await findingsOf(clone, experiment, []);
    expect(verdictsOf(experiment, kept)?.rows.map(({ worlds, seeds }) => [worlds, seeds])).toEqual([[1, 2]]);
    const other = { ...kept, settings: { ...kept.settings, "the dataset": "another world" } };
    expect(verdictsOf(experiment, other)?.rows.map(({ worlds, seeds }) => [worlds, seeds])).toEqual([[2, 4]]);
    expect(verdictsOf({ ...experiment, claims: [] }, kept)).toBeUndefined();
  });

  it("is judged whatever else lies in the record's folder, and a broken record of another profile is left out and named", async () => {
    const { kept } = await findingsOf(clone, experiment, []);
    const beside = path.join(home, "results", "small");
    for (const stray of [".DS_Store", "Thumbs.db", "notes of mine.txt"]) fs.writeFileSync(path.join(beside, stray), "");
    for (const stray of [".ipynb_checkpoints", "mini (copy)", "empty"]) fs.mkdirSync(path.join(beside, stray));
    expect(verdictsOf(experiment, kept)?.notes.filter((note) => note.startsWith("Left out"))).toEqual([]);
    fs.mkdirSync(path.join(beside, "cut"));
    fs.writeFileSync(path.join(beside, "cut", "measurements.json"), '{"vers');
    const verdicts = verdictsOf(experiment, kept);
    expect(verdicts?.rows.map(({ worlds, seeds }) => [worlds, seeds])).toEqual([[1, 2]]);
    expect(verdicts?.notes.at(-1)).toMatch(/^Left out: .*small.cut, which cannot be read\..*measurements\.json/u);
    fs.rmSync(path.join(beside, "cut"), { recursive: true });
  });

  it("goes without the rows of a model that is not built, and says what builds it", async () => {
    const models = { clip: path.join(home, "away", "clip") };
    const unbuilt = await labOf({ ...clone.profile, models }, { progress: silent, store: clone.store });
    const { make, leftOut } = chooseRows(unbuilt, { ...experiment, id: "unrecorded" }, planOf(unbuilt, [1]), false);
    expect(named(make)).toEqual(["siglip 1", "sft 1"]);
    expect(leftOut).toEqual([expect.stringMatching(/^Left out: Another encoder\..*fine-r1 base build --config mini/u)]);
    // a recorded row of it is shown, and needs no build
    expect(chooseRows(unbuilt, experiment, planOf(unbuilt, [1]), false).leftOut).toEqual([]);
  });
});

describe("parameters of a notebook", () => {
  const own = { profile: "mini", seeds: "1-3", rerun: false };
  it("are its own unless they are given from outside", () => {
    expect(parameters(own, {})).toEqual(own);
    expect(parameters(own, { FINE_R1_PROFILE: "", FINE_R1_SEEDS: "" })).toEqual(own);
    const env = { FINE_R1_PROFILE: "smoke", FINE_R1_SEEDS: "2", FINE_R1_RERUN: "1" };
    expect(parameters(own, env)).toEqual({ profile: "smoke", seeds: "2", rerun: true });
    expect(parameters({ ...own, rerun: true }, { FINE_R1_RERUN: "0" }).rerun).toBe(false);
    expect(() => parameters(own, { FINE_R1_RERUN: "yes" })).toThrow(/FINE_R1_RERUN: is "yes"/u);
  });

  it("name seeds one by one or from the first to the last, each once", () => {
    expect(readSeeds("1,3-5, 4")).toEqual([1, 3, 4, 5]);
    for (const text of ["", "1.5", "5-1", "-1", "1-9999", "a"])
      expect(() => readSeeds(text), text).toThrow(/names no seeds/u);
  });
});
