import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as homes from "./home";

let folder: string;
beforeAll(() => {
  folder = homes.newHome("cli");
});
afterAll(() => {
  homes.removeHome(folder);
});
const inFolder = (name: string, content = ""): string => {
  const file = path.join(folder, name);
  fs.writeFileSync(file, content);
  return file;
};
const fineR1 = (args: readonly string[]) => homes.fineR1(folder, args);
const refusal = (args: readonly string[], env: Readonly<Record<string, string>> = {}): string =>
  homes.refusal(folder, args, env);

describe("what is printed and not read", () => {
  const shell = (line: string) => {
    const script = `${line}; echo "\${PIPESTATUS[0]}" >&2`;
    return spawnSync("bash", ["-c", script], { cwd: homes.ROOT, encoding: "utf8" }).stderr;
  };

  it("stops nothing when the reader leaves, and is an error without a stack when it cannot be written", () => {
    expect(shell("node dist/cli.js list | head -1 > /dev/null")).toBe("0\n");
    if (fs.existsSync("/dev/full")) expect(shell("node dist/cli.js list > /dev/full")).toBe("1\n");
  });
});

describe("--help", () => {
  it.each([
    [
      [],
      [
        "run",
        "list",
        "show",
        "compare",
        "verify",
        "data",
        "base",
        "parity",
        "export",
        "metrics",
        "doctor",
        "npm start",
      ],
    ],
    [
      ["run"],
      [
        "--profile",
        "--all",
        "--only",
        "--seeds",
        "--fresh",
        "--record",
        "--set",
        "--dry-run",
        "--workers",
        "cot-sft",
        "runs/",
      ],
    ],
    [["show"], ["--profile", "--mine"]],
    [["compare"], ["record:EXPERIMENT", "mine:EXPERIMENT"]],
    [["verify"], ["runs/store", "results/"]],
    [["base"], ["build"]],
    [
      ["base", "build"],
      ["--config", "--world", "--out", "--workers"],
    ],
    [["parity"], ["objective", "reward", "evaluation", "model", "image-processor", "golden"]],
    [["export"], ["--out", "--method", "--print", "text", "markdown"]],
    [["metrics"], ["--tensorboard", "--csv", "--seeds", "--only"]],
    [["doctor"], ["engine"]],
  ])("of %j names what the command takes, and succeeds", (command, words) => {
    const { status, stdout } = fineR1([...command, "--help"]);
    expect(status).toBe(0);
    for (const word of words) expect(stdout).toContain(word);
  });

  it("has a sibling that prints the version", () => {
    const { version } = JSON.parse(fs.readFileSync("package.json", "utf8")) as { version: string };
    for (const flag of ["--version", "-V"])
      expect(fineR1([flag])).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("is pointed to after a mistake, with the word that was probably meant", () => {
    expect(fineR1(["rnu"]).stderr).toContain("Did you mean run?");
    expect(fineR1(["run", "quickstart", "--olny", "tapo"]).stderr).toContain("Did you mean --only?");
    expect(fineR1(["run", "quickstart", "--all", "--only", "tapo"]).stderr).toContain("cannot be used with");
  });

  it("is pointed to after a mistake", () => {
    for (const args of [["rnu"], ["run"], ["run", "quickstart", "--olny", "tapo"], ["parity", "models", "x"]]) {
      const { status, stderr } = fineR1(args);
      expect(status).toBe(1);
      expect(stderr).toContain("--help");
    }
  });
});

describe("parity", () => {
  it("passes on a golden file and fails on one whose numbers were changed, with exit codes to match", () => {
    const golden = fs.readFileSync("tests/reference/golden/reward.json", "utf8");
    const right = fineR1(["parity", "reward", inFolder("reward.json", golden)]);
    expect([right.status, right.stderr]).toEqual([0, ""]);
    expect(right.stdout).toContain("within tolerance");
    const parsed = JSON.parse(golden) as { cases: { overall: number }[] };
    parsed.cases[0]!.overall += 0.01;
    const wrong = fineR1(["parity", "reward", inFolder("changed.json", JSON.stringify(parsed))]);
    expect(wrong.status).toBe(1);
    expect(wrong.stdout).toMatch(/overall\s+1\.0e-2\s+0\s+FAILED/);
  });

  it.each(["objective", "reward", "evaluation"])("%s names a file that is missing or malformed", (kind) => {
    expect(refusal(["parity", kind, path.join(folder, "none.json")])).toMatch(
      /^fine-r1: .*none\.json: cannot be read \(ENOENT.*Check the path/,
    );
    expect(refusal(["parity", kind, inFolder("torn.json", '{"cases": [')])).toMatch(
      /torn\.json: is not valid JSON.*Repair or remove the file/,
    );
    expect(refusal(["parity", kind, inFolder("foreign.json", '{"cases": []}')])).toMatch(
      /foreign\.json: is not a reference of this kind.*format of tests\/reference\/golden/,
    );
  });

  it.each(["model", "image-processor"])("%s names a folder that is not there", (kind) => {
    expect(refusal(["parity", kind, path.join(folder, "nowhere")])).toMatch(/^fine-r1: .*nowhere.*: /);
  });

  it("model names a truncated or foreign safetensors file", () => {
    const copy = path.join(folder, "tiny");
    fs.cpSync("tests/reference/golden/qwen2_5_vl_tiny", copy, { recursive: true });
    const file = path.join(copy, "model.safetensors");
    const bytes = fs.readFileSync(file);
    for (const content of [bytes.subarray(0, bytes.length - 100), Buffer.from("a web page, not weights")]) {
      fs.writeFileSync(file, content);
      expect(refusal(["parity", "model", copy])).toMatch(/^fine-r1: .*model\.safetensors: .*\. [A-Z].*\.$/);
    }
  });
});

describe("run", () => {
  const run = (...args: string[]): string => refusal(["run", "quickstart", ...args]);

  it.each([
    [["--only", "tapo,grpo"], /no method "grpo".*Choose from base, .*tapo/],
    [["--only", "tapoo"], /no method "tapoo"\. Did you mean "tapo"\?/],
    [["--seeds", "-1"], /"-1" names no seeds.*whole numbers from 0 on/],
    [["--seeds", "1.5"], /"1\.5" names no seeds/],
    [["--seeds", "5-1"], /"5-1" names no seeds/],
    [["--seeds", ""], /"" names no seeds/],
    [["--profile", "huge"], /no profile "huge".*Choose one of: .*mini/],
    [["-p", "min"], /no profile "min"\. Did you mean "mini"\?/],
    [["-p", "../worlds/test"], /"\.\.\/worlds\/test": cannot be the name of a profile/],
    [["--set", "rl.n1"], /"rl\.n1" is not of the form key=value/],
    [["--set", "rl.nn=1"], /mini\.yaml with rl\.nn replaced: unknown key rl\.nn/],
    [["--set", "rl.gamma=1"], /unknown key rl\.gamma \(did you mean rl\.objective\.gamma or matched\.gamma\?\)/],
    [["--set", "rl.n1=many"], /key rl\.n1 must be a number, but is "many"/],
    [["--set", "rl.n1=1", "--set", "rl.n2=0"], /n1 \+ n2 is below 2/],
    [
      ["--set", "dataset=miniworld:smoke"],
      /assets.mini.siglip: was made for the world mini-world\/test .*profile's world "smoke"/,
    ],
    [["--set", "base=none"], /none: the checkpoint is not there.*fine-r1 base build/],
  ])("refuses %j with the reason and the remedy", (args, message) => {
    expect(run(...args)).toMatch(message);
  });

  it("names the experiment that was probably meant", () => {
    for (const command of ["run", "show"]) {
      expect(refusal([command, "quikstart"])).toMatch(/no experiment "quikstart"\. Did you mean "quickstart"\?/);
    }
    expect(refusal(["compare", "mine:quikstart", "record:quickstart"])).toContain('Did you mean "quickstart"?');
  });

  it("asks whether what it writes can be written before it trains", () => {
    const file = inFolder("in-the-way");
    const message = /in-the-way.*cannot be written \(ENOTDIR.*or choose another one/;
    const places = { FINE_R1_RUNS: path.join(file, "runs"), FINE_R1_RESULTS: path.join(file, "results") };
    expect(refusal(["run", "quickstart"], { FINE_R1_RUNS: places.FINE_R1_RUNS })).toMatch(message);
    expect(refusal(["run", "quickstart", "--record"], { FINE_R1_RESULTS: places.FINE_R1_RESULTS })).toMatch(message);
  });

  it("reads the record before it trains, and names one that is broken", () => {
    const results = path.join(folder, "broken");
    fs.mkdirSync(path.join(results, "quickstart", "mini"), { recursive: true });
    fs.writeFileSync(path.join(results, "quickstart", "mini", "measurements.json"), "{}");
    expect(refusal(["run", "quickstart"], { FINE_R1_RESULTS: results })).toMatch(
      /mini.measurements\.json: is no file of measurements \(.*key version/,
    );
  });

  it("writes beside the work, ends in a sentence, and gives next commands about the same thing", () => {
    const set = ["--set", "sft.epochs=1", "--set", "cot.everyNthClass=8"];
    const own = path.join(folder, "own");
    const stdout = homes.printed(own, "run", "quickstart", "-p", "smoke", "--only", "cot-sft", ...set);
    expect(fs.readdirSync(own)).toEqual(["runs"]);
    const profiles = fs.readdirSync(path.join(own, "runs", "quickstart"));
    expect(profiles).toEqual([expect.stringMatching(/^smoke-set-[0-9a-f]{6}$/)]);
    const report = path.join(own, "runs", "quickstart", profiles[0] ?? "");
    expect(fs.readdirSync(report)).toEqual(expect.arrayContaining(["measurements.json", "table.md", "run.json"]));
    expect(stdout).toContain("Quickstart: recognition, accuracy in % (epochs = 1, everyNthClass = 8)\n");
    const end = stdout.slice(stdout.indexOf("CoT SFT: "));
    expect(end).toMatch(
      /^CoT SFT: [\d.]+ % in text inclusion on unseen classes, open world \(one seed\)\.\n\nTables, figures .*own.runs/,
    );
    const again = ["quickstart", "--only", "cot-sft", "-p", "smoke", ...set].join(" ");
    expect(end).toContain(`Another seed: npx fine-r1 run ${again} --seeds 2\n`);
  });
});

describe("base build", () => {
  it("names a config or a world that is not there, once, though two processes build", () => {
    const places = ["--out", path.join(folder, "base")];
    expect(refusal(["base", "build", ...places, "--config", "none"])).toMatch(
      /no base config "none"\. Choose one of: .*mini/,
    );
    expect(refusal(["base", "build", ...places, "--world", "tset"])).toMatch(/no world "tset"\. Did you mean "test"\?/);
  });
});

describe("export", () => {
  it("names a table that is missing or is none", () => {
    expect(refusal(["export", path.join(folder, "none.json")])).toMatch(
      /none\.json: is not there\. Run the experiment/,
    );
    expect(refusal(["export", inFolder("torn-table.json", '{"columns": ')])).toMatch(/torn-table\.json: /);
    expect(refusal(["export", inFolder("no-table.json", "[1]")])).toMatch(/no-table\.json: /);
  });
});
