import type { Claim, ClaimedDifference } from "../eval/claims";
import type { Difference } from "../eval/effects";
import { published, type PublishedId } from "../report/published/published";

/** What claims (claims.ts) are written with. */

/** What a claim is about: a measure, and where it is taken. */
export type Measure = Pick<Difference, "setting" | "metric" | "domain">;
type Split = Difference["split"];

/** `a` minus `b`. @param paper the same difference in the paper */
export function minus(a: string, b: string, of: Measure, split: Split, paper?: number): ClaimedDifference {
  return { a, b, ...of, split, ...(paper === undefined ? {} : { paper }) };
}

type Common = Pick<Claim, "experiment" | "where">;

/** Claims about one experiment, and where the paper makes them unless a claim says otherwise. */
export function about(common: Common, claims: readonly (Omit<Claim, keyof Common> & Partial<Common>)[]): Claim[] {
  return claims.map((claim) => ({ ...common, ...claim }));
}

/** A row of the paper minus another. @throws RangeError where one of them is not printed */
export function printed(table: PublishedId, a: string, b: string, column = "avg"): number {
  const [first, second] = [published(table, a, column), published(table, b, column)];
  if (first === null || second === null) throw new RangeError(`printed: ${table} has no ${a} or no ${b}`);
  return Number((first.value - second.value).toFixed(6)); // more digits than are printed are rounding
}
