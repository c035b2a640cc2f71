import { chainOutcomes } from "../../data/chains";
import type { Dataset } from "../../data/dataset";
import { encodeThumbnail } from "../../data/rasters";
import type { BenchmarkItem } from "../../data/types";
import type { Answer } from "../../eval/answers";
import type { MetricContext, Setting } from "../../eval/metrics";
import { markAnswer, type MarkedAnswer } from "../markedAnswer";

/** What one model answered to one kind of question. */
export interface AskedModel {
  /** Tells it from the others, such as "tapo" or "tapo 2" for its second seed. */
  readonly key: string;
  readonly title: string;
  readonly setting: Setting;
  readonly thinking: boolean;
  readonly answers: readonly Answer[];
}

/** Whose answers a page shows. */
export interface BookSource extends Pick<MetricContext, "superCategory"> {
  /** Such as "table3a, profile mini". */
  readonly title: string;
  /** What the questions are of. */
  readonly dataset: Pick<Dataset, "name" | "subCategories" | "test" | "chains">;
  /** In the order in which the page offers them. */
  readonly asked: readonly AskedModel[];
  /** What is not shown, each with the reason. */
  readonly leftOut?: readonly string[];
}

export interface BrowsedQuestion {
  readonly id: string;
  readonly setting: Setting;
  readonly domain: string;
  readonly split: "seen" | "unseen";
  readonly question: string;
  readonly truth: string;
  readonly options: readonly string[] | null;
  /** Its place in `pictures`. */
  readonly picture: number;
  /** By the model's key. */
  readonly answers: Readonly<Record<string, MarkedAnswer>>;
}

/** Everything that the page of answers holds. */
export interface AnswerBook {
  readonly title: string;
  readonly datasetName: string;
  readonly models: readonly { readonly key: string; readonly title: string }[];
  readonly domains: readonly string[];
  /** What a chain can come to, in order; empty where the dataset cannot judge chains. */
  readonly outcomes: readonly string[];
  readonly questions: readonly BrowsedQuestion[];
  /** Where the page finds them. */
  readonly pictures: readonly string[];
  /** How many pictures the models were asked about, shown or not. */
  readonly allPictures: number;
  readonly leftOut: readonly string[];
}

/** Longer side of the thumbnails. */
const THUMBNAIL = 160;

/**
 * Judges the answers about at most `limit` test pictures, one of every class before a second one of any.
 * @param keep keeps a picture, a WebP file, and says where the page finds it; default: in the page itself
 */
export async function answerBook(
  source: BookSource,
  limit: number,
  keep: (webp: Buffer) => string = dataUri,
): Promise<AnswerBook> {
  const { title, dataset, asked, leftOut = [] } = source;
  const known = asked.map((model) => ({ ...model, byId: new Map(model.answers.map((one) => [one.id, one])) }));
  const tested = [...dataset.test("seen"), ...dataset.test("unseen")];
  const all = tested.filter(({ id }) => known.some(({ byId }) => byId.has(id)));
  const items = fewOfEachClass(all, limit);
  return {
    title,
    datasetName: dataset.name,
    models: [...new Map(asked.map(({ key, title: called }) => [key, { key, title: called }])).values()],
    domains: [...new Set(dataset.subCategories.map(({ superCategory }) => superCategory))],
    outcomes: dataset.chains === undefined ? [] : chainOutcomes(dataset.chains),
    questions: (["open", "closed"] as const).flatMap((setting) =>
      items.flatMap((item, picture) => questionOf(source, item, picture, setting, known)),
    ),
    pictures: (await Promise.all(items.map(thumbnail))).map(keep),
    allPictures: all.length,
    leftOut,
  };
}

/** At most `limit` items in their own order: the first of every class, then the second ones, … */
function fewOfEachClass(items: readonly BenchmarkItem[], limit: number): BenchmarkItem[] {
  const met = new Map<string, number>();
  const ranked = items.map((item, place) => {
    const { id } = item.image.subCategory;
    const rank = met.get(id) ?? 0;
    met.set(id, rank + 1);
    return { item, place, rank };
  });
  const kept = ranked.sort((a, b) => a.rank - b.rank || a.place - b.place).slice(0, limit);
  return kept.sort((a, b) => a.place - b.place).map(({ item }) => item);
}

function questionOf(
  { dataset, superCategory }: BookSource,
  { id, image, question, groundTruth }: BenchmarkItem,
  picture: number,
  setting: Setting,
  asked: readonly (AskedModel & { readonly byId: ReadonlyMap<string, Answer> })[],
): BrowsedQuestion[] {
  const given = asked.flatMap(({ byId, ...model }) => {
    const answer = model.setting === setting ? byId.get(id) : undefined;
    return answer === undefined ? [] : [{ ...model, answer }];
  });
  const [first] = given;
  if (first === undefined) return [];
  const { subCategory } = image;
  const mark = ({ thinking, answer }: (typeof given)[number]): MarkedAnswer => {
    const context = {
      thinking,
      classes: dataset.subCategories,
      ...(superCategory === undefined ? {} : { superCategory }),
    };
    return markAnswer(answer, subCategory, context, dataset.chains);
  };
  return [
    {
      ...{ id, setting, picture, domain: subCategory.superCategory, split: subCategory.seen ? "seen" : "unseen" },
      ...{ question, truth: groundTruth, options: first.answer.options },
      answers: Object.fromEntries(given.map((one) => [one.key, mark(one)])),
    },
  ];
}

async function thumbnail({ image }: BenchmarkItem): Promise<Buffer> {
  return encodeThumbnail(await image.load(), THUMBNAIL);
}

function dataUri(webp: Buffer): string {
  return `data:image/webp;base64,${webp.toString("base64")}`;
}
