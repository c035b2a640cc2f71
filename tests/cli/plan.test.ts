import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { tableFromJson } from "../../src/report/table/json";
import * as homes from "./home";

let home: string;
beforeAll(() => {
  home = homes.newHome("plan");
});
afterAll(() => {
  homes.removeHome(home);
});

describe("fine-r1 plan", () => {
  it("prints tables as JSON, with the price that is given", () => {
    const text = homes.printed(
      home,
      "plan",
      "-p",
      "paper",
      "--json",
      "--gpus",
      "2",
      "--price",
      "h100=2",
      "--efficiency",
      "0.5",
    );
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
    expect(
      fs
        .readdirSync(out)
        .filter((name) => name.startsWith("time."))
        .sort(),
    ).toEqual(["time.csv", "time.json", "time.md", "time.tex"]);
    const work = tableFromJson(fs.readFileSync(path.join(out, "work.json"), "utf8"));
    expect(work.rows.map(({ stage }) => stage)).toContain("rl: tapo");
  });

  it.each([
    [["--gpu", "H10"], /no GPU "H10".*Did you mean "H100"/],
    [["--assume", "kep=0.2"], /no assumption "kep".*Did you mean "kept"/],
    [["--price", "H100=cheap"], /"H100=cheap" is not of the form name=number/],
    [["--gpus", "0"], /names no GPUs/],
    [["--efficiency", "35"], /efficiency: is 35.*at most 1/],
  ])("refuses %j", (words, reason) => {
    expect(homes.refusal(home, ["plan", "-p", "paper", ...words])).toMatch(reason);
  });
});

describe("a run of the profile paper where nothing of it is there", () => {
  const elsewhere = ["--set", "dataset=sets:no/pictures", "--set", "base=no/models/Qwen2.5-VL-3B-Instruct"];

  it("says in a dry run what is missing, and what gets it", () => {
    const said = homes.printed(home, "run", "closed-world", "-p", "paper", "--dry-run", ...elsewhere);
    expect(said).toMatch(/dataset +no\/pictures +the pictures: docs\/published-sets\.md/);
    expect(said).toMatch(
      /base .*hf download Qwen\/Qwen2\.5-VL-3B-Instruct --local-dir no\/models\/Qwen2\.5-VL-3B-Instruct/,
    );
    expect(said).toMatch(/cot\.teacher +served:http:\/\/127\.0\.0\.1:8000\/v1#\S+ +a server, such as vllm serve Qwen/);
    expect(said).toMatch(/npx fine-r1 plan closed-world -p paper --set dataset=sets:no\/pictures/);
    const rows = homes.printed(
      home,
      "run",
      "closed-world",
      "-p",
      "paper",
      "--dry-run",
      "--rows",
      "siglip-l",
      ...elsewhere,
    );
    expect(rows).not.toMatch(/^base/m); // a row needs no base of the profile's own
    expect(rows).toMatch(/row:siglip-l +npx fine-r1 models show siglip-l/);
    const all = homes.printed(home, "run", "closed-world", "open-world", "-p", "paper", "--dry-run", ...elsewhere);
    expect(all).toMatch(/hf download Qwen\/Qwen2\.5-VL-7B-Instruct/);
  });

  it("refuses the run itself, naming the download", () => {
    const words = [
      "run",
      "closed-world",
      "-p",
      "paper",
      "--set",
      "dataset=miniworld:smoke",
      "--set",
      "encoder=assets/smoke/siglip",
    ];
    expect(homes.refusal(home, [...words, "--set", "base=no/Qwen2.5-VL-3B-Instruct", "--only", "base"])).toMatch(
      /the checkpoint is not there.*`hf download Qwen\/Qwen2\.5-VL-3B-Instruct --local-dir no\/Qwen2\.5-VL-3B-Instruct`/,
    );
  });
});
