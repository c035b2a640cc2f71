import { pca, project } from "../analysis/pca";
import type { NamePair } from "../analysis/namePairs";
import type { Separability } from "../analysis/separability";
import { LabError, required } from "../core/errors";
import type { CurationReport } from "../cot/outcomes";
import type { CotRecord } from "../cot/records";
import type { Usage } from "../model/contract";
import type { PlotlyFigure } from "./figure/figure";
import { pcaScatter } from "./figure/scatter";
import { numberColumn, resultTable, textColumn, type ResultTable } from "./table/table";

/** What single stages made, as tables and figures. */

/** A chain of thought, stage by stage, with the concepts that the teacher was told. */
export function recordTable(record: CotRecord): ResultTable {
  const { stages } = record;
  return pairTable(
    `A chain of thought for ${record.imageId}`,
    ["Part", "Text"],
    [
      ["question", record.question],
      ["visual concepts", record.concepts.join(", ")],
      ["1 analysis", stages.analysis],
      ["2 candidates", stages.candidates.join(", ")],
      ["3 comparison", stages.comparison],
      ["4 prediction", stages.prediction],
      ["training text", record.text],
    ],
  );
}

/** How many chains the teacher wrote, and why some were turned down. */
export function curationTable(report: CurationReport): ResultTable {
  const turnedDown = Object.entries(report.rejections).filter(([, count]) => count > 0);
  return resultTable({
    caption: `Chains of thought by ${report.teacher}`,
    columns: [
      textColumn("outcome", "Outcome"),
      numberColumn("chains", "Chains"),
      numberColumn("share", "% of all", { percent: true }),
    ],
    rows: [["accepted", report.accepted] as const, ...turnedDown].map(([outcome, chains]) => ({
      outcome: outcome === "accepted" ? outcome : `rejected: ${outcome}`,
      chains,
      share: report.attempts === 0 ? 0 : chains / report.attempts,
    })),
    notes: [
      `${report.images} pictures, ${report.exhausted.length} given up.`,
      ...(report.cost === undefined ? [] : [costLine(report.cost, report.accepted)]),
    ],
  });
}

/** What a served teacher cost, in all and for each chain that was kept. */
function costLine(
  { requests, retries, promptTokens, answerTokens, withheld, seconds }: Usage,
  accepted: number,
): string {
  const many = (count: number): string => Math.round(count).toLocaleString("en");
  const each = accepted === 0 ? "" : `, ${many((promptTokens + answerTokens) / accepted)} tokens a chain`;
  const again = retries === 0 ? "" : ` (${many(retries)} sent again)`;
  const kept = withheld === undefined ? "" : `, ${many(withheld)} answers withheld by the server`;
  return `${many(requests)} requests${again}: ${many(promptTokens)} tokens read, ${many(answerTokens)} written${each}${kept}; ${many(seconds)} s of waiting, all requests together.`;
}

/** A pair as the figure tells of it. */
export interface ShownPair extends Pick<NamePair, "name" | "positive"> {
  readonly image: Pick<NamePair["image"], "id">;
}

/**
 * Fig. 4: right and wrong picture–name pairs in the plane of a model's first two principal components. Hovering tells the picture, the
 * name that was asked, and whether a classifier fitted without the picture tells the pair right.
 */
export function separabilityFigure(name: string, pairs: readonly ShownPair[], found: Separability): PlotlyFigure {
  const group = (positive: boolean) => {
    const own = pairs.flatMap((pair, i) => (pair.positive === positive ? [{ pair, i }] : []));
    return {
      name: positive ? "beside its own name" : "beside another name",
      points: own.map(({ i }) => found.points[i] ?? ([NaN, NaN] as const)),
      labels: own.map(({ pair, i }) => {
        const told = found.right[i] === true ? "told right" : "told wrong";
        return `${pair.image.id}: "${pair.name}", a ${positive ? "right" : "wrong"} name, ${told}`;
      }),
    };
  };
  const { value, low, high } = found.accuracy;
  const percent = (share: number): string => (100 * share).toFixed(1);
  return pcaScatter([group(true), group(false)], {
    title: `Picture–name pairs: ${name}`,
    explained: found.explained,
    notes: [
      `A hyperplane in all dimensions tells ${percent(value)} % [${percent(low)}, ${percent(high)}] of held-out pairs apart (chance: 50 %).`,
    ],
  });
}

/** A state as a figure tells of it: the kind that gives its colour, and what hovering over it tells. */
export interface ShownState {
  readonly kind: string;
  readonly label: string;
}

/**
 * States in the plane of any two of their principal components, a colour for each kind.
 * @param states shape [N, D] @param shown shape [N] @param options.components from 1 on; default: the first two
 * @throws LabError where the states have fewer components
 */
export function componentsFigure(
  states: readonly ArrayLike<number>[],
  shown: readonly ShownState[],
  { title, components = [1, 2] }: { readonly title: string; readonly components?: readonly [number, number] },
): PlotlyFigure {
  const model = pca(states, Math.max(...components));
  const explained = (component: number): number =>
    required(model.explained[component - 1], () => {
      const reason = `${states.length} states have no component ${component}`;
      return new LabError(reason, `Take two of 1 to ${pca(states).components.length}.`);
    });
  const [x, y] = components;
  const points = project(model, states).map((at) => [at[x - 1] ?? NaN, at[y - 1] ?? NaN] as const);
  const groups = [...new Set(shown.map(({ kind }) => kind))].map((name) => {
    const own = [...shown.keys()].filter((i) => shown[i]?.kind === name);
    return {
      name,
      points: own.map((i) => points[i] ?? ([NaN, NaN] as const)),
      labels: own.map((i) => shown[i]?.label ?? ""),
    };
  });
  return pcaScatter(groups, { title, components, explained: [explained(x), explained(y)] });
}

/** A table of two columns: what something is called, and what it is. */
export function pairTable(
  caption: string,
  titles: readonly [string, string],
  rows: readonly (readonly [string, string])[],
): ResultTable {
  const columns = [textColumn("key", titles[0]), textColumn("value", titles[1])];
  return resultTable({ caption, columns, rows: rows.map(([key, value]) => ({ key, value })) });
}
