import * as z from "zod";
import type { Answer } from "./answers";
import type { Measurement } from "./measurements";
import type { Metric, MetricContext } from "./metrics";

/** A question, as far as comparing two methods on it needs. */
export type Item = Readonly<Pick<Answer, "id" | "domain" | "seen">>;

/**
 * What a metric said of each of a method's answers: what paired comparisons need and a measurement, a mean, has lost. Lists of items
 * that are alike are one list.
 */
export interface Outcomes extends Readonly<Pick<Measurement, "method" | "seed" | "setting" | "metric">> {
  readonly items: readonly Item[];
  /** One per item, in [0, 1] and in steps of 1/1295: right is 1 and wrong 0. `null`: the answer does not count. */
  readonly values: readonly (number | null)[];
}

/** Judges the answers of one method, seed and setting by one metric. */
export function outcomesOf(
  answers: readonly Answer[],
  metric: Metric,
  context: MetricContext,
): Pick<Outcomes, "items" | "values"> {
  const judged = answers.map((answer) => metric.of(answer, context));
  return {
    items: answers.map(({ id, domain, seen }) => ({ id, domain, seen })),
    values: judged.map((value) => (value === null ? null : stepped(Number(value)))),
  };
}

/*
 * The file. Items stand in it once for all methods: by domain and split, their ids. Values are a text in the order of the items. Of right
 * and wrong it has a digit per item: "1", "0", "-" where the answer does not count. Of numbers it has two digits of base 36 per item,
 * "00" for 0 to "zz" for 1 in steps of 1/1295, or "--": what rounding adds to a mean is far below what a table shows.
 */

const STEPS = 36 ** 2 - 1;

/** A value as the file can hold it, so that a run and whoever reads its record judge by the same numbers. */
const stepped = (value: number): number => Math.round(value * STEPS) / STEPS;
const DIGITS = /^(?:[01-]*|(?:[0-9a-z]{2}|--)*)$/u;

export function encodeValues(values: Outcomes["values"]): string {
  const binary = values.every((value) => value === null || value === 0 || value === 1);
  return values
    .map((value) => {
      if (binary) return value === null ? "-" : String(value);
      return value === null ? "--" : Math.round(value * STEPS).toString(36).padStart(2, "0"); // prettier-ignore
    })
    .join("");
}

/** @param count how many values the text holds, which tells how many digits each has */
export function decodeValues(text: string, count: number): (number | null)[] {
  const width = text.length / Math.max(1, count);
  return Array.from({ length: count }, (_, at) => {
    const digits = text.slice(at * width, (at + 1) * width);
    if (digits.startsWith("-")) return null;
    return width === 1 ? Number(digits) : parseInt(digits, 36) / STEPS;
  });
}

const bySplit = z.strictObject({ seen: z.array(z.string()), unseen: z.array(z.string()) });
const listSchema = z.record(z.string(), bySplit);
type ItemList = z.infer<typeof listSchema>;

/** What stands in the file. */
const fileSchema = z
  .strictObject({
    version: z.literal(1),
    items: z.array(listSchema),
    outcomes: z.array(
      z.strictObject({
        method: z.string(),
        seed: z.int(),
        setting: z.string(),
        metric: z.string(),
        /** The place of its list in `items`. */
        items: z.int().min(0),
        values: z.string().regex(DIGITS),
      }),
    ),
  })
  .superRefine(({ items, outcomes }, found) => {
    const counts = items.map((list) => itemsOf(list).length);
    outcomes.forEach(({ items: place, values }, at) => {
      const count = counts[place];
      const fits = count !== undefined && (values.length === count || values.length === 2 * count);
      if (!fits) found.addIssue({ code: "custom", message: "does not fit its list of items", path: ["outcomes", at] });
    });
  });

/** Outcomes from the file's JSON. */
export const outcomesSchema = fileSchema.transform(({ items: lists, outcomes }): Outcomes[] => {
  const items = lists.map(itemsOf);
  return outcomes.map(({ items: place, values, ...of }) => {
    const own = items[place] ?? [];
    return { ...of, items: own, values: decodeValues(values, own.length) };
  });
});

/** The file's text, a line per list of items and per method, seed, setting and metric. */
export function outcomesText(outcomes: readonly Outcomes[]): string {
  const places = new Map<string, number>();
  const lines = outcomes.map(({ method, seed, setting, metric, items, values }) => {
    const list = listOf(items);
    const text = JSON.stringify(list);
    const place = places.get(text) ?? places.size;
    places.set(text, place);
    const byId = new Map(items.map(({ id }, at) => [id, values[at] ?? null]));
    const ordered = itemsOf(list).map(({ id }) => byId.get(id) ?? null);
    return JSON.stringify({ method, seed, setting, metric, items: place, values: encodeValues(ordered) });
  });
  return `{"version": 1,\n"items": [\n${[...places.keys()].join(",\n")}],\n"outcomes": [\n${lines.join(",\n")}]}\n`;
}

/** Items by domain and split, in the order of their names and ids, so that lists of the same items are one. */
function listOf(items: readonly Item[]): ItemList {
  const of = (domain: string, seen: boolean): string[] =>
    items.filter((item) => item.domain === domain && item.seen === seen).map(({ id }) => id).sort(); // prettier-ignore
  const domains = [...new Set(items.map(({ domain }) => domain))].sort();
  return Object.fromEntries(domains.map((domain) => [domain, { seen: of(domain, true), unseen: of(domain, false) }]));
}

function itemsOf(list: ItemList): Item[] {
  return Object.entries(list).flatMap(([domain, { seen, unseen }]) => [
    ...seen.map((id) => ({ id, domain, seen: true })),
    ...unseen.map((id) => ({ id, domain, seen: false })),
  ]);
}
