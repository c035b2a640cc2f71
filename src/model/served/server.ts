import type { z } from "zod";
import { LabError, messageOf } from "../../core/errors";
import { send, type RawReply } from "../../core/http";
import { limit } from "../../core/limits";
import { hashText, Random } from "../../core/random";
import type { Address } from "./address";
import { Gate, pause } from "./gate";
import { keyFor } from "./key";
import { isTransient, refusal, wordsOf } from "./words";

/** How long a server that fails is borne with. */
export interface Patience {
  /** How often a request is sent before it is given up. */
  readonly attempts: number;
  /** The first pause; each is twice as long as the one before, and all are shortened at random by up to a half. */
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Pauses of a minute and a half to three in all: a server may be started anew in that time. */
export const PATIENT: Patience = { attempts: 10, firstMs: 500, longestMs: 60_000 };
/** A server that asks for a longer pause than this (Retry-After) is not waited for any longer. */
const LONGEST_ASKED_MS = 300_000;

export interface Request<T> {
  /** JSON to be posted; without it the request is a GET. */
  readonly body?: object;
  /** What a good reply is. */
  readonly schema: z.ZodType<T>;
  readonly signal?: AbortSignal | undefined;
}

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
  async ask<T>(url: string, { body, schema, signal }: Request<T>): Promise<Reply<T>> {
    await this.gate.enter(signal);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const began = performance.now();
    try {
      for (let attempt = 1; ; attempt++) {
        await this.gate.quiet(signal);
        const outcome = await this.once(url, text, schema, signal);
        if ("value" in outcome) return { value: outcome.value, seconds: (performance.now() - began) / 1000 };
        if (attempt >= this.patience.attempts) throw this.givenUp(outcome.failed, attempt);
        this.retries++;
        this.gate.keepQuiet(outcome.askedMs);
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

  private async once<T>(
    url: string,
    body: string | undefined,
    schema: z.ZodType<T>,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly value: T } | { readonly failed: string; readonly askedMs: number }> {
    let raw: RawReply;
    const key = keyFor(this.address.host);
    const headers = {
      ...(key === "" ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const method = body === undefined ? "GET" : "POST";
    const timeoutMs = 1000 * limit("FINE_R1_SERVED_SECONDS");
    try {
      raw = await send(url, { method, body, headers, timeoutMs, signal, agent: this.gate.agent });
    } catch (error) {
      signal?.throwIfAborted();
      return { failed: messageOf(error), askedMs: 0 };
    }
    const words = (): string => wordsOf(raw.text, key);
    if (isTransient(raw.status)) return { failed: `${raw.status}, ${words()}`, askedMs: askedPause(raw.retryAfter) };
    if (raw.status < 200 || raw.status > 299) throw new Refusal(raw.status, words(), this.address, key !== "");
    const json = parsed(raw.text);
    if (json === undefined) return { failed: "half an answer, or none that is JSON", askedMs: 0 };
    const good = schema.safeParse(json);
    if (good.success) return { value: good.data };
    const [issue] = good.error.issues;
    const reason = `gave an answer that is none of this API (${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""})`;
    throw new LabError(reason, "Check the address: the API's root ends in /v1 with most servers.", { subject: this.address.shown }); // prettier-ignore
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

/** @returns `undefined` for what is no JSON, as an answer that broke off is */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Milliseconds of a Retry-After header: seconds, or a date. */
function askedPause(header: string | undefined): number {
  if (header === undefined) return 0;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? 1000 * seconds : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.min(LONGEST_ASKED_MS, Math.max(0, ms)) : 0;
}
