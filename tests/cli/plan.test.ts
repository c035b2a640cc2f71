import * as fs from "node:fs";
import * as path from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { addPlanCommand } from "../../src/cli/plan";
import { addRunCommand } from "../../src/cli/run";
import { tableFromJson } from "../../src/report/table/json";
import { cubFolder, sixSets } from "../data/setsFixture";
import * as homes from "./home";

let home: string;
beforeAll(() => {
  home = homes.newHome("plan");
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});
afterAll(() => {
  homes.removeHome(home);
});

/** What a command prints, in this process: nothing is trained here, and a process for each would take longer than all they do. */
async function said(...words: readonly string[]): Promise<string> {
  vi.stubEnv("FINE_R1_RUNS", path.join(home, "runs"));
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => lines.push(line));
  const program = new Command();
  addPlanCommand(program);
  addRunCommand(program);
  await program.parseAsync(words, { from: "user" });
  return lines.join("\n");
}

describe("fine-r1 plan", () => {
  it("prints tables as JSON, with the price that is given", async () => {
    const text = await said("plan", "-p", "paper", "--json", "--gpus", "2", "--price", "h100=2", "--efficiency", "0.5");
    const tables = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
    expect(Object.keys(tables)).toEqual(["models", "work", "time", "cost", "assumptions"]);
    const cost = z
      .object({ rows: z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()]))) })
      .parse(tables["cost"]);
    const row = cost.rows.find(({ gpu }) => gpu === "H100");
    expect(Number(row?.["gpuHours0"])).toBeCloseTo(2 * Number(row?.["time0"]), 9);
    expect(Number(row?.["cost0"])).toBeCloseTo(2 * Number(row?.["gpuHours0"]), 9);
    expect(cost.rows.find(({ gpu }) => gpu === "A100")?.["cost0"]).toBeNull(); // no price, no cost
  });

  it("writes each table in four forms", () => {
    const out = path.join(home, "tables");
    homes.printed(home, "plan", "quickstart", "-p", "smoke", "--out", out);
    const forms = fs.readdirSync(out).filter((name) => name.startsWith("time."));
    expect(forms.sort()).toEqual(["time.csv", "time.json", "time.md", "time.tex"]);
    const work = tableFromJson(fs.readFileSync(path.join(out, "work.json"), "utf8"));
    expect(work.rows.map(({ stage }) => stage)).toContain("rl: tapo");
  });

  it.each([
    [["--gpu", "H10"], /no GPU "H10".*Did you mean "H100"/],
    [["--assume", "kep=0.2"], /no assumption "kep".*Did you mean "kept"/],
    [["--price", "H100=cheap"], /"H100=cheap" is not of the form name=number/],
    [["--gpus", "0"], /"0" is no whole number from 1 to 100000/],
    [["--gpus", "4,0x10"], /"0x10" is no whole number from 1/],
    [["--gpus", "1000000000"], /"1000000000" is no whole number from 1 to 100000/],
    [["--price", "H100=-2"], /the price -2 of H100 is below 0/],
    [["--price", "H100=0x5"], /"H100=0x5" is not of the form name=number/],
    [["--price", "H100=5", "--price", "h100=7"], /--price: H100 is given twice/],
    [["--assume", "kept=0.2", "--assume", "kept=0.3"], /--assume: kept is given twice/],
    [["--efficiency", "35"], /efficiency: is 35.*at most 1/],
  ])("refuses %j", async (words, reason) => {
    await expect(said("plan", "-p", "paper", ...words)).rejects.toThrow(reason);
  });
});

it("fine-r1 run refuses a cluster's options without --executor ray, and so does its dry run", async () => {
  for (const words of [["quickstart"], ["quickstart", "ratio"]]) {
    const dry = said("run", ...words, "-p", "smoke", "--dry-run", "--address", "http://head:8265");
    await expect(dry).rejects.toThrow(/--address is for a cluster\. Add --executor ray/);
  }
});

describe("what a profile names and is not there", () => {
  it.each([
    ["general", 'benchmarks=["mme:no/MME"]', /^benchmarks +mme:no\/MME +a general benchmark: docs\/benchmarks\.md/m],
    [
      "inference",
      "templates=no/sentences.txt",
      /^templates +no\/sentences\.txt +a file of sentences: npx fine-r1 models/m,
    ],
    ["quickstart", "cot.released=no/chains.json", /^cot\.released +no\/chains\.json +the released stage-1 file: docs/m],
  ])(
    "is listed by a dry run of %s, is no hindrance to its plan, and is named before a run begins",
    async (id, set, line) => {
      const words = [id, "-p", "smoke", "--set", set];
      expect(await said("run", ...words, "--dry-run")).toMatch(line);
      expect(await said("plan", ...words)).toContain("FLOP");
      await expect(said("run", ...words)).rejects.toThrow(/: the file is not there\. Put there what the profile names/);
      expect(fs.existsSync(path.join(home, "runs"))).toBe(false);
    },
  );
});

describe("a run of the profile paper where some of the pictures are there", () => {
  const half = async (): Promise<[string, RegExp]> => {
    const root = path.join(home, "one");
    fs.mkdirSync(root);
    fs.renameSync(await cubFolder(), path.join(root, "CUB_200_2011"));
    return [root, /Stanford Cars and 4 more are missing/];
  };
  const torn = async (): Promise<[string, RegExp]> => {
    const root = await sixSets();
    fs.rmSync(path.join(root, "CUB_200_2011/images/004.Mallard/Mallard_0000_300.jpg"));
    return [root, /1 picture of CUB-200-2011 is missing/];
  };

  it.each([
    ["one of the six", half],
    ["all but a picture", torn],
  ])("%s: a dry run lists what is not, and the plan takes the published sizes", async (_, folder) => {
    const [root, missing] = await folder();
    const words = ["closed-world", "-p", "paper", "--only", "siglip,base,tapo", "--set", `dataset=sets:${root}`];
    const dry = await said("run", ...words, "--dry-run");
    expect(dry).toMatch(new RegExp(`^dataset +${root}\\S* +${missing.source}: docs/published-sets\\.md$`, "mu"));
    for (const key of ["base", "encoder", "cot.teacher"]) expect(dry).toMatch(new RegExp(`^${key} `, "mu"));
    const plan = await said("plan", ...words);
    expect(plan).toMatch(
      new RegExp(`which are not all here \\(${missing.source}\\): sizes from configs/plan/sets`, "u"),
    );
    expect(plan).toContain("35,566 questions");
    expect(await said("run", "--all", ...words.slice(1, 3), ...words.slice(5), "--dry-run")).toMatch(missing);
  });
});

describe("a run of the profile paper where nothing of it is there", () => {
  const elsewhere = ["--set", "dataset=sets:no/pictures", "--set", "base=no/models/Qwen2.5-VL-3B-Instruct"];
  const dryRun = (...words: string[]): Promise<string> =>
    said("run", ...words, "-p", "paper", "--dry-run", ...elsewhere);

  it("says in a dry run what the chosen methods lack, and what gets it", async () => {
    const all = await dryRun("closed-world");
    expect(all).toMatch(/^dataset +no\/pictures +the pictures: docs\/published-sets\.md/m);
    expect(all).toMatch(/^base .*hf download Qwen\/Qwen2\.5-VL-3B-Instruct --local-dir no\/models\/Qwen2\.5-VL-3B/m);
    expect(all).toMatch(
      /^cot\.teacher +served:http:\/\/127\.0\.0\.1:8000\/v1#\S+ +cannot be reached: did not answer 2 times; at last: .+\. Start it \(docs\/served\.md\), such as by: vllm serve Qwen\S+ --max-model-len 8192 --generation-config vllm --limit-mm-per-prompt '\{"image": 1\}' --mm-processor-kwargs '\{"max_pixels": 1003520\}'/m,
    );
    expect(all).toContain("npx fine-r1 plan closed-world -p paper --set dataset=sets:no/pictures");
    const row = await dryRun("closed-world", "--rows", "siglip-l"); // it needs no base of the profile's own
    expect(row.match(/^(?:dataset|base|encoder|cot|models|rows).*$/gm)).toEqual([
      expect.stringMatching(/^dataset/),
      expect.stringMatching(/^rows: siglip-l +row:siglip-l +npx fine-r1 models show siglip-l$/),
    ]);
    expect(await dryRun("closed-world", "open-world")).toMatch(/^models\.larger .*hf download Qwen\/Qwen2\.5-VL-7B/m);
  });

  it("hands on to the plan which methods and seeds are meant", async () => {
    const handed = async (...words: string[]): Promise<string[]> => {
      const [, line = ""] = /^What it takes: npx fine-r1 (.*)$/m.exec(await dryRun("closed-world", ...words)) ?? [];
      expect(line).toContain(`closed-world ${words.join(" ")} -p paper --set `);
      return line.split(" ");
    };
    const some = await said(...(await handed("--only", "siglip,base", "--rows", "qwen2.5-vl-3b", "--seeds", "1-2")));
    expect(some).toContain("Qwen2.5-VL-3B"); // of its own
    expect(some.match(/^answers: \S+/gmu)?.length).toBeGreaterThan(0);
    expect(some).not.toMatch(/^rl: /mu);
    expect(await said(...(await handed("--all")))).toMatch(/^rl: /mu);
  });

  it("refuses the run itself, naming the download", () => {
    const there = ["--set", "dataset=miniworld:smoke", "--set", "encoder=assets/smoke/siglip"];
    const base = ["--only", "base", "--set", "base=no/Qwen2.5-VL-3B-Instruct"];
    expect(homes.refusal(home, ["run", "closed-world", "-p", "paper", ...there, ...base])).toMatch(
      /the checkpoint is not there.*`hf download Qwen\/Qwen2\.5-VL-3B-Instruct --local-dir no\/Qwen2\.5-VL-3B-Instruct`/,
    );
  });
});
