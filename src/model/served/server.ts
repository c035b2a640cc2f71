import type { z } from "zod";
import { LabError, messageOf } from "../../core/errors";
import { send, type RawReply } from "../../core/http";
import { limit } from "../../core/limits";
import { hashText, Random } from "../../core/random";
import { withoutSecret } from "../../core/secret";
import type { Address } from "./address";
import { Gate, pause } from "./gate";
import { keyFor } from "./key";
import { errorIn, isTransient, quoted, refusal, wordsOf } from "./words";

/** How long a server that fails is borne with. */
export interface Patience {
  /** How often a request is sent before it is given up. */
  readonly attempts: number;
  /** The first pause; each is twice as long as the one before, and all are shortened at random by up to a half. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** A server that asks for a longer pause (Retry-After) is given up. */
  readonly longestAskedMs: number;
}

/** Pauses of a minute and a half to three in all: a server may be started anew in that time. */
const PATIENT: Patience = { attempts: 10, firstMs: 500, longestMs: 60_000, longestAskedMs: Infinity };
/** No pause that is asked for is kept for longer. */
const LONGEST_PAUSE_MS = 300_000;
/** How often an answer is asked for that comes whole and is no JSON: it would be no other the third time. */
const GARBLED_ATTEMPTS = 2;

export interface Request<T> {
  /** JSON to be posted; without it the request is a GET. */
  readonly body?: object;
  /** What a good reply is. */
  readonly schema: z.ZodType<T>;
  readonly signal?: AbortSignal | undefined;
  /** How long it is waited for, where that is shorter than FINE_R1_SERVED_SECONDS. */
  readonly seconds?: number;
}

/** What came of a request: a value; or why it may be sent again, and not before when; `garbled`: the error, should that be so again. */
type Outcome<T> =
  { readonly value: T } | { readonly failed: string; readonly askedMs?: number; readonly garbled?: LabError };

export interface Reply<T> {
  readonly value: T;
  /** How long it was waited for, pauses and repetitions included, but not the wait for a lane. */
  readonly seconds: number;
}

/** An error that the server told in a reply, for whoever asks what it can do. */
export class Refusal extends LabError {
  constructor(
    readonly status: number,
    /** The server's own words. */
    readonly words: string,
    address: Address,
    keyed: boolean,
  ) {
    const { reason, remedy } = refusal(status, words, address, keyed);
    super(reason, remedy, { subject: address.shown });
  }
}

/** The error of a server that failed for longer than is borne with. */
export class Unanswered extends LabError {}

/**
 * A server, asked by a bounded number of requests at a time. What may pass (429, 5xx, a reset, a timeout, half an answer) is asked again
 * after a pause; when the server names a pause, all requests keep to it. Both hold for all who ask it in this process (`Gate`).
 */
export class Server {
  retries = 0;
  private readonly gate: Gate;
  private closed = false;

  constructor(
    readonly address: Address,
    private readonly patience: Patience = PATIENT,
  ) {
    this.gate = Gate.to(address.api);
  }

  /** Requests at a time. */
  get lanes(): number {
    return this.gate.lanes;
  }

  /** @throws Refusal with the server's words; LabError when it fails for longer than is borne with; the signal's reason */
  async ask<T>(url: string, request: Request<T>): Promise<Reply<T>> {
    const { body, signal } = request;
    await this.gate.enter(signal);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const began = performance.now();
    let garbled = 0;
    try {
      for (let attempt = 1; ; attempt++) {
        await this.gate.quiet(signal);
        const outcome = await this.once(url, text, request);
        if ("value" in outcome) return { value: outcome.value, seconds: (performance.now() - began) / 1000 };
        if (outcome.garbled !== undefined && ++garbled >= GARBLED_ATTEMPTS) throw outcome.garbled;
        const { attempts, longestAskedMs } = this.patience;
        const { askedMs = 0, failed } = outcome;
        if (attempt >= attempts || askedMs > longestAskedMs) throw this.givenUp(failed, attempt);
        this.retries++;
        this.gate.keepQuiet(Math.min(askedMs, LONGEST_PAUSE_MS));
        await pause(this.pauseBefore(attempt, text ?? url), signal);
      }
    } finally {
      this.gate.leave();
    }
  }

  close(): void {
    if (!this.closed) this.gate.close();
    this.closed = true;
  }

  private async once<T>(url: string, body: string | undefined, request: Request<T>): Promise<Outcome<T>> {
    const { schema, signal, seconds = Infinity } = request;
    const key = keyFor(this.address.host);
    const headers = {
      ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const method = body === undefined ? "GET" : "POST";
    const timeoutMs = 1000 * Math.min(seconds, limit("FINE_R1_SERVED_SECONDS"));
    let raw: RawReply;
    try {
      raw = await send(url, { method, body, headers, timeoutMs, signal, agent: this.gate.agent });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof LabError) throw error; // too long: it would be so again
      return { failed: messageOf(error) };
    }
    // nothing is read of a reply before: what it says may be kept, and shown
    return this.read({ ...raw, text: withoutSecret(raw.text, key) }, key, schema);
  }

  /** @throws Refusal; LabError for what is no answer of this API */
  private read<T>({ status, text, retryAfter, whole }: RawReply, key: string, schema: z.ZodType<T>): Outcome<T> {
    const words = (): string => wordsOf(text, key);
    const foreign = (what: string): LabError => this.foreign(withoutSecret(what, key, 1));
    if (isTransient(status)) return { failed: `${status}, ${words()}`, askedMs: askedPause(retryAfter) };
    if (status < 200 || status > 299) throw new Refusal(status, words(), this.address, key !== "");
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      if (!whole) return { failed: "half an answer" };
      const failed = `no JSON: ${messageOf(error)}; it begins ${quoted(text, 80)}`;
      return { failed, garbled: foreign(failed) };
    }
    const good = schema.safeParse(json);
    if (good.success) return { value: good.data };
    const error = errorIn(json, key);
    if (error !== undefined) return { failed: error };
    const [issue] = good.error.issues;
    throw foreign(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
  }

  private foreign(what: string): LabError {
    const remedy = "Check the address: the API's root ends in /v1 with most servers.";
    return new LabError(`gave an answer that is none of this API (${what})`, remedy, { subject: this.address.shown });
  }

  /** The pause after so many tries in vain. Different requests wait differently long, the same one always the same. */
  private pauseBefore(attempt: number, text: string): number {
    const { firstMs, longestMs } = this.patience;
    const longest = Math.min(longestMs, firstMs * 2 ** (attempt - 1));
    return longest * new Random(hashText(text)).fork(attempt).uniform(0.5, 1);
  }

  private givenUp(failed: string, attempts: number): Unanswered {
    const remedy = "See whether the server runs, and give the same command again: what was answered is kept.";
    const times = attempts === 1 ? "" : ` ${attempts} times`;
    return new Unanswered(`did not answer${times}; at last: ${failed}`, remedy, { subject: this.address.shown });
  }
}

/** Milliseconds of a Retry-After header: seconds, or a date. */
function askedPause(header: string | undefined): number {
  if (header === undefined) return 0;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? 1000 * seconds : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
