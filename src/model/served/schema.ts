import { z } from "zod";

/** What is read of the replies of OpenAI-compatible servers; what else they hold is passed over. */

const count = z.int().min(0);
const ids = z.array(z.int().min(0));

export interface ModelCard {
  readonly id: string;
  readonly ownedBy: string;
  /** vLLM and SGLang: the hub's name or the folder that it was loaded from. */
  readonly root: string | null;
  readonly maxModelLen: number | null;
}

export const modelsSchema: z.ZodType<readonly ModelCard[]> = z
  .object({
    data: z.array(
      z.object({
        id: z.string(),
        owned_by: z.string().nullish(),
        root: z.string().nullish(),
        max_model_len: count.nullish(),
      }),
    ),
  })
  .transform(({ data }) =>
    data.map(({ id, owned_by, root, max_model_len }) => ({
      ...{ id, ownedBy: owned_by ?? "", root: root ?? null, maxModelLen: max_model_len ?? null },
    })),
  );

export const versionSchema: z.ZodType<string> = z.object({ version: z.string() }).transform(({ version }) => version);

export interface Chat {
  /** Who answered, where that is told. */
  readonly model: string | null;
  readonly choices: readonly {
    readonly text: string;
    readonly finish: "stop" | "length";
    /** Why it is not all that the model wrote, as the server has it; null where it is. */
    readonly withheld: string | null;
    readonly tokenIds: readonly number[] | null;
    readonly logProbs: readonly number[] | null;
  }[];
  readonly promptTokens: number;
  readonly answerTokens: number;
  /** vLLM: the prompt as tokens, those that stand for its pictures included. */
  readonly promptTokenIds: readonly number[] | null;
  /** vLLM: log π of each of them, under its id; null for the first. */
  readonly promptLogProbs: readonly (Readonly<Record<string, { readonly logprob: number }>> | null)[] | null;
}

/** log π of a token: at most 0, but for what rounding adds. */
const logprob = z.number().max(1e-4);
/** How a model ends by itself, in the words of the servers. */
const STOPS = new Set(["stop", "eos", "eos_token", "stop_word", "stop_sequence", "end_turn"]);

const choiceSchema = z
  .object({
    message: z.object({ content: z.string().nullish() }),
    finish_reason: z.string().nullish(),
    token_ids: ids.nullish(),
    logprobs: z.object({ content: z.array(z.object({ logprob })).nullish() }).nullish(),
  })
  .transform(({ message, finish_reason, token_ids, logprobs }) => ({
    text: message.content ?? "",
    finish: finish_reason === "length" ? ("length" as const) : ("stop" as const),
    withheld: withheldBy(finish_reason ?? "stop", message.content ?? null),
    tokenIds: token_ids ?? null,
    logProbs: logprobs?.content?.map((one) => one.logprob) ?? null,
  }));

/** What a server gives as its reason when it cuts an answer short ("content_filter"); "no content" where it gives none, and no text. */
function withheldBy(finish: string, content: string | null): string | null {
  if (finish !== "length" && !STOPS.has(finish)) return finish;
  return content === null ? "no content" : null;
}

export const chatSchema: z.ZodType<Chat> = z
  .object({
    model: z.string().nullish(),
    choices: z.array(choiceSchema).min(1),
    usage: z.object({ prompt_tokens: count, completion_tokens: count.nullish() }).nullish(),
    prompt_token_ids: ids.nullish(),
    prompt_logprobs: z.array(z.record(z.string(), z.object({ logprob })).nullable()).nullish(),
  })
  .transform(({ model, choices, usage, prompt_token_ids, prompt_logprobs }) => ({
    model: model ?? null,
    choices,
    promptTokens: usage?.prompt_tokens ?? 0,
    answerTokens: usage?.completion_tokens ?? 0,
    promptTokenIds: prompt_token_ids ?? null,
    promptLogProbs: prompt_logprobs ?? null,
  }));

/** vLLM's /tokenize and /detokenize. */
export const tokensSchema: z.ZodType<readonly number[]> = z.object({ tokens: ids }).transform(({ tokens }) => tokens);
export const textSchema: z.ZodType<string> = z.object({ prompt: z.string() }).transform(({ prompt }) => prompt);

/** vLLM's /pooling with the task "token_embed": a vector for each token of the prompt. */
export const statesSchema: z.ZodType<readonly (readonly number[])[]> = z
  .object({ data: z.array(z.object({ data: z.array(z.array(z.number())).min(1) })).length(1) })
  .transform(({ data }) => data[0]?.data ?? []);
