import { z } from "zod";
import { canonicalName, widestAnswer } from "../core/answer";
import { required } from "../core/errors";
import { Random } from "../core/random";
import { buildPrompt, type PromptSet } from "../data/prompts";
import { NEEDS, type GeneralQuestion, type NamedFirst, type Need, type QuestionKind } from "../data/questions";
import type { Completion, Prompt, VisionLanguageModel } from "../model/contract";
import { openAnswersOf } from "./answers";
import type { AskingRun } from "./asking";
import { inBatches } from "./batches";
import { answerOf } from "./judge";
import { measureItems, type Measured } from "./measure";

/** What was said to one question that asks for more than a name, as it was said. */
export type QuestionAnswer = Readonly<z.infer<typeof questionAnswerSchema>>;

const questionAnswerSchema = z.strictObject({
  /** Id, kind, domain and truth of the question. */
  id: z.string(),
  kind: z.string(),
  domain: z.string(),
  seen: z.boolean().nullable(),
  truth: z.string(),
  /** What was said when the picture was to be named first; null where it was not. */
  naming: z.string().nullable(),
  /** The user's turn as it was put; null where no name was given to put it with. */
  user: z.string().nullable(),
  /** All that was said to it, tags included; "" where it was not put. */
  output: z.string(),
  tokens: z.int().min(0),
  finish: z.enum(["stop", "length"]),
});

/** How questions are asked. The form of an answer is the question's own; pictures are named in the form of the set of prompts. */
export interface QuestionAsking extends AskingRun {
  readonly promptSet: PromptSet;
  /** Whether pictures are named with reasoning before the name. */
  readonly thinking: boolean;
  readonly maxNewTokens: number;
  readonly batchSize: number;
}

/** Asks a model every question once, greedily. @returns an answer per question, in their order */
export async function askQuestions(
  model: VisionLanguageModel,
  questions: readonly GeneralQuestion[],
  options: QuestionAsking,
): Promise<QuestionAnswer[]> {
  const { promptSet, thinking, maxNewTokens, batchSize, answersFile, label = model.name, progress, signal } = options;
  const settings = { model: model.name, promptSet, thinking, maxNewTokens, batchSize };
  const generate = async (prompts: readonly Prompt[], index: number, stop: AbortSignal): Promise<Completion[]> => {
    if (prompts.length === 0) return [];
    const seed = new Random(0).fork(`batch ${index}`).uint32();
    const made = await model.generate(prompts, {
      samples: 1,
      maxNewTokens,
      temperature: 0,
      topP: 1,
      seed,
      signal: stop,
    });
    return prompts.map((_, i) =>
      required(made[i]?.[0], () => new RangeError(`askQuestions: ${made.length} answers to ${prompts.length} prompts`)),
    );
  };
  return inBatches(questions, {
    ...{ batchSize, label, signal, ahead: model.lanes ?? 1, usage: model.usage?.bind(model) },
    ...(progress === undefined ? {} : { progress }),
    store: answersFile === undefined ? undefined : openAnswersOf(questionAnswerSchema, answersFile, settings),
    isRight,
    ask: async (batch, index, stop) => {
      const first = batch.flatMap((one) => (isNamedFirst(one.user) ? [{ ...one, user: one.user }] : []));
      const prompts = await Promise.all(first.map((one) => namingPrompt(one, options)));
      const named = await generate(prompts, index, stop);
      const namings = new Map(first.map(({ id }, i) => [id, named[i]?.text ?? ""]));
      const put = batch.map((one) => ({ one, ...turnOf(one, namings.get(one.id), thinking) }));
      const asked = put.filter(({ user }) => user !== null);
      const said = await generate(await Promise.all(asked.map(({ one, user }) => promptOf(one, user))), index, stop);
      const outputs = new Map(asked.map(({ one }, i) => [one.id, said[i]]));
      return put.map(({ one: { id, kind, domain, seen, truth }, naming, user }) => {
        const { text = "", tokenIds = [], length = tokenIds.length, finish = "stop" } = outputs.get(id) ?? {};
        return { id, kind, domain, seen, truth, naming, user, output: text, tokens: length, finish };
      });
    },
  });
}

function isNamedFirst(user: GeneralQuestion["user"]): user is NamedFirst {
  return typeof user !== "string";
}

async function namingPrompt(
  { domain, user: { question }, load }: GeneralQuestion & { readonly user: NamedFirst },
  { promptSet, thinking }: QuestionAsking,
): Promise<Prompt> {
  const image = await required(load, () => new RangeError("a question names a picture and has none"))();
  return buildPrompt(promptSet, { question, superCategory: domain, image, thinking });
}

/** The turn that is put: of a picture that is named first, about its name. What holds a tag is none. */
function turnOf({ user }: GeneralQuestion, naming: string | undefined, thinking: boolean) {
  if (!isNamedFirst(user)) return { naming: null, user };
  const name = answerOf(naming ?? "", thinking) ?? "";
  return { naming: naming ?? "", user: name === "" || /[<>]/u.test(name) ? null : user.then(name) };
}

async function promptOf({ load, user: own }: GeneralQuestion, user: string | null): Promise<Prompt> {
  const images = load === undefined || isNamedFirst(own) ? [] : [await load()];
  return { messages: [{ role: "user", content: user ?? "" }], images };
}

/** Whether an answer, in its tags where it has some, is the true one; the parts of a list in any order. */
export function isRight({ output, truth }: Pick<QuestionAnswer, "output" | "truth">): boolean {
  const parts = (text: string): string => (widestAnswer(text) ?? text).split(",").map(canonicalName).sort().join(",");
  return parts(output) === parts(truth);
}

/** Right answers of one kind, domain and split. Plain JSON. */
export interface QuestionCount extends Pick<QuestionAnswer, "kind" | "domain" | "seen"> {
  readonly need: Need;
  readonly right: number;
  readonly n: number;
}

/** What a model's answers come to. */
export interface QuestionCounts {
  readonly counts: readonly QuestionCount[];
}

export const questionCountsSchema: z.ZodType<QuestionCounts> = z.strictObject({
  counts: z.array(
    z.strictObject({
      kind: z.string(),
      need: z.enum(NEEDS),
      domain: z.string(),
      seen: z.boolean().nullable(),
      right: z.int().min(0),
      n: z.int().min(1),
    }),
  ),
});

/** Counts answers: a row per kind, domain and split, in the order in which they first come. */
export function countAnswers(answers: readonly QuestionAnswer[], kinds: readonly QuestionKind[]): QuestionCount[] {
  const needs = new Map(kinds.map(({ name, need }) => [name, need]));
  const counts = new Map<string, QuestionCount>();
  for (const answer of answers) {
    const { kind, domain, seen } = answer;
    const key = JSON.stringify([kind, domain, seen]);
    const need = required(needs.get(kind), () => new RangeError(`countAnswers: there is no kind "${kind}"`));
    const { right, n } = counts.get(key) ?? { right: 0, n: 0 };
    counts.set(key, { kind, need, domain, seen, right: right + Number(isRight(answer)), n: n + 1 });
  }
  return [...counts.values()];
}

/** What measurements of all general questions alike are made on; those of one kind have a setting of their own. */
export const GENERAL = "general";

/** What measurements of one kind of question are made on. */
export function kindSetting(kind: string): string {
  return `${GENERAL}, ${kind}`;
}

/**
 * The share of right answers by what is needed ("recognition"), of all questions alike and of each kind, laid out over domains and
 * splits as `measure` does.
 */
export function questionMeasurements({ counts }: QuestionCounts): Measured[] {
  const rows = (setting: string, need: Need, own: readonly QuestionCount[]): Measured[] => {
    const judged = own.flatMap(({ domain, seen, right, n }) =>
      Array.from({ length: n }, (_, i) => ({ domain, seen, value: i < right })),
    );
    return measureItems(judged, { setting, metric: need });
  };
  const needs = NEEDS.flatMap((need) => rows(GENERAL, need, counts.filter((one) => one.need === need))); // prettier-ignore
  const kinds = new Map(counts.map(({ kind, need }) => [kind, need]));
  return [
    ...needs,
    ...[...kinds].flatMap(([kind, need]) => rows(kindSetting(kind), need, counts.filter((one) => one.kind === kind))), // prettier-ignore
  ];
}
