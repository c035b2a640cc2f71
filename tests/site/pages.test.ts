import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { describe, expect, it, vi } from "vitest";
import { resultTable, textColumn } from "../../src/report/table/table";
import { foundRuns, type FoundFiles, type FoundRun } from "../../src/site/found";
import { indexPage, runPage } from "../../src/site/pages";

const none: FoundFiles = { folder: "", tables: [], figures: [], views: [], files: [] };
/** A page's text, its lines joined. */
const textOf = ({ body }: ReturnType<typeof indexPage>): string => body.source.replaceAll(/\s+/gu, " ");

describe("the first page", () => {
  const verdicts = ["not reproduced", "reproduced", "not reproduced"].map((verdict) => ({ verdict }));
  const table = resultTable({ caption: "c", columns: [textColumn("verdict", "Verdict")], rows: verdicts });
  const scorecard = { ...none, tables: [{ name: "scorecard", table }], origin: "record", at: "scorecard" } as const;

  it("counts the verdicts of the scorecard that it shows, says what a mini-world is, and claims no more", () => {
    const { title } = indexPage([], [scorecard]);
    const text = textOf(indexPage([], [scorecard]));
    expect(text).toContain("Of the paper’s 3 claims: 1 reproduced, 2 not reproduced.");
    expect(text).toMatch(/A mini-world is generated.* no evidence about birds/u);
    expect(`${title} ${text}`).not.toContain("Fine-R1, reproduced");
    expect(textOf(indexPage([], []))).not.toContain("Of the paper’s");
  });
});

it("shows no folder of results that has not the lab's name: a copy's links would lead nowhere", () => {
  const results = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-found-"));
  vi.stubEnv("FINE_R1_RESULTS", results);
  for (const name of ["mini", "mini (copy)", "mini #2"]) {
    fs.mkdirSync(path.join(results, "quickstart", name), { recursive: true });
    fs.copyFileSync("results/quickstart/mini/run.json", path.join(results, "quickstart", name, "run.json"));
  }
  expect(foundRuns(false).map(({ at }) => at)).toEqual(["quickstart/mini"]);
  vi.unstubAllEnvs();
  fs.rmSync(results, { recursive: true });
});

describe("the page of an experiment", () => {
  const recorded = foundRuns(false);
  const page = (run: FoundRun): string => textOf(runPage(run, [], undefined));

  it("says how its claims fare, as its own table has it, and nothing of claims where it judges none", () => {
    const judged = recorded.filter(({ verdicts }) => verdicts !== undefined);
    expect(judged.map(({ id }) => id)).toContain("closed-world");
    for (const run of judged) {
      expect(run.tables.map(({ name }) => name)).toContain("claims");
      expect(page(run)).toContain(`What came out</span> Its claims: ${run.verdicts ?? ""}.`);
    }
    const other = recorded.find(({ id }) => id === "quickstart")!;
    expect([other.verdicts, page(other).includes("Its claims")]).toEqual([undefined, false]);
  });

  it("of the closed and the open world tells what is claimed: Fine-R1 beside its base", () => {
    const told = recorded.filter(
      ({ id, profileName }) => /^(?:closed|open)-world$/u.test(id) && profileName === "mini",
    );
    expect(told).toHaveLength(2);
    for (const { headline } of told) expect(headline).toMatch(/^Fine-R1 − Base, direct = /u);
  });
});
