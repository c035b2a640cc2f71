import type { ChainErrorRow } from "../../analysis/chainErrors";
import { QUICKSTART_ROWS } from "../../experiments/quickstart";
import type { StoredQuickstart } from "./store";
import type { Origin, ShownRow } from "./tables";

/** Rows from several sources in the order of the table. */
export interface Gathered {
  readonly rows: readonly ShownRow[];
  readonly chainErrors: readonly ShownRow<ChainErrorRow>[];
  /** What the report keeps in its file. */
  readonly kept: StoredQuickstart;
}

/**
 * A method's rows from the run that made it last: this one, else an earlier one, else the record.
 * @param recording whether a record is written, which keeps the rows of the record before it; a report never takes them over
 */
export function gather(
  made: StoredQuickstart,
  earlier: StoredQuickstart | undefined,
  recorded: StoredQuickstart | undefined,
  recording: boolean,
): Gathered {
  const sources: readonly (readonly [Origin, StoredQuickstart | undefined])[] = [
    ["run", made],
    ["earlier", earlier],
    ["record", recorded],
  ];
  const rows: ShownRow[] = [];
  const chainErrors: ShownRow<ChainErrorRow>[] = [];
  for (const name of QUICKSTART_ROWS) {
    const source = sources.find(([, stored]) => stored?.rows.some((row) => row.name === name));
    if (source?.[1] === undefined) continue;
    const [origin, stored] = source;
    rows.push(...stored.rows.filter((row) => row.name === name).map((row) => ({ row, origin })));
    const chains = stored.chainErrors.filter((row) => row.method === name);
    chainErrors.push(...chains.map((row) => ({ row, origin })));
  }
  const own = <T>(shown: readonly ShownRow<T>[]): T[] =>
    shown.flatMap(({ row, origin }) => (recording || origin !== "record" ? [row] : []));
  return { rows, chainErrors, kept: { rows: own(rows), chainErrors: own(chainErrors) } };
}
