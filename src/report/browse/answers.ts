import * as path from "node:path";
import { z } from "zod";
import { configFiles } from "../../config/names";
import { loadWorldConfig } from "../../miniworld/config";
import { LabError } from "../../core/errors";
import { printable } from "../../core/printable";
import { checkChain, checkInWords, type MarkedStep } from "../../data/chains";
import { buildMiniWorld } from "../../miniworld/world";
import type { MiniDataset } from "../../miniworld/types";
import { encodeThumbnail } from "../../data/rasters";
import type { BenchmarkItem } from "../../data/types";
import { readRecords, type EvaluationRecord } from "../../eval/records";
import { finishedStages, type FinishedStage } from "../../store/finished";
const QUICKSTART_ROWS: readonly string[] = [];
const ROW_TITLES: Record<string, string> = {};

/** What a model said to a question. */
export interface BrowsedAnswer {
  readonly answer: string | null;
  readonly right: boolean;
  /** "right answer, wrong count"; without a chain "right answer". */
  readonly verdict: string;
  /** The first wrong step of its chain; null for a model that was asked without one. */
  readonly firstWrong: string | null;
  /** The chain, step by step; null where there is none to read. */
  readonly steps: readonly MarkedStep[] | null;
  /** The output as it was written, where `steps` does not tell it. */
  readonly output: string | null;
}

export interface BrowsedQuestion {
  readonly id: string;
  readonly world: "open" | "closed";
  readonly domain: string;
  readonly split: "seen" | "unseen";
  readonly truth: string;
  readonly options: readonly string[] | null;
  /** Its place in `pictures`. */
  readonly picture: number;
  /** By the model's key. */
  readonly answers: Readonly<Record<string, BrowsedAnswer>>;
}

/** Everything that the page of a run holds. */
export interface AnswerBook {
  readonly title: string;
  readonly worldName: string;
  /** Those of the quickstart's table in its order, then others. */
  readonly models: readonly { readonly key: string; readonly title: string }[];
  readonly domains: readonly string[];
  readonly questions: readonly BrowsedQuestion[];
  /** Data URIs, WebP. */
  readonly pictures: readonly string[];
  /** How many pictures the run was asked about, shown or not. */
  readonly allPictures: number;
  /** Evaluations of the run that are not shown, each with the reason. */
  readonly leftOut: readonly string[];
}

interface Asked {
  readonly model: string;
  readonly world: "open" | "closed";
  readonly thinking: boolean;
  readonly records: ReadonlyMap<string, EvaluationRecord>;
}

const inputsSchema = z.object({
  world: z.string(),
  asking: z.object({ world: z.enum(["open", "closed"]), thinking: z.boolean() }).optional(), // an encoder has none
});

/** Longer side of the thumbnails. */
const THUMBNAIL = 160;

/**
 * Reads the answers of a run: of every model and kind of question the newest finished evaluation, about at most `limit`
 * pictures, one of every class before a second one of any.
 * @throws LabError when the run has no answers, or is about a world that is not among the configs
 */
export async function readAnswers(run: string, limit: number): Promise<AnswerBook> {
  const { evaluations, strangers } = newestEvaluations(run);
  const [first] = evaluations;
  if (first === undefined) {
    throw new LabError("holds no finished evaluation", "Run the experiment first, for example: npm start", {
      subject: run,
    });
  }
  const world = worldOf(first.digest, run);
  const ofWorld = evaluations.filter(({ digest }) => digest === first.digest);
  const ofOthers = evaluations.filter(({ digest }) => digest !== first.digest);
  const asked = ofWorld.map(readAsked);
  const all = [...world.test("seen"), ...world.test("unseen")].filter(({ id }) => asked.some((a) => a.records.has(id)));
  const items = fewOfEachClass(all, limit);
  return {
    title: path.join(path.basename(path.dirname(path.resolve(run))), path.basename(path.resolve(run))),
    worldName: world.name,
    models: modelsOf(asked),
    domains: world.config.domains,
    questions: (["open", "closed"] as const).flatMap((kind) =>
      items.flatMap((item, picture) => questionOf(world, item, picture, kind, asked)),
    ),
    pictures: await Promise.all(items.map(thumbnail)),
    allPictures: all.length,
    leftOut: [...strangers, ...ofOthers.map(({ stage }) => `${path.basename(stage.folder)} asks about another world`)],
  };
}

interface Evaluation {
  readonly stage: FinishedStage;
  readonly digest: string;
  readonly world: "open" | "closed";
  readonly thinking: boolean;
}

function modelsOf(asked: readonly Asked[]): AnswerBook["models"] {
  const known = QUICKSTART_ROWS.filter((row) => asked.some(({ model }) => model === row));
  const others = new Set(asked.map(({ model }) => model).filter((model) => !known.some((row) => row === model)));
  return [
    ...known.map((key) => ({ key, title: ROW_TITLES[key] ?? key })),
    ...[...others].map((key) => ({ key, title: key })),
  ];
}

/** The newest evaluation of each model and kind of question, and the folders of evaluations whose record is another's. */
function newestEvaluations(run: string): { evaluations: Evaluation[]; strangers: string[] } {
  const newest = new Map<string, Evaluation>();
  const strangers: string[] = [];
  for (const stage of finishedStages(run)) {
    const name = path.basename(stage.folder);
    const inputs = inputsSchema.safeParse(stage.inputs);
    if (!name.startsWith("eval-") && !stage.stage.startsWith("eval-")) continue;
    if (!name.startsWith(`${stage.stage}-`) || !inputs.success) {
      const what = inputs.success ? `of the stage "${stage.stage}"` : "of no evaluation";
      strangers.push(printable(`${name}, whose stage.json is ${what}`));
      continue;
    }
    const { world, thinking } = inputs.data.asking ?? { world: "closed", thinking: false };
    newest.set(`${stage.stage} ${world}`, { stage, digest: inputs.data.world, world, thinking });
  }
  return { evaluations: [...newest.values()], strangers };
}

function readAsked({ stage, world, thinking }: Evaluation): Asked {
  const records = readRecords(path.join(stage.folder, "records.jsonl"));
  return {
    model: stage.stage.slice("eval-".length),
    world,
    thinking,
    records: new Map(records.map((r) => [r.id, r])),
  };
}

/** The world of that digest among configs/worlds: a run does not keep its world, it is generated again. */
function worldOf(digest: string, run: string): MiniDataset {
  for (const file of configFiles("worlds")) {
    const world = buildMiniWorld(loadWorldConfig(file));
    if (world.fingerprint === digest) return world;
  }
  throw new LabError(
    `asks about a world (${digest}) that no file of configs/worlds makes any more`,
    "Browse a run of this version, or restore the world's file.",
    { subject: run },
  );
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
  world: MiniDataset,
  item: BenchmarkItem,
  picture: number,
  kind: "open" | "closed",
  asked: readonly Asked[],
): BrowsedQuestion[] {
  const { id, image, groundTruth } = item;
  const given = asked.flatMap(({ model, world: its, thinking, records }) => {
    const record = its === kind ? records.get(id) : undefined;
    return record === undefined ? [] : [{ model, thinking, record }];
  });
  const [first] = given;
  if (first === undefined) return [];
  return [
    {
      id,
      world: kind,
      domain: image.subCategory.superCategory,
      split: image.subCategory.seen ? "seen" : "unseen",
      truth: groundTruth,
      options: first.record.options,
      picture,
      answers: Object.fromEntries(
        given.map(({ model, thinking, record }) => [model, answerOf(world, item, record, thinking)]),
      ),
    },
  ];
}

function answerOf(world: MiniDataset, item: BenchmarkItem, record: EvaluationRecord, thinking: boolean): BrowsedAnswer {
  const { correct: right } = record;
  const answer = record.answer === null ? null : printable(record.answer);
  const output = printable(record.output);
  if (!thinking) {
    const bare = output.replace(/<\/?answer>/gu, "").trim() === answer;
    const verdict = right ? "right answer" : "wrong answer";
    return { answer, right, verdict, firstWrong: null, steps: null, output: bare ? null : output };
  }
  const options = record.options ?? undefined;
  const { subCategory } = item.image;
  const check = checkChain(world.chains, record.output, subCategory, options);
  const steps = world.chains.mark(record.output, subCategory, options) ?? null;
  return {
    answer,
    right,
    verdict: checkInWords({ ...check, answerRight: right }),
    firstWrong: check.stage,
    steps,
    output: steps === null ? output : null,
  };
}

async function thumbnail({ image }: BenchmarkItem): Promise<string> {
  const webp = await encodeThumbnail(await image.load(), THUMBNAIL);
  return `data:image/webp;base64,${webp.toString("base64")}`;
}
