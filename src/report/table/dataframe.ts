import type { DataFrame } from "danfojs-node";
import { loadBackend } from "../../core/backend";
import { flatten } from "./csv";
import type { ResultTable } from "./table";

/**
 * The table as a danfojs `DataFrame`: one column a key, with `key_low`, `key_high` and `key_mark` where cells have them.
 * danfojs brings TensorFlow with it, which must start with our settings (core/backend), so it is loaded after them.
 */
export async function toDataFrame(table: ResultTable): Promise<DataFrame> {
  await loadBackend();
  const danfo = await import("danfojs-node");
  const { keys, rows } = flatten(table);
  return new danfo.DataFrame(
    rows.map((row) => [...row]),
    { columns: [...keys] },
  );
}
