import * as fs from "node:fs";
import * as path from "node:path";
import { LabError } from "../../core/errors";
import { meanOverSeeds } from "../../eval/statistics";
import type { QuickstartRow, QuickstartRowName } from "../../experiments/quickstart";
import { differingSettings, settingsOf, withoutSeeds, type Settings } from "../../lab/settings";
import { resultTable, type Estimate, type ResultTable, type Row } from "../table/table";
import { leftOutSentence, readReport, type StoredReport } from "./store";
import { ROW_TITLES, SCORE_COLUMNS, scoresOf, type ScoreKey } from "./tables";

/** One seed's rows, each method's from one place. */
export interface SeedRun {
  readonly seed: number;
  readonly rows: readonly QuickstartRow[];
  /** The methods whose rows were made here; the others are recorded ones. */
  readonly own: readonly QuickstartRowName[];
}

/** The folders that hold the runs of all profiles. */
export interface SeedPlaces {
  /** results/quickstart */
  readonly record: string;
  /** runs/quickstart; left out where only recorded seeds count. */
  readonly own?: string;
}

/** What was found for a profile. */
export interface SeedRuns {
  readonly runs: readonly SeedRun[];
  /** A sentence for each run whose settings are not the profile's. */
  readonly leftOut: readonly string[];
}

/** The methods whose numbers depend on the seed, and the comparisons that the paper makes. */
const METHODS = ["sft-labels", "cot-sft", "dapo", "tapo"] as const satisfies readonly QuickstartRowName[];
const COMPARED: readonly (readonly [QuickstartRowName, QuickstartRowName])[] = [
  ["dapo", "cot-sft"],
  ["tapo", "cot-sft"],
  ["tapo", "dapo"],
];

/**
 * The finished runs of a profile: its own folder, and beside it the folders of `--seed`. A seed counts once: a method's row
 * that was made here goes before the recorded one.
 * @param settings the profile's; runs that differ from them in more than the seed are left out
 */
export function readSeedRuns(places: SeedPlaces, profile: string, settings: Settings): SeedRuns {
  const reports = [
    ...(places.own === undefined
      ? []
      : reportsOf(places.own, profile, "report").map((report) => ({ report, own: true }))),
    ...reportsOf(places.record, profile, "").map((report) => ({ report, own: false })),
  ];
  const leftOut: string[] = [];
  const seeds = new Map<number, Map<QuickstartRowName, { row: QuickstartRow; own: boolean }>>();
  for (const { report, own } of reports) {
    const keys = differingSettings(withoutSeeds(settings), withoutSeeds(settingsOf(report.run)));
    if (keys.length > 0) {
      leftOut.push(leftOutSentence(report, keys));
      continue;
    }
    const seed = Number(report.run.seeds["seed"]);
    const rows = seeds.get(seed) ?? new Map<QuickstartRowName, { row: QuickstartRow; own: boolean }>();
    for (const row of report.rows) if (!rows.has(row.name)) rows.set(row.name, { row, own });
    seeds.set(seed, rows);
  }
  const runs = [...seeds].map(([seed, rows]) => ({
    seed,
    rows: [...rows.values()].map(({ row }) => row),
    own: [...rows.values()].flatMap(({ row, own }) => (own ? [row.name] : [])),
  }));
  return { runs: runs.sort((a, b) => a.seed - b.seed), leftOut };
}

/** Finished reports: of the profile's own folder first, then of the folders of its seeds. */
function reportsOf(root: string, profile: string, below: string): StoredReport[] {
  const others = (fs.existsSync(root) ? fs.readdirSync(root) : []).filter(
    (other) => other.startsWith(`${profile}-seed`) && /^\d+$/.test(other.slice(profile.length + 5)),
  );
  return [profile, ...others].flatMap((name) => readReport(path.join(root, name, below)) ?? []);
}

/** Means over seeds and paired differences, with 95 % intervals over seeds. @throws LabError for fewer than two seeds */
export function seedTable(
  { runs, leftOut }: SeedRuns,
  provenance: Readonly<Record<string, string>>,
  more = "npx fine-r1 run quickstart --seed 2",
): ResultTable {
  const methods = METHODS.filter((name) => runs.filter(({ rows }) => rowOf(rows, name)).length > 1);
  if (methods.length === 0) {
    throw new LabError("there are not two seeds to take a mean of", `Make more: ${more}`);
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
      whose(runs, methods),
      ...leftOut,
    ],
    provenance: { ...provenance, seeds: runs.map(({ seed }) => seed).join(" ") },
  });
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

/** Which rows were made here and which are recorded. */
function whose(runs: readonly SeedRun[], methods: readonly QuickstartRowName[]): string {
  const counted = runs.map(({ seed, rows, own }) => {
    const there = methods.filter((name) => rowOf(rows, name) !== undefined);
    return { seed, there, own: there.filter((name) => own.includes(name)) };
  });
  if (counted.every(({ own }) => own.length === 0)) return "All rows are from results/.";
  if (counted.every(({ own, there }) => own.length === there.length)) return "All rows were made here.";
  const made = counted.filter(({ own }) => own.length > 0);
  const parts = made.map(({ seed, own }) => `seed ${seed}: ${own.map((name) => ROW_TITLES[name]).join(", ")}`);
  return `Made here: ${parts.join("; ")}. All else is from results/.`;
}
