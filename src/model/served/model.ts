import { LabError, required } from "../../core/errors";
import { Random } from "../../core/random";
import { allOf } from "../../workers/job";
import type {
  Completion,
  HiddenStateOptions,
  Opening,
  Prompt,
  SamplingOptions,
  Scored,
  Usage,
  VisionLanguageModel,
} from "../contract";
import { parseAddress } from "./address";
import { poolingBody, type Found } from "./look";
import { wireMessages, type WireMessage } from "./messages";
import { Replies, requestId, type KeptReply } from "./replies";
import { chatSchema, statesSchema, textSchema, tokensSchema, type Chat } from "./schema";
import { Server, type Patience } from "./server";
import { noteOther, Withheld } from "./withheld";

/** A model behind the chat completions API of an OpenAI-compatible server. */
export class ServedModel implements VisionLanguageModel {
  readonly name: string;
  readonly lanes: number;
  private readonly server: Server;
  private readonly replies: Replies;
  private readonly withheld = new Withheld();
  private spent: Omit<Usage, "retries" | "withheld"> = { requests: 0, promptTokens: 0, answerTokens: 0, seconds: 0 };

  constructor(
    where: string,
    private readonly found: Found,
    { replies }: Pick<Opening, "replies"> = {},
    patience?: Patience,
  ) {
    this.server = new Server(parseAddress(where), patience);
    this.replies = new Replies(replies);
    this.replies.earlier.forEach((reply) => {
      this.pay(reply);
      this.withheld.count(reply.completions);
    });
    this.name = this.server.address.model;
    this.lanes = this.server.lanes;
  }

  generate(prompts: readonly Prompt[], options: SamplingOptions): Promise<Completion[][]> {
    const { signal } = options;
    return allOf(
      prompts.map((prompt, b) => (stop: AbortSignal) => this.completionsOf(prompt, b, { ...options, signal: stop })),
      { signal },
    );
  }

  logProbs(items: readonly Scored[]): Promise<number[][]> {
    return allOf(items.map((item) => (stop: AbortSignal) => this.scoresOf(item, stop)));
  }

  hiddenStates(prompts: readonly Prompt[], options: HiddenStateOptions): Promise<Float32Array[]> {
    if (options.layer !== "last") throw this.unable("show its hidden states after any layer but the last");
    return allOf(prompts.map((prompt) => (stop: AbortSignal) => this.stateOf(prompt, options.pool, stop)));
  }

  /** Asks the server, which has the tokenizer. @throws LabError where it does not tell tokens */
  async encodeCompletion(text: string): Promise<number[]> {
    const end = required(this.found.end, () => this.unable("tell the tokens of a text"));
    const body = { model: this.name, prompt: text, add_special_tokens: false };
    const { value } = await this.server.ask(`${this.server.address.root}/tokenize`, { body, schema: tokensSchema });
    return [...value, end];
  }

  /** Asks the server. @throws LabError where it does not tell tokens */
  async decode(tokenIds: readonly number[]): Promise<string> {
    const end = required(this.found.end, () => this.unable("tell the text of tokens"));
    const tokens = tokenIds.filter((id) => id !== end);
    if (tokens.length === 0) return "";
    const body = { model: this.name, tokens };
    const { value } = await this.server.ask(`${this.server.address.root}/detokenize`, { body, schema: textSchema });
    return value;
  }

  usage(): Usage {
    const { number } = this.withheld;
    return { ...this.spent, retries: this.server.retries, ...(number === 0 ? {} : { withheld: number }) };
  }

  dispose(): void {
    this.withheld.tell(this.server.address.shown);
    this.server.close();
    this.replies.close();
  }

  /**
   * G completions of one prompt; greedy ones are alike, and asked for once. A server that gives fewer than it is asked for (llama.cpp and transformers know no `n`) is asked again for those that
   * are missing, with the seeds that follow.
   */
  private async completionsOf(prompt: Prompt, index: number, options: SamplingOptions): Promise<Completion[]> {
    const { samples, seed, signal } = options;
    const own = new Random(seed).fork(index).uint32() >>> 1; // servers read larger ones as negative, or as "at random"
    const messages = await this.conversation(prompt);
    const wanted = options.temperature === 0 ? 1 : samples;
    const done: Completion[] = [];
    while (done.length < wanted) {
      const body = this.chatBody(messages, prompt, options, wanted - done.length, own + done.length);
      const request = requestId(body);
      const reply = this.replies.find(request) ?? (await this.ask(request, body, signal));
      done.push(...reply.completions.slice(0, wanted - done.length));
    }
    return Array.from({ length: samples }, (_, g) => done[g % wanted] as Completion);
  }

  private chatBody(
    messages: readonly WireMessage[],
    { begun }: Prompt,
    { maxNewTokens, temperature, topP }: SamplingOptions,
    n: number,
    seed: number,
  ): object {
    const { vllm, logProbs } = this.found;
    if (begun !== undefined && !vllm)
      throw this.unable("go on from a given beginning (no server but vLLM is asked to)");
    return {
      model: this.name,
      messages,
      max_tokens: maxNewTokens,
      temperature,
      ...(topP < 1 ? { top_p: topP } : {}),
      ...(n > 1 ? { n } : {}),
      ...(temperature > 0 ? { seed } : {}),
      ...(logProbs ? { logprobs: true } : {}),
      ...(vllm ? { return_token_ids: true } : {}),
      ...(begun === undefined ? {} : { add_generation_prompt: false, continue_final_message: true }),
    };
  }

  private async ask(request: string, body: object, signal: AbortSignal | undefined): Promise<KeptReply> {
    const { value, seconds } = await this.chat(body, signal);
    const { promptTokens, answerTokens } = value;
    const reply = { request, completions: completionsIn(value), promptTokens, answerTokens, seconds };
    this.pay(reply);
    this.withheld.count(reply.completions);
    noteOther(this.server.address, value.model);
    this.replies.keep(reply);
    return reply;
  }

  private async scoresOf({ prompt, tokenIds }: Scored, signal: AbortSignal): Promise<number[]> {
    const end = required(this.found.end, () => this.unable("score given answers"));
    if (tokenIds.length === 0) return [];
    const ended = tokenIds.at(-1) === end;
    const text = (prompt.begun ?? "") + (await this.textBehind(prompt, tokenIds));
    const messages = [...(await wireMessages(prompt)), { role: "assistant", content: text }];
    const body = {
      ...{ model: this.name, messages, max_tokens: 1, temperature: 0, prompt_logprobs: 0, return_token_ids: true },
      ...{ add_generation_prompt: false, continue_final_message: !ended },
    };
    const { value, seconds } = await this.chat(body, signal);
    this.pay({ ...value, seconds });
    return this.tailOf(value, tokenIds);
  }

  /** The text of some tokens as it stands behind what a prompt has begun: a space before it is theirs. */
  private async textBehind({ begun }: Prompt, tokenIds: readonly number[]): Promise<string> {
    if (begun === undefined || begun === "") return this.decode(tokenIds);
    const before = (await this.encodeCompletion(begun)).slice(0, -1);
    return (await this.decode([...before, ...tokenIds])).slice((await this.decode(before)).length);
  }

  /** The log-probs at the end of a prompt that are those of the given tokens. */
  private tailOf({ promptTokenIds, promptLogProbs }: Chat, tokenIds: readonly number[]): number[] {
    const [ids, scores] = [promptTokenIds ?? [], promptLogProbs ?? []];
    for (let behind = 0; behind <= MOST_BEHIND; behind++) {
      const from = ids.length - behind - tokenIds.length;
      if (from < 1 || !tokenIds.every((id, i) => ids[from + i] === id)) continue;
      return tokenIds.map((id, i) => {
        const score = scores[from + i]?.[String(id)]?.logprob;
        return required(score, () => this.unable(`give the log-prob of the token ${id} of a given answer`));
      });
    }
    const remedy =
      "Answers that it sampled itself at a low temperature are read as they were written; score others with a model in process.";
    throw new LabError("its tokenizer splits the text of a given answer into other tokens than were given", remedy, { subject: this.server.address.shown }); // prettier-ignore
  }

  private async stateOf(prompt: Prompt, pool: HiddenStateOptions["pool"], signal: AbortSignal): Promise<Float32Array> {
    const { imageToken } = this.found;
    if (imageToken === undefined || prompt.begun !== undefined)
      throw this.unable("show the hidden states of this prompt");
    const messages = await wireMessages(prompt);
    const { root } = this.server.address;
    const body = poolingBody(this.name, messages);
    const { value: states, seconds } = await this.server.ask(`${root}/pooling`, { body, schema: statesSchema, signal });
    this.pay({ promptTokens: states.length, answerTokens: 0, seconds });
    if (pool === "last") return Float32Array.from(states.at(-1) ?? []);
    if (pool === "mean") return mean(states);
    const asked = { model: this.name, messages, add_generation_prompt: true };
    const { value: tokens } = await this.server.ask(`${root}/tokenize`, { body: asked, schema: tokensSchema, signal });
    return mean(states.filter((_, i) => tokens[i] === imageToken));
  }

  private async conversation(prompt: Prompt): Promise<WireMessage[]> {
    const messages = await wireMessages(prompt);
    return prompt.begun === undefined ? messages : [...messages, { role: "assistant", content: prompt.begun }];
  }

  private chat(body: object, signal: AbortSignal | undefined): Promise<{ value: Chat; seconds: number }> {
    return this.server.ask(`${this.server.address.api}/chat/completions`, { body, schema: chatSchema, signal });
  }

  private pay({
    promptTokens,
    answerTokens,
    seconds,
  }: Pick<KeptReply, "promptTokens" | "answerTokens" | "seconds">): void {
    const { spent } = this;
    this.spent = {
      requests: spent.requests + 1,
      promptTokens: spent.promptTokens + promptTokens,
      answerTokens: spent.answerTokens + answerTokens,
      seconds: spent.seconds + seconds,
    };
  }

  private unable(what: string): LabError {
    const remedy = "Take a server that can (docs/served.md), or a model in process.";
    return new LabError(`is served by ${this.found.by}, which cannot ${what}`, remedy, {
      subject: this.server.address.shown,
    });
  }
}

/** Tokens that a chat template may write behind an answer's end, such as a line feed. */
const MOST_BEHIND = 4;

function completionsIn({ choices, answerTokens }: Chat): Completion[] {
  return choices.map(({ text, finish, withheld, tokenIds, logProbs }) => {
    const less = withheld === null ? {} : { withheld };
    const told = { tokenIds: tokenIds ?? [], text, logProbs: logProbs ?? [], finish, ...less };
    if (tokenIds !== null) return told;
    // the log-probs tell how many there are; without them the sum is that of all answers
    return { ...told, length: logProbs?.length ?? Math.round(answerTokens / choices.length) };
  });
}

function mean(rows: readonly (readonly number[])[]): Float32Array {
  const sum = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) row.forEach((value, i) => (sum[i] = (sum[i] ?? 0) + value));
  return Float32Array.from(sum, (value) => value / rows.length);
}
