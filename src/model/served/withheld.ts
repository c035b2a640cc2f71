import { note } from "../../core/notes";
import { printableLine } from "../../core/printable";
import type { Completion } from "../contract";
import type { Address } from "./address";

/** How many answers a server withheld or cut short, by its reasons: they count as what they are, mostly wrong, and nobody should take that for the model's. */
export class Withheld {
  private all = 0;
  private readonly reasons = new Map<string, number>();

  count(completions: readonly Completion[]): void {
    this.all += completions.length;
    for (const { withheld } of completions)
      if (withheld !== undefined) this.reasons.set(withheld, (this.reasons.get(withheld) ?? 0) + 1);
  }

  get number(): number {
    return [...this.reasons.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Says it, if there are any. @param who as messages call the model */
  tell(who: string): void {
    if (this.number === 0) return;
    const reasons = [...this.reasons].map(([reason, count]) => `${count} ${printableLine(reason).slice(0, 40)}`);
    const were = `${this.number} of ${this.all} answers were withheld or cut short by the server (${reasons.join(", ")})`;
    note(`${who}: ${were}. They are judged as they came, the empty ones as wrong.`);
  }
}

const told = new Set<string>();

/** Says, once, that a server answers with another model than was asked for. Some have several names for one. @param by as the server names it */
export function noteOther({ shown, model }: Address, by: string | null): void {
  if (by === null || by === model || told.has(`${shown} ${by}`)) return;
  told.add(`${shown} ${by}`);
  note(
    `${shown}: the server says that "${printableLine(by).slice(0, 100)}" answers. Make sure that this is the model you mean.`,
  );
}
