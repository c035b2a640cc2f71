import { LabError } from "../core/errors";
import { select, type Measurement } from "../eval/measurements";
import { meanOverSeeds } from "../eval/statistics";
import { METHOD_COLUMN, meansNote, measurementIn, pivotColumns, shownValue } from "./pivot";
import type { MeasuredColumn, MethodTitle, PivotColumn } from "./pivot";
import { numberColumn, resultTable, type Cell, type ResultTable, type Row } from "./table/table";

/** Measurements of several seeds. Of a method and a seed that several have, those made here count, then those of an earlier run. */
export interface SeedMeasurements {
  readonly here: readonly Measurement[];
  /** Of earlier runs with the same settings. */
  readonly earlier?: readonly Measurement[];
  readonly recorded: readonly Measurement[];
  /** Of methods that no seed changes, such as the base: they have no row, and stand beside every seed in differences. */
  readonly given?: readonly Measurement[];
}

/** Two methods by name: the first minus the second. */
export type ComparedPair = readonly [string, string];

export interface SeedLayout {
  readonly caption: string;
  /** The methods whose numbers depend on the seed, in the order of the rows. */
  readonly methods: readonly MethodTitle[];
  /** The differences below them. */
  readonly compared: readonly ComparedPair[];
  /** How a difference calls a method; default: its title. */
  readonly shortTitles?: Readonly<Record<string, string>>;
  readonly columns: readonly MeasuredColumn[];
  /** What the seeds do not vary, such as "One world and one base." */
  readonly scope?: string;
  readonly provenance?: Readonly<Record<string, string>>;
  /** How to make another seed, for the error where there are too few. */
  readonly more: string;
}

/** Fewer seeds than this say little about how seeds scatter. */
const FEW = 4;
const FEWER = { mark: "*", meaning: "over fewer seeds than the row counts" } as const;

/** Means over seeds and paired differences, with 95 % intervals over seeds. @throws LabError for fewer than two seeds */
export function seedTable(measured: SeedMeasurements, layout: SeedLayout): ResultTable {
  const runs = seedRuns(measured, layout.methods);
  const given = measured.given ?? [];
  const columns = pivotColumns(layout.columns.filter(({ overSeeds }) => overSeeds !== false));
  const seedsOf = (name: string): number[] => runs.filter(({ own }) => own.has(name)).map(({ seed }) => seed);
  const methods = layout.methods.filter(({ name }) => seedsOf(name).length > 1);
  if (methods.length === 0)
    throw new LabError("there are not two seeds to take a mean of", `Make more: ${layout.more}`);
  const short = (name: string): string =>
    layout.shortTitles?.[name] ?? layout.methods.find((method) => method.name === name)?.title ?? name;
  const isGiven = (name: string): boolean => given.some(({ method }) => method === name);
  const shared = ([a, b]: ComparedPair): number =>
    runs.filter(({ own }) => [a, b].some((name) => own.has(name)) && [a, b].every((name) => own.has(name) || isGiven(name))).length; // prettier-ignore
  const compared = layout.compared.filter((pair) => shared(pair) > 1);
  const difference = ([a, b]: ComparedPair): Row =>
    meanRow(runs, `${short(a)} minus ${short(b)}`, columns, (run, column) => {
      const of = (name: string) => valueOf(run.own.get(name) ?? select(given, { method: name }), column);
      const [first, second] = [of(a), of(b)];
      return first === undefined || second === undefined ? undefined : first - second;
    });
  const differences = compared
    .map((pair) => ({ pair, row: difference(pair) }))
    .filter(({ row }) => Number(row["seeds"]) > 0); // a given row may have been asked nothing that the table shows
  const constant = differences.flatMap(({ pair }) => pair.filter(isGiven));
  const rows = [
    ...methods.map(({ name, title }) => meanRow(runs, title, columns, (run, column) => valueOf(run.own.get(name) ?? [], column))), // prettier-ignore
    ...differences.map(({ row }) => row),
  ];
  const single = layout.methods.flatMap(({ name, title }) => {
    const [seed, another] = seedsOf(name);
    return seed === undefined || another !== undefined ? [] : [`${title} (seed ${seed})`];
  });
  return resultTable({
    caption: layout.caption,
    columns: [METHOD_COLUMN, numberColumn("seeds", "Seeds"), ...columns.map(({ column }) => column)],
    rows,
    notes: [
      `Mean over seeds with Student's 95 % interval over seeds; differences are paired: taken seed by seed.${layout.scope === undefined ? "" : ` ${layout.scope}`}`,
      ...givenNote(constant.map(short)),
      ...fewNote(rows),
      ...(single.length === 0 ? [] : [`One seed only, so no mean: ${single.join(", ")}.`]),
      ...meansNote(columns),
      whose(runs, methods),
    ],
    marks: { [FEWER.mark]: FEWER.meaning },
    provenance: { ...layout.provenance, seeds: runs.map(({ seed }) => seed).join(" ") },
  });
}

/** Where measurements come from; the first that has some counts. */
const SOURCES = ["here", "earlier", "recorded"] as const;
type Source = (typeof SOURCES)[number];

/** One seed's measurements by method, and where each method's come from. */
interface SeedRun {
  readonly seed: number;
  readonly own: ReadonlyMap<string, readonly Measurement[]>;
  readonly from: ReadonlyMap<string, Source>;
}

function seedRuns(measured: SeedMeasurements, methods: readonly MethodTitle[]): SeedRun[] {
  const names = methods.map(({ name }) => name);
  const of = (source: Source): readonly Measurement[] => measured[source] ?? [];
  const counted = SOURCES.flatMap(of).filter(({ method }) => names.includes(method));
  const seeds = [...new Set(counted.map(({ seed }) => seed))].sort((a, b) => a - b);
  return seeds.map((seed) => {
    const own = new Map<string, readonly Measurement[]>();
    const from = new Map<string, Source>();
    for (const method of names) {
      const source = SOURCES.find((one) => select(of(one), { seed, method }).length > 0);
      if (source === undefined) continue;
      own.set(method, select(of(source), { seed, method }));
      from.set(method, source);
    }
    return { seed, own, from };
  });
}

function valueOf(measurements: readonly Measurement[], column: PivotColumn): number | undefined {
  const found = measurementIn(measurements, column);
  return found === undefined ? undefined : shownValue(column, found);
}

function meanRow(
  runs: readonly SeedRun[],
  title: string,
  columns: readonly PivotColumn[],
  of: (run: SeedRun, column: PivotColumn) => number | undefined,
): Row {
  const values = columns.map((pivot) => ({ key: pivot.column.key, all: runs.flatMap((run) => of(run, pivot) ?? []) }));
  const seeds = Math.max(...values.map(({ all }) => all.length));
  const cells = values.map(({ key, all }): [string, Cell] => {
    if (all.length < 2) return [key, null];
    const { value, low, high } = meanOverSeeds(all);
    return [key, { value, low, high, ...(all.length < seeds ? { mark: FEWER.mark } : {}) }];
  });
  return { method: title, seeds, ...Object.fromEntries(cells) };
}

function givenNote(titles: readonly string[]): string[] {
  const once = [...new Set(titles)];
  return once.length === 0 ? [] : [`Not trained, and the same beside every seed: ${once.join("; ")}.`];
}

/** Warns of intervals over two or three seeds. */
function fewNote(rows: readonly Row[]): string[] {
  const few = rows.filter(({ seeds }) => Number(seeds) < FEW).length;
  if (few === 0) return [];
  const which = few === rows.length ? "Intervals here" : "Where a row has 2 or 3 seeds, its intervals";
  return [
    `${which} rest on 2 or 3 seeds, too few to tell how much seeds scatter: they are wide (Student's t is 12.7 for 2 seeds, ` +
      "4.3 for 3), hold only if seeds scatter as a normal distribution, and change much with one more seed.",
  ];
}

/** Which methods were measured here, which by an earlier run, and which are recorded. */
function whose(runs: readonly SeedRun[], methods: readonly MethodTitle[]): string {
  const of = (source: Source): string[] =>
    runs.flatMap(({ seed, from }) => {
      const titles = methods.filter(({ name }) => from.get(name) === source).map(({ title }) => title);
      return titles.length === 0 ? [] : [`seed ${seed}: ${titles.join(", ")}`];
    });
  const [here, earlier, recorded] = [of("here"), of("earlier"), of("recorded")];
  if (here.length + earlier.length === 0) return "All rows are from results/.";
  if (earlier.length + recorded.length === 0) return "All rows are of this run.";
  if (here.length + recorded.length === 0) return "All rows are of earlier runs with the same settings.";
  return [
    ...(here.length === 0 ? [] : [`Made here: ${here.join("; ")}.`]),
    ...(earlier.length === 0 ? [] : [`Made by an earlier run with the same settings: ${earlier.join("; ")}.`]),
    ...(recorded.length === 0 ? [] : ["All else is from results/."]),
  ].join(" ");
}
