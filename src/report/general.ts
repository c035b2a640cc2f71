import { NEEDS, type Need, type QuestionSet } from "../data/questions";
import { GENERAL, kindSetting } from "../eval/questions";
import { groupedBars } from "./figure/bars";
import type { PlotlyFigure } from "./figure/figure";
import { originMarks } from "./notes";
import { methodTable, pivotColumns, type MeasuredColumn } from "./pivot";
import type { Results } from "./standard";

/** Columns and the figure of questions for more than a name (Table 7). */

const TITLES: Readonly<Record<Need, string>> = {
  recognition: "Recognition first",
  reading: "Reading pictures",
  text: "Knowledge in text",
};

/** All questions of one need alike; pictures that are only read may be of no class, so that they are not divided into splits. */
export const NEED_COLUMNS: readonly MeasuredColumn[] = NEEDS.map((need) => ({
  ...column(need),
  group: TITLES[need],
  splits: need === "reading" ? ["all"] : ["seen", "unseen"],
}));

/** A column per kind of question, under the heading of what it needs. */
export function kindColumns({ kinds }: QuestionSet): MeasuredColumn[] {
  return kinds.map(({ name, title, need }) => ({
    ...column(need, kindSetting(name)),
    ...{ group: TITLES[need], splits: ["all"], title, key: name },
  }));
}

/** Right answers of every method, a bar for each need. */
export function needBars({ methods, measurements, colours }: Results): PlotlyFigure | undefined {
  const title = "Questions for more than a name";
  const columns = NEEDS.map((need): MeasuredColumn => ({ ...column(need), splits: ["all"], title: TITLES[need] }));
  const table = methodTable(measurements, { caption: title, methods, columns, marks: originMarks(methods) });
  if (table.rows.length === 0) return undefined;
  const values = pivotColumns(columns).map((pivot) => pivot.column.key);
  const intervals = "95 % intervals over questions";
  return groupedBars(table, { title, label: "method", values, yTitle: "right answers in %", intervals, colours });
}

function column(need: Need, setting = GENERAL): Pick<MeasuredColumn, "setting" | "metric" | "domain" | "key"> {
  return { setting, metric: need, domain: "items", key: need };
}
