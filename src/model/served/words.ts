import { z } from "zod";
import { printableLine } from "../../core/printable";
import type { Address } from "./address";
import { keyVariable } from "./key";

/** How the servers word their errors: `{error: {message}}`, `{message}` of older vLLM, `{detail}` of FastAPI. */
const errorSchema = z.union([
  z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message),
  z.object({ error: z.string() }).transform(({ error }) => error),
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
  const shown = printableLine(key === "" ? words : words.replaceAll(key, "(the key)")).trim();
  if (shown === "") return "without a word";
  return `"${shown.length > LONGEST ? `${shown.slice(0, LONGEST)} …` : shown}"`;
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
