import type { Dataset } from "../data/dataset";
import type { BenchmarkItem, Split } from "../data/types";
import { CHANGE_SETTING, CHANGES, changeOf, countChanges, MCNEMAR } from "../eval/changes";
import type { Change, ChangeCounts } from "../eval/changes";
import { select } from "../eval/measurements";
import type { Setting } from "../eval/metrics";
import type { AskedModel, BookSource } from "./browse/book";
import { chainView, type AnsweredQuestion } from "./chainView";
import { html, pictureUrl, QUIET, type HtmlView, type Markup } from "./display/view";
import { markAnswer } from "./markedAnswer";
import type { MeasuredColumn } from "./pivot";
import type { Results } from "./standard";

/** Case studies (Fig. 6): the same picture answered by several models, chosen by a rule and not by hand. */

/** One question with the models' answers, steps marked. */
export interface Case extends AnsweredQuestion {
  /** The question's id. */
  readonly id: string;
  readonly change: Change;
}

/** Cases with the rule by which they were chosen. Plain JSON: a page needs nothing else to show them. */
export interface Cases extends ChangeCounts {
  readonly setting: Setting;
  readonly split: Split;
  /** The models' titles, in their order. */
  readonly models: readonly string[];
  /** How the cases were chosen, in a sentence. */
  readonly rule: string;
  /** In the order of `CHANGES`. */
  readonly cases: readonly Case[];
}

/** Whose answers are looked at. */
export interface CaseSource extends Pick<BookSource, "superCategory"> {
  readonly dataset: Pick<Dataset, "subCategories" | "test" | "chains">;
  /** From the first model to the last. */
  readonly asked: readonly AskedModel[];
}

export interface CaseChoice {
  readonly setting: Setting;
  readonly split: Split;
  /** Cases of each kind of change, at most; default 1. */
  readonly perChange?: number;
}

/**
 * The first questions by id, of those that every model was asked, for each of the four things that can become of an answer.
 * Models that were not asked in the setting are left out; the cases of one alone are right or wrong.
 */
export async function casesOf(source: CaseSource, { setting, split, perChange = 1 }: CaseChoice): Promise<Cases> {
  const asked = source.asked
    .filter((model) => model.setting === setting)
    .map((model) => ({ ...model, byId: new Map(model.answers.map((answer) => [answer.id, answer])) }));
  const [common = new Set<string>(), ...others] = asked.map(({ byId }) => new Set(byId.keys()));
  const items = source.dataset
    .test(split)
    .filter(({ id }) => common.has(id) && others.every((ids) => ids.has(id)))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const judged = items.map((item) => {
    const answers = asked.flatMap((model) => answerOf(source, model, item));
    return { item, answers, change: changeOf(answers.at(0)?.right === true, answers.at(-1)?.right === true) };
  });
  const chosen = CHANGES.flatMap((change) => judged.filter((one) => one.change === change).slice(0, perChange));
  const cases = chosen.map(async ({ item: { id, image, question, groundTruth }, answers, change }): Promise<Case> => {
    const options = asked[0]?.byId.get(id)?.options ?? null;
    return {
      ...{ id, change, picture: await pictureUrl(await image.load()), question, truth: groundTruth },
      about: `${split} class · ${image.subCategory.superCategory}`,
      ...(options === null ? {} : { options }),
      answers,
    };
  });
  return {
    ...{ setting, split, models: asked.map(({ title }) => title) },
    ...countChanges(judged.map(({ change }) => change)),
    rule: `Shown: of each of the four kinds ${perChange === 1 ? "the question that comes first" : `the ${perChange} questions that come first`} by id.`,
    cases: await Promise.all(cases),
  };
}

type AskedById = AskedModel & { readonly byId: ReadonlyMap<string, AskedModel["answers"][number]> };

function answerOf({ dataset, superCategory }: CaseSource, { title, thinking, byId }: AskedById, item: BenchmarkItem) {
  const answer = byId.get(item.id);
  if (answer === undefined) return [];
  const context = {
    ...{ thinking, classes: dataset.subCategories },
    ...(superCategory === undefined ? {} : { superCategory }),
  };
  return [{ title, ...markAnswer(answer, item.image.subCategory, context, dataset.chains) }];
}

/** The two by two counts of the first and the last model, and each case below a heading that says what became of it. */
export function casesView({ setting, split, models, counts, p, rule, cases }: Cases): HtmlView {
  const [first = "", last = ""] = [models.at(0), models.at(-1)];
  const said = [inWords({ counts, p }, `${setting} questions about ${split} classes`), rule];
  const views = cases.map((one) => ({ heading: headingOf(one, first, last), view: chainView(one) }));
  const shown = views.map(
    ({ heading, view }) =>
      html`<div style="border-top:1px solid rgba(128,128,128,0.5);margin-top:14px;padding-top:10px">
        <div style="font-weight:600;margin-bottom:8px">${heading}</div>
        ${view.html}
      </div>`,
  );
  const square = countTable(counts, first, last);
  return {
    html: html`<div style="color:inherit;line-height:1.5">
      ${square} ${said.map((line) => html`<div style="${QUIET}">${line}</div>`)} ${shown}
    </div>`,
    text: [...said, ...views.flatMap(({ heading, view }) => [`\n${heading}`, view.text])].join("\n"),
  };
}

/** "Of 96 open questions about unseen classes 20 were mended …": the first model wrong, the last right. */
function inWords({ counts, p }: ChangeCounts, questions: string): string {
  const all = CHANGES.reduce((sum, change) => sum + counts[change], 0);
  return `Of ${all} ${questions} ${counts.mended} were mended and ${counts.spoiled} spoiled, ${counts["both right"]} answered right and ${counts["both wrong"]} wrong by both (McNemar's exact p ${shownP(p)}).`;
}

function headingOf({ id, change }: Case, first: string, last: string): string {
  const told: Readonly<Record<Change, string>> = {
    mended: `Mended: wrong by “${first}”, right by “${last}”`,
    spoiled: `Spoiled: right by “${first}”, wrong by “${last}”`,
    "both right": "Right by both",
    "both wrong": "Wrong by both",
  };
  return `${told[change]} (${id})`;
}

function countTable(counts: Cases["counts"], first: string, last: string): Markup {
  const cell = "padding:2px 14px;text-align:right";
  const row = (title: string, right: number, wrong: number): Markup =>
    html`<tr>
      <th scope="row" style="text-align:left;font-weight:normal;padding-right:14px">${title}</th>
      <td style="${cell}">${right}</td>
      <td style="${cell}">${wrong}</td>
    </tr>`;
  return html`<table style="border-collapse:collapse;margin:6px 0">
    <tr>
      <td></td>
      <th scope="col" style="${cell}">${last}: right</th>
      <th scope="col" style="${cell}">${last}: wrong</th>
    </tr>
    ${row(`${first}: right`, counts["both right"], counts.spoiled)}
    ${row(`${first}: wrong`, counts.mended, counts["both wrong"])}
  </table>`;
}

const SPLITS = [
  { split: "seen", group: "Seen classes" },
  { split: "unseen", group: "Unseen classes" },
] as const;

/** How many answers became what, for seen and for unseen classes. */
export const CHANGE_COLUMNS: readonly MeasuredColumn[] = SPLITS.flatMap(({ split, group }) =>
  CHANGES.map((metric): MeasuredColumn => ({
    ...{ setting: CHANGE_SETTING, metric, domain: "items", splits: [split], group, title: metric },
    ...{ percent: false, show: "value" },
  })),
);

/** McNemar's p of every method, of one seed. */
export function changeNotes({ methods, measurements }: Pick<Results, "methods" | "measurements">): string[] {
  return methods.flatMap(({ name, title }) => {
    const told = SPLITS.flatMap(({ split }) =>
      select(measurements, { method: name, setting: CHANGE_SETTING, metric: MCNEMAR, split }).map(
        ({ value }) => `${shownP(value)} on ${split} classes`,
      ),
    );
    const test = "McNemar's exact test of mended against spoiled, two-sided, about other questions under these weights";
    return told.length === 0 ? [] : [`${title}: p ${told.join(", ")} (${test}).`];
  });
}

function shownP(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}
