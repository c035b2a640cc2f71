import { groupBy } from "../core/groups";
import type { Dataset } from "../data/dataset";
import { OPTIONS } from "../data/drawn";
import type { StepFigures } from "../engine/metrics";
import { CLOSED_ACCURACY, SS_RELATIVE, TEXT_INCLUSION, type Measurement } from "../eval/measurements";
import { seedsNote, type Drawn } from "./drawn";
import { methodBars, methodColours, runCurves, sweepLines, type FigurePanel, type TrainingRun } from "./figures";
import type { PlotlyFigure } from "./figure/figure";
import type { Colours } from "./figure/style";
import { CHAIN_NOTE, choiceNote, originMarks } from "./notes";
import { chainColumns, domainColumns, type MeasuredColumn, type MethodTitle, type TableLayout } from "./pivot";

/** Columns and notes that the tables of most experiments have. */

/** What a table or a figure is made of. */
export interface Results {
  /** In the order of the experiment; marked where their numbers are not this run's. */
  readonly methods: readonly MethodTitle[];
  /** Of one seed, for tables. */
  readonly measurements: readonly Measurement[];
  readonly seed: number;
  /** Over the seeds that there are, for figures. */
  readonly drawn: Drawn;
  /** The steps of each method that this run trained with that seed, by its name. */
  readonly curves: ReadonlyMap<string, readonly StepFigures[]>;
  /** What each analysis found of a method that this run made, by the method's name and its own; a kind's schema reads it. */
  readonly found?: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  /** The closed world's accuracy of whoever guesses; absent where nothing is asked. */
  readonly chance?: number | undefined;
  /** A method's colour, the same in every figure, by name and by title. */
  readonly colours: Colours;
}

const SPLITS = ["seen", "unseen"] as const;

/** SS_relative (Eq. 5), seen beside unseen: the measure of the paper's ablations. */
export const SIMILARITY: MeasuredColumn = {
  group: "Open world, SS_rel",
  ...SS_RELATIVE,
  splits: SPLITS,
  key: "similarity",
};

/** Accuracy in both worlds and SS_relative, seen beside unseen: means over the domains. */
export const STANDARD_COLUMNS: readonly MeasuredColumn[] = [
  { group: "Closed world", ...CLOSED_ACCURACY, splits: SPLITS, key: "closed" },
  { group: "Open world, text inclusion", ...TEXT_INCLUSION, splits: SPLITS, key: "open" },
  SIMILARITY,
];

/** What the standard columns are, for a table of one seed. */
export function standardNote({ subCategories }: Pick<Dataset, "subCategories">): string {
  const sizes = [...groupBy(subCategories, ({ superCategory }) => superCategory).values()].map(({ length }) => length);
  const fewer = sizes.some((classes) => classes < OPTIONS) ? ", or as many as a super-category has classes," : "";
  return `Closed world: four options${fewer} in shuffled order. Open world: text inclusion; SS_rel: relative semantic similarity (Eq. 5). Mean over the domains, one seed, 95 % intervals over test items.`;
}

/** SS_relative over seen and unseen classes: the "Avg." of the paper's open-world tables. */
export const SIMILARITY_OF_BOTH: MeasuredColumn = { ...SIMILARITY, splits: ["all"], title: "Avg. of both" };

/** An experiment's own table, of the standard columns and those that come behind them. */
export function standardTable(
  caption: string,
  { notes = [], more = [] }: { readonly notes?: readonly string[]; readonly more?: readonly MeasuredColumn[] } = {},
) {
  return {
    name: "table",
    layout: (dataset: Pick<Dataset, "subCategories">) => ({
      caption,
      columns: [...STANDARD_COLUMNS, ...more],
      notes: [standardNote(dataset), ...notes],
    }),
  };
}

/** How often the released accuracy of the closed world counts another option than the truth as right. */
export function closedNote({ measurements, methods }: Results): string[] {
  return choiceNote(measurements, methods);
}

/** Where chains break, over all items of a split; nothing where the dataset cannot tell. */
export function chainLayout({ chains }: Pick<Dataset, "chains">): Omit<TableLayout, "methods"> | undefined {
  return (
    chains && {
      caption: "First wrong step of the chains, open world, % of items",
      splitRows: SPLITS,
      columns: chainColumns(chains),
      notes: [`${CHAIN_NOTE} Shares of all items of a split; the table of accuracy takes the mean over the domains.`],
    }
  );
}

/** Columns as in the paper's Tables 1, 2 and 6, for the domains of a dataset. */
export function byDomain(
  { subCategories }: Pick<Dataset, "subCategories">,
  of: Pick<Measurement, "setting" | "metric">,
): MeasuredColumn[] {
  return domainColumns([...new Set(subCategories.map(({ superCategory }) => superCategory))].sort(), of);
}

/** Accuracy of every method, seen beside unseen, in one world. */
export function accuracyBars({ methods, drawn, colours, chance }: Results, setting: "closed" | "open"): PlotlyFigure {
  return methodBars(drawn, {
    title: `Accuracy in the ${setting} world`,
    yTitle: "accuracy in %",
    methods,
    marks: originMarks(methods),
    column: { setting, metric: "accuracy", splits: SPLITS },
    colours,
    ...(setting === "closed" && chance !== undefined ? { chance } : {}),
  });
}

/** SS_relative of every method, seen beside unseen. */
export function similarityBars({ methods, drawn, colours }: Results): PlotlyFigure {
  return methodBars(drawn, {
    title: "Relative semantic similarity in the open world",
    yTitle: "SS_rel in %",
    methods,
    marks: originMarks(methods),
    column: { ...SS_RELATIVE, splits: SPLITS },
    colours,
  });
}

/** SS_relative of every method as points: near its ceiling differences are small beside it, and would vanish in bars. */
export function similarityPoints({ methods, drawn }: Results): PlotlyFigure {
  return sweepLines(drawn, {
    title: "Relative semantic similarity in the open world",
    xTitle: "",
    yTitle: "SS_rel in %",
    points: methods.map(({ name, title, ...mark }, x) => ({ method: name, x, label: title, ...mark })),
    marks: originMarks(methods),
    column: { ...SS_RELATIVE, splits: [...SPLITS, "all"] },
    joined: false,
    width: 900,
  });
}

/** The curves of supervised fine-tuning: loss by step. */
export function sftCurves(results: Results): PlotlyFigure | undefined {
  return curvesOf(results, false, [{ title: "loss per token", figure: "loss" }], "Supervised fine-tuning");
}

/** The curves of stage 2. */
export function rlCurves(results: Results): PlotlyFigure | undefined {
  const panels = [
    { title: "reward of the rollouts", figure: "reward" },
    { title: "share of right answers", figure: "accuracy" },
    { title: "entropy of the sampled tokens", figure: "entropy" },
    { title: "KL to the negative image", figure: "klNegative" },
    { title: "gradient norm", figure: "gradNorm" },
    { title: "answer length in tokens", figure: "length" },
  ];
  return curvesOf(results, true, panels, "Reinforcement learning");
}

/** The same results with some of the methods alone, in colours of their own: a figure tells no more than seven apart. */
export function only(results: Results, names: readonly string[]): Results {
  const methods = results.methods.filter(({ name }) => names.includes(name));
  return { ...results, methods, colours: methodColours(methods) };
}

function curvesOf(
  { methods, curves, colours, seed }: Results,
  rewarded: boolean,
  panels: readonly FigurePanel[],
  title: string,
): PlotlyFigure | undefined {
  const runs = methods.flatMap(({ name, title: called }): TrainingRun[] => {
    const steps = curves.get(name) ?? [];
    if (steps.length === 0 || steps.some((step) => "reward" in step !== rewarded)) return [];
    // at every step: by its objective, which leaves the term out, and not by measurement
    const without = steps.every(({ klNegative }) => klNegative === 0) ? ["klNegative"] : [];
    return [{ title: called, steps, without }];
  });
  if (runs.length === 0) return undefined;
  const notes = seedsNote({ seeds: [seed] });
  return runCurves(runs, panels, { title, notes, colours, ...(rewarded ? { smoothing: 0.6 } : {}) });
}
