import type * as Danfo from "danfojs-node";
import { loadBackend } from "../../core/backend";
import { flatten } from "./csv";
import type { ResultTable } from "./table";

/**
 * The table as a danfojs `DataFrame`: the columns of its CSV, in the same units. What was not measured is NaN in a column of
 * numbers, and left out of statistics; the statistics of nothing are NaN.
 * danfojs brings TensorFlow with it, which must start with our settings (core/backend), so it is loaded after them.
 */
export async function toDataFrame(table: ResultTable): Promise<Danfo.DataFrame> {
  await loadBackend();
  const danfo = await import("danfojs-node");
  mendStatistics(danfo);
  const { columns, rows } = flatten(table);
  const cells = rows.map((row) => row.map((cell, at) => cell ?? (columns[at]?.kind === "number" ? NaN : null)));
  return new danfo.DataFrame(cells, {
    columns: columns.map(({ key }) => key),
    dtypes: columns.map(({ kind }) => (kind === "number" ? "float32" : "string")),
  });
}

/** What we use of danfojs' grouping class, which it does not export. */
interface Grouping {
  groupMathLog: (this: Grouping, values: readonly unknown[], operation: string) => number[];
}

let mended = false;

/**
 * danfojs 1.2 counts a gap in some statistics and not in others: `describe` takes it into its mean and leaves it out of its
 * count, and the least value of a group depends on where the gap stands. Mended on the classes themselves, since a frame that is
 * sorted, filtered or cut out of another is a new object.
 */
function mendStatistics({ DataFrame }: typeof Danfo): void {
  if (mended) return;
  mended = true;
  // danfojs-node's class inherits from the one that derived frames are made of
  let frames = DataFrame.prototype;
  while (!Object.hasOwn(frames, "describe")) frames = Object.getPrototypeOf(frames) as Danfo.DataFrame;
  frames.describe = function (this: Danfo.DataFrame) {
    const names = this.columns.filter((_, at) => this.dtypes[at] !== "string");
    return new DataFrame(Object.fromEntries(names.map((name) => [name, summary(this, name)])), {
      index: ["count", "mean", "std", "min", "median", "max", "variance"],
    });
  };
  const grouping = Object.getPrototypeOf(new DataFrame([[1, 1]]).groupby(["0"])) as Grouping;
  const compute = grouping.groupMathLog;
  grouping.groupMathLog = function (values, operation) {
    if (operation.startsWith("cum")) return compute.call(this, values, operation);
    const measured = values.filter((value) => value !== null && !Number.isNaN(value));
    return measured.length === 0 && operation !== "count" ? [NaN] : compute.call(this, measured, operation);
  };
}

/** What `describe` tells of a column. */
function summary(frame: Danfo.DataFrame, name: string): number[] {
  const column = frame.column(name);
  const count = column.count();
  if (count === 0) return [0, NaN, NaN, NaN, NaN, NaN, NaN];
  return [count, column.mean(), column.std(), column.min(), column.median(), column.max(), column.var()];
}
