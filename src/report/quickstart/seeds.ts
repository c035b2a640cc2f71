import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { LabError } from "../../core/errors";
import { readJson } from "../../core/files";
import { meanOverSeeds } from "../../eval/seedIntervals";
import type { QuickstartRow, QuickstartRowName } from "../../experiments/quickstart";
import { stableJson } from "../../experiments/stage";
import { resultTable, type Estimate, type ResultTable, type Row } from "../table/table";
import { readQuickstart } from "./store";
import { ROW_TITLES, SCORE_COLUMNS, scoresOf, type ScoreKey } from "./tables";

/** One seed's quickstart, as it lies in results/. */
export interface SeedRun {
  readonly folder: string;
  readonly seed: number;
  readonly rows: readonly QuickstartRow[];
}

/** What two runs must have in common to stand in one mean: everything but the seeds. */
const recordSchema = z.object({
  seeds: z.object({ seed: z.number() }),
  config: z.record(z.string(), z.unknown()),
  inputs: z.array(z.object({ path: z.string(), sha256: z.string() })),
});

/** The methods whose numbers depend on the seed, and the comparisons that the paper makes. */
const METHODS = ["sft-labels", "cot-sft", "dapo", "tapo"] as const satisfies readonly QuickstartRowName[];
const COMPARED: readonly (readonly [QuickstartRowName, QuickstartRowName])[] = [
  ["dapo", "cot-sft"],
  ["tapo", "cot-sft"],
  ["tapo", "dapo"],
];

/**
 * The finished runs of a profile: `folder` itself, and beside it the folders of `--seed`.
 * @throws LabError when they differ in more than the seed
 */
export function readSeedRuns(folder: string): SeedRun[] {
  const name = path.basename(folder);
  const parent = path.dirname(folder);
  const others = (fs.existsSync(parent) ? fs.readdirSync(parent) : []).filter(
    (other) => other.startsWith(`${name}-seed`) && /^\d+$/.test(other.slice(name.length + 5)),
  );
  const folders = [folder, ...others.map((other) => path.join(parent, other))];
  const found = folders.filter((each) => fs.existsSync(path.join(each, "run.json"))).map(readRun);
  for (const { folder: at, settings } of found.slice(1)) {
    if (settings === found[0]?.settings) continue;
    throw new LabError(
      `was made with other settings, or from another base, than ${found[0]?.folder ?? name}`,
      "Run that seed again, or remove its folder.",
      { subject: at },
    );
  }
  return found.sort((a, b) => a.seed - b.seed);
}

/** Means over seeds and paired differences, with 95 % intervals over seeds. @throws LabError for fewer than two seeds */
export function seedTable(runs: readonly SeedRun[], provenance: Readonly<Record<string, string>>): ResultTable {
  const methods = METHODS.filter((name) => runs.filter(({ rows }) => rowOf(rows, name)).length > 1);
  if (methods.length === 0) {
    throw new LabError("there are not two seeds to take a mean of", "Make more: npx fine-r1 run quickstart --seed 2");
  }
  const compared = COMPARED.filter(([a, b]) => methods.some((m) => m === a) && methods.some((m) => m === b));
  return resultTable({
    caption: "Quickstart over seeds: accuracy in %",
    columns: [
      { key: "method", title: "Method", kind: "text" },
      { key: "seeds", title: "Seeds", kind: "number" },
      ...SCORE_COLUMNS,
    ],
    rows: [
      ...methods.map((name) => meanRow(runs, ROW_TITLES[name], (rows, key) => valueOf(rows, name, key))),
      ...compared.map(([a, b]) =>
        meanRow(runs, `${shortTitle(a)} minus ${shortTitle(b)}`, (rows, key) => {
          const [first, second] = [valueOf(rows, a, key), valueOf(rows, b, key)];
          return first === undefined || second === undefined ? undefined : first - second;
        }),
      ),
    ],
    notes: [
      "Mean over seeds with Student's 95 % interval over seeds; differences are paired: taken seed by seed. One world and one base.",
    ],
    provenance: { ...provenance, seeds: runs.map(({ seed }) => seed).join(" ") },
  });
}

function readRun(folder: string): SeedRun & { readonly settings: string } {
  const file = path.join(folder, "run.json");
  const record = recordSchema.safeParse(readJson(file));
  if (!record.success) throw new LabError("is no record of a run", "Run again.", { subject: file });
  const { seeds, config, inputs } = record.data;
  const { rows } = readQuickstart(path.join(folder, "rows.json"));
  const settings = stableJson({ config: withoutSeeds(config), inputs: inputs.map(({ sha256 }) => sha256) });
  return { folder, seed: seeds.seed, rows, settings };
}

/** A configuration without its name and without any key `seed` but the evaluation's, which no run changes. */
function withoutSeeds(config: Readonly<Record<string, unknown>>): unknown {
  const strip = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const kept = Object.entries(value).filter(([key]) => key !== "seed");
    return Object.fromEntries(kept.map(([key, inner]) => [key, strip(inner)]));
  };
  const entries = Object.entries(config).filter(([key]) => key !== "name" && key !== "seed");
  return Object.fromEntries(entries.map(([key, value]) => [key, key === "evaluation" ? value : strip(value)]));
}

function meanRow(
  runs: readonly SeedRun[],
  title: string,
  of: (rows: readonly QuickstartRow[], key: ScoreKey) => number | undefined,
): Row {
  const values = (key: ScoreKey): number[] => runs.flatMap(({ rows }) => of(rows, key) ?? []);
  const cells = SCORE_COLUMNS.map(({ key }): [string, Estimate | null] => {
    const all = values(key as ScoreKey);
    if (all.length < 2) return [key, null];
    const { value, low, high } = meanOverSeeds(all);
    return [key, { value, low, high }];
  });
  return { method: title, seeds: values("closed_seen").length, ...Object.fromEntries(cells) };
}

/** A method's title without the stage that it starts from. */
function shortTitle(name: QuickstartRowName): string {
  return ROW_TITLES[name].replace("CoT SFT + ", "");
}

function rowOf(rows: readonly QuickstartRow[], name: QuickstartRowName): QuickstartRow | undefined {
  return rows.find((row) => row.name === name);
}

function valueOf(rows: readonly QuickstartRow[], name: QuickstartRowName, key: ScoreKey): number | undefined {
  const row = rowOf(rows, name);
  return row === undefined ? undefined : scoresOf(row)[key]?.value;
}
