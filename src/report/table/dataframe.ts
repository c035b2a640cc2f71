import { DataFrame } from "danfojs-node";
import { flatten } from "./csv";
import type { ResultTable } from "./table";

/** The table as a danfojs `DataFrame`: one column a key, with `key_low`, `key_high` and `key_mark` where cells have them. */
export function toDataFrame(table: ResultTable): DataFrame {
  const { keys, rows } = flatten(table);
  return new DataFrame(
    rows.map((row) => [...row]),
    { columns: [...keys] },
  );
}
