import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executeNotebook, printed, ROOT, type Cell } from "./harness";
import { session } from "./session";

/** The quickstart's notebook, whole, in the smoke profile, after the command line has done the same job. */
const NOTEBOOK = path.join(ROOT, "notebooks", "00-quickstart.ipynb");
let scratch = "";
let variables: Record<string, string> = {};

beforeAll(async () => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-notebook-"));
  variables = {
    FINE_R1_PROFILE: "smoke",
    FINE_R1_WORKERS: "2",
    FINE_R1_RESULTS: path.join(scratch, "results"),
    FINE_R1_RUNS: path.join(scratch, "runs"),
  };
  await commandLine(["run", "quickstart", "--profile", "smoke", "--only", "cot-sft,tapo"]);
}, 120_000);

afterAll(() => {
  fs.rmSync(scratch, { recursive: true, force: true });
});

describe("notebooks/00-quickstart.ipynb", () => {
  it("shows the command line's numbers, its figures interactive and drawn", async () => {
    const report = path.join(scratch, "runs", "quickstart", "smoke");
    const table = fs.readFileSync(path.join(report, "table.csv"), "utf8");
    const { cells } = await executeNotebook(NOTEBOOK, { env: variables });
    const code = cells.filter((cell) => cell.cell_type === "code");
    expect(printed(code[0])).toBe("mini-world/smoke: 16 classes, 40 training pictures\n");
    expect(fs.readFileSync(path.join(report, "table.csv"), "utf8")).toBe(table);
    expect(fs.existsSync(path.join(scratch, "results"))).toBe(false); // no record was asked for

    expect(cellsWith(code, "CoT SFT + TAPO").length).toBe(3); // results, broken chains, one picture before and after
    const plots = code.flatMap((cell) => shown(cell)).filter((data) => "application/vnd.plotly.v1+json" in data);
    expect(plots.length).toBe(5); // two training runs, the accuracy bars, two planes of principal components
    for (const plot of plots) expect(String(plot["image/svg+xml"])).toMatch(/^<svg/);
    const drawn = code.flatMap((cell) => shown(cell)).filter((data) => "image/svg+xml" in data);
    expect(drawn.length).toBe(5 + 2); // the genus, the triplet
    expect(drawn.filter((data) => "image/jpeg" in data).length).toBe(2);
    // one rollout group: n₁ + n₂ = 3 + 3 answers, and tokens under two pictures
    const [group] = cellsWith(code, "token by token");
    expect(JSON.stringify(shown(group!))).toContain("3 answers about the anchor and 3 about the positive");
    // both stages were finished by the command line
    expect(code.filter((cell) => printed(cell).includes("taken from the store")).length).toBe(2);
  }, 120_000);

  it("shows in the table what the cell above it made, and makes only what that needs", async () => {
    const changed = sources().map((source) =>
      source.replace(
        "const mine = tapo;",
        "const mine = fr.variant(tapo, { objective: { gamma: 0.5 }, epochs: 0.2 });",
      ),
    );
    expect(changed).not.toEqual(sources());
    const before = stages();
    const until = changed.findIndex((source) => source.includes("run.table"));
    const outcomes = await session(
      changed.slice(0, until + 1).map((code) => ({ code: code.replaceAll("await lab.show(run.table);", SHOW) })),
      variables,
    );
    expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => "ok"));
    const text = outcomes.at(-1)?.text ?? "";
    expect(text).toContain("CoT SFT + TAPO, γ = 0.5, epochs = 0.2 of run");
    expect(text).toContain("CoT SFT + TAPO of earlier"); // the profile's own γ stays, marked as what it is
    const made = stages().filter((name) => !before.includes(name));
    expect(made.map((name) => name.replace(/-[0-9a-f]{10}$/, "")).sort()).toEqual([
      "answers",
      "answers",
      "rl",
      "similarity",
    ]);
  }, 120_000);

  it("has cells that can each be run again", async () => {
    const code = sources().map((source) => ({ code: source }));
    const outcomes = await session(
      code.flatMap((cell) => [cell, cell]),
      variables,
    );
    expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => "ok"));
    for (let i = 0; i < outcomes.length; i += 2) expect(outcomes[i + 1]?.text).toBe(outcomes[i]?.text);
  }, 120_000);

  it("keeps its cells short", () => {
    for (const source of sources()) expect(source.split("\n").length).toBeLessThanOrEqual(25);
  });
});

/** Prints the rows of the table instead of showing it: whose numbers each has. */
const SHOW = `for (const { title, mark } of run.results.methods) console.log(title + " of " + (mark === undefined ? "run" : "earlier"));`;

/** The stages in the store. */
function stages(): string[] {
  return fs.readdirSync(path.join(scratch, "runs", "store")).filter((name) => name !== "leases");
}

interface Source {
  readonly cell_type: string;
  readonly source: string | readonly string[];
}

/** The code cells as they stand in the file. */
function sources(): string[] {
  const { cells } = JSON.parse(fs.readFileSync(NOTEBOOK, "utf8")) as { cells: Source[] };
  return cells.filter((cell) => cell.cell_type === "code").map(({ source }) => [source].flat().join(""));
}

function shown(cell: Cell): Record<string, unknown>[] {
  return cell.outputs.flatMap((item) => (item.output_type === "display_data" ? [item.data] : []));
}

function cellsWith(cells: readonly Cell[], text: string): Cell[] {
  return cells.filter((cell) => shown(cell).some((data) => JSON.stringify(data["text/html"] ?? "").includes(text)));
}

/** Runs the command that users have, silently. */
function commandLine(args: readonly string[]): Promise<void> {
  const env = { ...process.env, ...variables };
  const child = spawn(process.execPath, [path.join(ROOT, "dist", "cli.js"), ...args], { cwd: ROOT, env });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  child.stdout.resume();
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`fine-r1 ended with ${String(code)}:\n${errors}`));
    });
  });
}
