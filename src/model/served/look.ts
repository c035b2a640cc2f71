import * as path from "node:path";
import { LabError } from "../../core/errors";
import { didYouMean } from "../../core/similar";
import { digest } from "../../store/key";
import type { Capability, Seen } from "../contract";
import { parseAddress, type Address } from "./address";
import { wireMessages, type WireMessage } from "./messages";
import {
  chatSchema,
  modelsSchema,
  statesSchema,
  tokensSchema,
  versionSchema,
  type Chat,
  type ModelCard,
} from "./schema";
import { Refusal, Server, Unanswered, type Patience, type Reply, type Request } from "./server";

/** What was found out about a served model. */
export interface Found extends Seen {
  /** Whether it is vLLM: only that is asked for what the API does not have (token ids, log-probs of prompts, pooling). */
  readonly vllm: boolean;
  /** Whether answers come with log-probs. */
  readonly logProbs: boolean;
  /** The token that ends an answer; `undefined` where no tokens are told. */
  readonly end: number | undefined;
  /** The token that stands for a part of a picture; known where hidden states are. */
  readonly imageToken: number | undefined;
}

/** One try and one more: a wrong address should be told at once, and a hiccup not at all. */
const IMPATIENT: Patience = { attempts: 2, firstMs: 200, longestMs: 200, longestAskedMs: 10_000 };
/** For each try of what takes no computing. What does may have to load the model first: that has FINE_R1_SERVED_SECONDS. */
const SECONDS = 15;
const SIDE = 112;
const GREY = { width: SIDE, height: SIDE, data: new Uint8Array(SIDE * SIDE * 3).fill(128) };

/**
 * Finds out what is served at an address and what it can do, by a few requests for one token about a small grey picture.
 * @throws LabError when nobody answers, the key is not accepted, or the model is not served there, with those that are; the signal's reason
 */
export async function lookAtServer(where: string, signal?: AbortSignal): Promise<Found> {
  const address = parseAddress(where);
  const server = new Server(address, IMPATIENT);
  try {
    return await new Look(server, signal).found();
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    throw new LabError(`cannot be reached: ${error.reason}`, "Start the server, or correct the address (docs/served.md).", { subject: address.shown, cause: error }); // prettier-ignore
  } finally {
    server.close();
  }
}

class Look {
  private readonly address: Address;

  constructor(
    private readonly server: Server,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.address = server.address;
  }

  async found(): Promise<Found> {
    const card = await this.card();
    const vllm = card.ownedBy === "vllm";
    const by = await this.maker(card);
    const fingerprint = fingerprintOf(card);
    const messages = await wireMessages({
      messages: [{ role: "user", content: "<image>What is this?" }],
      images: [GREY],
    });
    const chat = await this.chat(messages, vllm);
    if ("words" in chat) {
      const pooled = vllm ? await this.pooling(messages) : { words: "no server but vLLM is asked for them" };
      const lacks = { generate: chat.words, goOn: chat.words, score: chat.words, everyLayer: LAST_ONLY };
      const shared = { fingerprint, by, vllm, logProbs: false, end: undefined };
      if ("words" in pooled)
        return { ...shared, can: [], lacks: { ...lacks, hiddenStates: pooled.words }, imageToken: undefined };
      return { ...shared, can: ["hiddenStates"], lacks, imageToken: pooled.imageToken };
    }
    const scored = await this.scoring(messages, chat.first);
    const can: Capability[] = ["generate", ...("words" in scored ? [] : (["goOn", "score"] as const))];
    const lacks = {
      ...("words" in scored ? { goOn: scored.words, score: scored.words } : {}),
      hiddenStates: vllm ? "it was started to write answers: `vllm serve … --runner pooling` gives them" : "no server but vLLM is asked for them", // prettier-ignore
      everyLayer: LAST_ONLY,
    };
    const { logProbs } = chat;
    const end = "words" in scored ? undefined : scored.end;
    return { fingerprint, by, can, lacks, vllm, logProbs, end, imageToken: undefined };
  }

  private ask<T>(url: string, request: Request<T>): Promise<Reply<T>> {
    return this.server.ask(url, { ...request, signal: this.signal });
  }

  private async card(): Promise<ModelCard> {
    const { value: cards } = await this.ask(`${this.address.api}/models`, { schema: modelsSchema, seconds: SECONDS });
    const card = cards.find(({ id }) => id === this.address.model);
    if (card !== undefined) return card;
    const names = cards.map(({ id }) => id);
    const served = names.length === 0 ? "no model" : names.join(", ");
    throw new LabError(`is not served there, but ${served}`, `${didYouMean(this.address.model, names)}Name what is served behind the #.`, { subject: this.address.shown }); // prettier-ignore
  }

  /** Who serves it, with a version where one is told. */
  private async maker({ ownedBy }: ModelCard): Promise<string> {
    const name =
      { vllm: "vLLM", sglang: "SGLang", llamacpp: "llama.cpp" }[ownedBy] ?? "a server that does not say which it is";
    try {
      const { value } = await this.ask(`${this.address.root}/version`, { schema: versionSchema, seconds: SECONDS });
      return `${name} ${value}`;
    } catch {
      this.signal?.throwIfAborted();
      return name; // only vLLM has that path
    }
  }

  /** One token about the picture; where the server refuses log-probs, without. */
  private async chat(
    messages: readonly WireMessage[],
    vllm: boolean,
  ): Promise<{ readonly first: Chat; readonly logProbs: boolean } | { readonly words: string }> {
    const plain = { messages, temperature: 0 };
    const full = await this.one({ ...plain, logprobs: true, ...(vllm ? { return_token_ids: true } : {}) });
    const first = "words" in full ? await this.one(plain) : full;
    return "words" in first ? first : { first, logProbs: (first.choices[0]?.logProbs ?? null) !== null };
  }

  /** A chat for one token. */
  private async one(body: object): Promise<Chat | { readonly words: string }> {
    const url = `${this.address.api}/chat/completions`;
    try {
      return (await this.ask(url, { body: { model: this.address.model, max_tokens: 1, ...body }, schema: chatSchema }))
        .value;
    } catch (error) {
      return { words: refused(error) };
    }
  }

  /**
   * Whether given answers can be scored: the template must write them behind the very tokens that an answer is asked for with, and
   * end them with a token of its own.
   */
  private async scoring(
    messages: readonly WireMessage[],
    { choices: [choice], promptTokenIds: asked }: Chat,
  ): Promise<{ readonly end: number } | { readonly words: string }> {
    if (asked === null || (choice?.tokenIds ?? null) === null) return { words: "it does not tell tokens" };
    const answered = [...messages, { role: "assistant", content: choice?.text.trim() || "a" }];
    const prompts: (readonly number[])[] = [];
    for (const open of [true, false]) {
      const how = {
        add_generation_prompt: false,
        continue_final_message: open,
        prompt_logprobs: 0,
        return_token_ids: true,
      };
      const scored = await this.one({ messages: answered, temperature: 0, ...how });
      if ("words" in scored) return scored;
      if (scored.promptLogProbs === null || scored.promptTokenIds === null)
        return { words: "it gives no log-probs of prompts" };
      prompts.push(scored.promptTokenIds);
    }
    const [begun = [], whole = []] = prompts;
    const end = whole[begun.length];
    const goesOn = begun.length > asked.length && startsWith(begun, asked) && startsWith(whole, begun);
    if (goesOn && end !== undefined) return { end };
    return { words: "its chat template writes a given answer otherwise than it asks for one" };
  }

  private async pooling(
    messages: readonly WireMessage[],
  ): Promise<{ readonly imageToken: number } | { readonly words: string }> {
    const { model, root } = this.address;
    try {
      const body = poolingBody(model, messages);
      const { value: states } = await this.ask(`${root}/pooling`, { body, schema: statesSchema });
      const asked = { model, messages, add_generation_prompt: true };
      const { value: tokens } = await this.ask(`${root}/tokenize`, { body: asked, schema: tokensSchema });
      if (tokens.length !== states.length)
        return { words: `it gives ${states.length} states for ${tokens.length} tokens` };
      return { imageToken: commonest(tokens) };
    } catch (error) {
      return { words: refused(error) };
    }
  }
}

const LAST_ONLY = "a server gives those after its last layer at most";

/** A state for each token, as the last layer leaves them: not scaled to length 1. */
export function poolingBody(model: string, messages: readonly WireMessage[]): object {
  return { model, messages, task: "token_embed", use_activation: false, add_generation_prompt: true };
}

/** The server's words about a request that it refuses. @throws any other error */
function refused(error: unknown): string {
  if (error instanceof Refusal && error.status !== 401 && error.status !== 403) return error.words;
  throw error;
}

function startsWith(ids: readonly number[], beginning: readonly number[]): boolean {
  return beginning.every((id, i) => id === ids[i]);
}

/** The token that stands most often in a prompt about a picture: one of its parts. */
function commonest(tokens: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const id of tokens) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best), [0, 0])[0];
}

/** What is served, and not where: of a folder its name alone. */
function fingerprintOf({ id, root, maxModelLen }: ModelCard): string {
  return digest({ served: id, root: root !== null && path.isAbsolute(root) ? path.basename(root) : root, maxModelLen });
}
