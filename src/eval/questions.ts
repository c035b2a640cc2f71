import { z } from "zod";
import { canonicalName, widestAnswer } from "../core/answer";
import { required } from "../core/errors";
import { groupBy } from "../core/groups";
import { Random } from "../core/random";
import { buildPrompt, thinkFirst, type PromptSet } from "../data/prompts";
import {
  CHOICE_RULES,
  NEEDS,
  type GeneralQuestion,
  type NamedFirst,
  type Need,
  type QuestionKind,
} from "../data/questions";
import type { Completion, Prompt, VisionLanguageModel } from "../model/contract";
import { openAnswersOf } from "./answers";
import type { AskingRun } from "./asking";
import { inBatches } from "./batches";
import { chosenIn } from "./choice";
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
  /** Why a server gave no more of it, or nothing, in its own word. */
  withheld: z.string().optional(),
  /** Of a choice: what it is read by, and what was to choose from. */
  choice: z.strictObject({ rule: z.enum(CHOICE_RULES), options: z.array(z.string()).readonly() }).optional(),
  group: z.string().optional(),
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
      const put = batch.map((one) => ({ one, ...turnOf(one, namings.get(one.id), options) }));
      const asked = put.filter(({ user }) => user !== null);
      const said = await generate(await Promise.all(asked.map(({ one, user }) => promptOf(one, user))), index, stop);
      const outputs = new Map(asked.map(({ one }, i) => [one.id, said[i]]));
      return put.map(({ one: { id, kind, domain, seen, truth, choice, group }, naming, user }) => {
        const { text = "", tokenIds = [], length = tokenIds.length, finish = "stop", withheld } = outputs.get(id) ?? {};
        const said = { naming, user, output: text, tokens: length, finish };
        return { ...{ id, kind, domain, seen, truth }, ...said, ...given({ choice, group, withheld }) };
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

/** The keys that have a value. */
function given<T extends object>(keys: { readonly [K in keyof T]: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** The turn that is put: of a picture that is named first, about its name. What holds a tag is none. A choice is asked with its reasons. */
function turnOf(
  { user, choice }: GeneralQuestion,
  naming: string | undefined,
  { thinking, promptSet }: QuestionAsking,
) {
  if (!isNamedFirst(user)) return { naming: null, user: choice !== undefined && thinking ? thinkFirst(promptSet, user) : user }; // prettier-ignore
  const name = answerOf(naming ?? "", thinking) ?? "";
  return { naming: naming ?? "", user: name === "" || /[<>]/u.test(name) ? null : user.then(name) };
}

async function promptOf({ load, user: own }: GeneralQuestion, user: string | null): Promise<Prompt> {
  const images = load === undefined || isNamedFirst(own) ? [] : [await load()];
  return { messages: [{ role: "user", content: user ?? "" }], images };
}

/** Whether an answer, in its tags where it has some, is the true one, or chooses it; the parts of a list in any order. */
export function isRight({ output, truth, choice }: Pick<QuestionAnswer, "output" | "truth" | "choice">): boolean {
  if (choice !== undefined) return chosenIn(output, choice) === truth;
  const parts = (text: string): string => (widestAnswer(text) ?? text).split(",").map(canonicalName).sort().join(",");
  return parts(output) === parts(truth);
}

/** Right answers of one kind, domain and split. Plain JSON. */
export interface QuestionCount extends Pick<QuestionAnswer, "kind" | "domain" | "seen"> {
  readonly need: Need;
  readonly right: number;
  readonly n: number;
  /** Of choices: answers that choose nothing that could be read. They count as wrong. */
  readonly unread?: number | undefined;
  /** Of questions in groups: the groups, and those of them whose every question was answered right. */
  readonly groups?: number | undefined;
  readonly groupsRight?: number | undefined;
}

/** What a model's answers come to. */
export interface QuestionCounts {
  readonly counts: readonly QuestionCount[];
  /** Lines and files of a benchmark that could not be used, where there are such. */
  readonly skipped?: number | undefined;
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
      unread: z.int().min(0).optional(),
      groups: z.int().min(1).optional(),
      groupsRight: z.int().min(0).optional(),
    }),
  ),
  skipped: z.int().min(1).optional(),
});

/** Counts answers: a row per kind, domain and split, in the order in which they first come. */
export function countAnswers(answers: readonly QuestionAnswer[], kinds: readonly QuestionKind[]): QuestionCount[] {
  const needs = new Map(kinds.map(({ name, need }) => [name, need]));
  const rows = groupBy(answers, ({ kind, domain, seen }) => JSON.stringify([kind, domain, seen]));
  return [...rows.values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const { kind, domain, seen } = first;
    const need = required(needs.get(kind), () => new RangeError(`countAnswers: there is no kind "${kind}"`));
    const right = own.filter(isRight);
    const chosen = own.flatMap(({ output, choice }) => (choice === undefined ? [] : [chosenIn(output, choice)]));
    const unread = chosen.length === 0 ? {} : { unread: chosen.filter((one) => one === null).length };
    return [{ kind, need, domain, seen, right: right.length, n: own.length, ...unread, ...countGroups(own) }];
  });
}

function countGroups(answers: readonly QuestionAnswer[]): Pick<QuestionCount, "groups" | "groupsRight"> {
  const right = new Map<string, boolean>();
  for (const answer of answers) {
    if (answer.group !== undefined) right.set(answer.group, isRight(answer) && right.get(answer.group) !== false);
  }
  if (right.size === 0) return {};
  return { groups: right.size, groupsRight: [...right.values()].filter(Boolean).length };
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
