import { z } from "zod";
import { printableLine } from "../../core/printable";
import { withoutSecret } from "../../core/secret";
import type { Address } from "./address";
import { keyVariable } from "./key";

/** `{error: {message}}`, or `{error}` alone: what some servers, and proxies before them, also send with the status of a good answer. */
const saidErrorSchema = z
  .object({ error: z.union([z.string(), z.object({ message: z.string() }).transform(({ message }) => message)]) })
  .transform(({ error }) => error);
/** How the servers word their errors: so, or as `{message}` of older vLLM, or `{detail}` of FastAPI. */
const errorSchema = z.union([
  saidErrorSchema,
  z.object({ message: z.string() }).transform(({ message }) => message),
  z.object({ detail: z.union([z.string(), z.array(z.unknown())]) }).transform(({ detail }) => typeof detail === "string" ? detail : JSON.stringify(detail)), // prettier-ignore
]);
const LONGEST = 400;

/** What a server says of an error, on one line, without the key, which some repeat. */
export function wordsOf(text: string, key: string): string {
  let words = text;
  try {
    words = errorSchema.safeParse(JSON.parse(text)).data ?? text;
  } catch {
    // no JSON: a page of a proxy, or plain text
  }
  return quoted(withoutSecret(words, key, 1), LONGEST);
}

/** An error that came with the status of a good answer; `undefined` where there is none. */
export function errorIn(json: unknown, key: string): string | undefined {
  const words = saidErrorSchema.safeParse(json).data;
  return words === undefined ? undefined : quoted(withoutSecret(words, key, 1), LONGEST);
}

/** The beginning of what a server said, on one line, in quotation marks. */
export function quoted(words: string, longest: number): string {
  const shown = printableLine(words).trim();
  if (shown === "") return "without a word";
  return `"${shown.length > longest ? `${shown.slice(0, longest)} …` : shown}"`;
}

/** Whether an error may pass by itself: too many requests, a server that is starting, overloaded or broken. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501);
}

/** An error that does not pass, and what to do about it. @param keyed whether a key was given */
export function refusal(
  status: number,
  words: string,
  { model, host }: Address,
  keyed: boolean,
): { reason: string; remedy: string } {
  const told = (what: string): string => `${what} (${status}, ${words})`;
  switch (status) {
    case 401:
    case 403: {
      const reason = told(keyed ? "does not accept the key" : "wants a key, and none was given");
      const remedy = `Set the environment variable ${keyVariable(host)} to the server's key, or FINE_R1_API_KEY where no other server is asked.`;
      return { reason, remedy };
    }
    case 404:
      return {
        reason: told(`knows no such path or model as "${model}"`),
        remedy: "Check the address: most end in /v1.",
      };
    case 413:
      return { reason: told("finds the request too large"), remedy: "Show smaller or fewer pictures." };
    default:
      return { reason: told("refuses the request"), remedy: "Its own words say what it misses; docs/served.md has the options of servers." }; // prettier-ignore
  }
}
