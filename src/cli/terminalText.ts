import { workerData } from "node:worker_threads";
import type { ResultTable } from "../report/table/table";
import { toText } from "../report/table/text";
import type { Terminal } from "./supervise";

/** A table of long texts, no wider than the terminal that it is read in; a line per row where it goes into a file or a pipe. */
export function terminalText(table: ResultTable): string {
  const { columns } = (workerData ?? {}) as Terminal; // null in the tests, which have no supervisor
  return toText(table, columns);
}
