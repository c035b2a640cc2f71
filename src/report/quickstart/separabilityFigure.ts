import type { SeparabilityStage } from "../../lab/explore";
import type { PlotlyFigure } from "../figure/figure";
import { pcaScatter } from "../figure/scatter";

/** Fig. 4: right and wrong picture–name pairs in the plane of a model's first two principal components. */
export function separabilityFigure(name: string, { pairs, result }: SeparabilityStage): PlotlyFigure {
  const group = (positive: boolean) => {
    const own = pairs.flatMap((pair, i) => (pair.positive === positive ? [{ pair, point: result.points[i] }] : []));
    return {
      name: positive ? "beside its own name" : "beside another name",
      points: own.map(({ point }) => point ?? ([NaN, NaN] as const)),
      labels: own.map(({ pair }) => `${pair.image.subCategory.name} beside "${pair.name}"`),
    };
  };
  const { value, low, high } = result.accuracy;
  const percent = (share: number): string => (100 * share).toFixed(1);
  return pcaScatter([group(true), group(false)], {
    title: `Picture–name pairs: ${name}`,
    explained: result.explained,
    notes: [
      `A hyperplane in all dimensions tells ${percent(value)} % [${percent(low)}, ${percent(high)}] of held-out pairs apart (chance: 50 %).`,
    ],
  });
}
