import type { QuickstartRowName } from "../../experiments/quickstart";
import { ROW_TITLES, scoresOf, type ShownRow } from "./tables";

/** What a run came to, in one sentence: TAPO against CoT SFT where both are there, else the last row that the run made. */
export function headline(rows: readonly ShownRow[]): string | undefined {
  const scored = (name: QuickstartRowName) => {
    const shown = rows.find(({ row }) => row.name === name);
    const value = shown === undefined ? undefined : scoresOf(shown.row).open_unseen?.value;
    return shown === undefined || value === undefined ? undefined : { value, origin: shown.origin };
  };
  const where = "on unseen classes, open world (one seed)";
  const [tapo, cotSft] = [scored("tapo"), scored("cot-sft")];
  if (tapo !== undefined && cotSft !== undefined && [tapo, cotSft].some(({ origin }) => origin === "run")) {
    const recorded = [["TAPO", tapo] as const, ["CoT SFT", cotSft] as const].filter(([, s]) => s.origin === "record");
    const from = recorded.map(([name]) => `; ${name} from results/`).join("");
    return `TAPO − CoT SFT = ${points(tapo.value - cotSft.value)} points ${where}${from}.`;
  }
  const last = rows.filter(({ row, origin }) => origin === "run" && scored(row.name) !== undefined).at(-1);
  if (last === undefined) return undefined;
  const value = scored(last.row.name)?.value ?? 0;
  return `${ROW_TITLES[last.row.name]}: ${(value * 100).toFixed(1)} % ${where}.`;
}

/** A difference of shares in percentage points, with its sign. */
function points(difference: number): string {
  const text = (Math.abs(difference) * 100).toFixed(1);
  return text === "0.0" ? text : `${difference > 0 ? "+" : "−"}${text}`;
}
